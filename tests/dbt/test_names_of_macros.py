"""dbt's nodes see the same macros as without `dbt_mercurios.py`."""

from __future__ import annotations

from typing import Any

from dbt.context.macros import MacroNamespace

import dbt_mercurios


def test_a_name_in_several_places_is_that_of_the_first() -> None:
    places: dict[str, Any] = {
        "local_namespace": {"a": 1},
        "global_namespace": {"a": 2, "b": 2},
        "packages": {"a": 3, "b": 3, "mercurios": {"a": 1}},
        "global_project_namespace": {"a": 4, "b": 4, "dbt": 4, "e": 4},
    }
    namespace = MacroNamespace(**places)

    names = dbt_mercurios.named(namespace)

    assert names == dict(namespace)
    assert names == {"a": 1, "b": 2, "mercurios": {"a": 1}, "dbt": places["global_project_namespace"], "e": 4}
