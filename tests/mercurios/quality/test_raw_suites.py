"""The suite of a RAW table follows from its declaration, whatever the source."""

from __future__ import annotations

import pytest

from mercurios.quality.checks import History, Severity
from mercurios.quality.raw_suites import raw_suite
from mercurios.sources.contract import Resource, columns_of
from mercurios.sources.registry import every_resource


def _till(**codes: tuple[int, ...]) -> Resource:
    return Resource("till", "till", columns_of("id number:int kind:int"), "masters", codes=codes)


def _sets(resource: Resource) -> dict[str, tuple[list[object], Severity]]:
    checks = raw_suite(resource, "mini", History()).checks
    sets = [check for check in checks if check.expectation == "ExpectColumnValuesToBeInSet"]
    return {check.arguments["column"]: (check.arguments["value_set"], check.severity) for check in sets}


def test_an_undeclared_code_warns_and_another_tenants_row_stops() -> None:
    assert _sets(_till(kind=(1, 2))) == {
        "tenant_id": (["mini"], Severity.CRITICAL),
        "kind": ([1, 2], Severity.WARNING),
    }


def test_a_column_without_codes_may_hold_any_value() -> None:
    assert _sets(_till()).keys() == {"tenant_id"}


def test_codes_of_a_column_that_is_not_kept_are_refused() -> None:
    with pytest.raises(KeyError, match="till keeps no column 'colour'"):
        _till(colour=(1,))


def test_the_codes_of_recorded_responses_are_declared() -> None:
    declared = {name: dict(each.codes) for name, each in every_resource().items() if each.codes}

    assert declared == {
        "sale": {"type": (0, 1, 2, 3)},
        "invoice": {"status": (1, 100, 101)},
        "payment": {"status": (0, 100)},
        "voucher": {"status": (0, 1)},
    }
