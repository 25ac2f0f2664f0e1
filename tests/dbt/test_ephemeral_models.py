"""Ephemeral models are written into the queries of their readers as dbt itself would, without its price."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from types import SimpleNamespace

import dbt.compilation
import pytest
from dbt.plugins.manager import PluginManager

import dbt_mercurios

MODELS = Path(__file__).resolve().parents[2] / "include" / "dbt" / "models"
STEPS = [SimpleNamespace(sql=f" __dbt__cte__{name} as (\nselect 1 as with_n\n)") for name in ("a", "b")]


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "\n  select 1 from t -- with",
        "with t as (select 1) select * from t",
        "\n\nWITH\n\n  t as (select 1), u as (with v as (select 2) select * from v)\nselect * from u",
        "with recursive t as (select 1) select * from t",
        "-- with\n/* with\n */ with t as (select 1) select * from t",
        "-- of the week\nselect * from (with t as (select 1) select * from t)",
        "/* with */ select 1",
        "(with t as (select 1) select * from t)",
        "with_t",
    ],
)
def test_steps_are_written_where_dbt_writes_them(query):
    assert dbt_mercurios.with_steps(query, STEPS) == dbt_mercurios.dbts_own(query, STEPS)


def test_the_projects_own_models_come_out_as_of_dbt():
    """Every eighth of them, without what Jinja makes of it, since dbt takes its time."""
    models = sorted(MODELS.rglob("*.sql"))[::8]
    queries = [re.sub(r"(?s)\{[{%#].*?[}%#]\}", "", path.read_text(encoding="utf-8")) for path in models]

    written = [dbt_mercurios.with_steps(query, STEPS) for query in queries]

    assert written == [dbt_mercurios.dbts_own(query, STEPS) for query in queries]
    assert len(queries) > 20


def test_a_query_without_steps_stays_as_it_is():
    assert dbt_mercurios.with_steps("select 1", []) == "select 1"


def test_dbt_loads_the_faster_way_by_itself():
    found = [module.name for module in pkgutil.iter_modules()]

    assert "dbt_mercurios" in found
    assert "dbt_mercurios".startswith(PluginManager.PLUGIN_MODULE_PREFIX)
    assert dbt.compilation.inject_ctes_into_sql is dbt_mercurios.with_steps
