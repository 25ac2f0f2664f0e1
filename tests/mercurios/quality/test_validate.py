"""Outcomes of a suite: how a finding is worded, which rows are shown for it, and values as JSON knows them."""

from __future__ import annotations

import sqlite3
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import dialects

from mercurios.quality.checks import Check, Severity, Suite
from mercurios.quality.expectations import (
    at_least,
    columns_present,
    fact_at_least,
    fact_at_most,
    in_set,
    not_null,
    ordered,
)
from mercurios.quality.validate import Outcome, fact_outcome, plain, validate, validate_in_session


def suite_of(*checks: Check, personal: bool = False) -> Suite:
    return Suite("raw", "sale", ("id",), checks, personal=personal)


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["e", "d", "c", "b", "a"],
            "units": [1.0, -1.0, -2.0, -3.0, -4.0],
            "low": [1, 5, 1, 6, 1],
            "high": [2, 3, 3, 4, 1],
        }
    )


def test_a_finding_about_rows_counts_them_and_shows_the_keys_of_three_in_order(
    rows: pd.DataFrame,
) -> None:
    [found] = validate(suite_of(at_least("units", 0)), "rows", rows)

    assert (found.success, found.failing, found.observed) == (False, 4, "4 of 5 rows")
    # The library names three values; the rows that hold them are shown by key.
    assert found.examples == [{"id": "b"}, {"id": "c"}, {"id": "d"}]
    assert str(found).startswith(
        "raw.sale: expect_column_values_to_be_between on units: 4 of 5 rows, for example ["
    )


def test_a_finding_about_two_columns_shows_keys_and_no_values(rows: pd.DataFrame) -> None:
    [found] = validate(suite_of(ordered("low", "high")), "rows", rows)

    assert (found.failing, found.examples) == (2, [{"id": "b"}, {"id": "d"}])


def test_a_repeated_key_shows_every_row_that_has_it(rows: pd.DataFrame) -> None:
    unique = Check("ExpectCompoundColumnsToBeUnique", {"column_list": ["low", "high"]})
    rows["high"] = [2, 3, 3, 4, 3]

    [found] = validate(suite_of(unique), "rows", rows)

    assert found.failing == 2
    assert [row["id"] for row in found.examples] == ["a", "c"]


def test_what_holds_has_no_example_and_stops_nothing(rows: pd.DataFrame) -> None:
    [found] = validate(suite_of(not_null("units")), "rows", rows)

    assert (found.success, found.stops, found.failing, tuple(found.examples)) == (True, False, 0, ())


def test_rows_of_persons_are_never_shown(rows: pd.DataFrame) -> None:
    [found] = validate(suite_of(at_least("units", 0), personal=True), "rows", rows)

    assert (found.failing, tuple(found.examples)) == (4, ())


def test_outcomes_come_in_the_order_of_the_suite_and_only_of_the_source_asked_for(rows: pd.DataFrame) -> None:
    checks = (not_null("units"), fact_at_most("rows", 9), in_set("low", [1]), not_null("id"))

    found = validate(suite_of(*checks), "rows", rows)

    assert [(each.column, each.success) for each in found] == [("units", True), ("low", False), ("id", True)]
    assert validate(suite_of(*checks), "columns", rows) == []


@pytest.mark.parametrize(
    ("value", "check", "success", "observed"),
    [
        (3.0, fact_at_most("rows", 3), True, "rows = 3 (at most 3)"),
        (4.0, fact_at_most("rows", 3), False, "rows = 4 (at most 3)"),
        (0.25, fact_at_least("rows", 0.5), False, "rows = 0.25 (at least 0.5)"),
        (
            7.0,
            Check(
                "ExpectColumnValuesToBeBetween",
                {"column": "rows", "min_value": 1, "max_value": 5},
                source="facts",
            ),
            False,
            "rows = 7 (at least 1 and at most 5)",
        ),
        (float("nan"), fact_at_most("rows", 3), True, "rows = none (at most 3)"),
    ],
)
def test_a_finding_about_a_fact_says_value_and_bounds_and_counts_no_rows(
    value: float, check: Check, success: bool, observed: str
) -> None:
    [found] = validate(suite_of(check), "facts", pd.DataFrame({"rows": [value]}))

    assert (found.success, found.observed, found.failing) == (success, observed, None)
    assert tuple(found.examples) == ()


@pytest.mark.parametrize("value", [-1.5, 0.0, 2.0, 2.5, 1e9, float("nan"), None])
@pytest.mark.parametrize("bounds", [{"max_value": 2}, {"min_value": 0}, {"min_value": 0, "max_value": 2}])
def test_a_fact_is_judged_without_the_library_as_with_it(
    value: float | None, bounds: dict[str, float]
) -> None:
    arguments = {"column": "freshness_hours", **bounds}
    check = Check("ExpectColumnValuesToBeBetween", arguments, Severity.WARNING, "facts", "last_change")
    suite = suite_of(check)

    alone = fact_outcome(suite, check, value)

    facts = pd.DataFrame([{"freshness_hours": value}], dtype="float64")
    assert [alone] == validate(suite, "facts", facts)


@pytest.mark.parametrize(
    ("present", "success", "observed"),
    [
        (["id", "units"], True, "2 columns"),
        (["id"], False, "missing columns: units"),
        (["units", "id", "z", "y"], True, "further columns: y, z"),
        (["z"], False, "missing columns: id, units; further columns: z"),
    ],
)
def test_a_finding_about_columns_names_the_missing_and_the_further_ones(
    present: list[str], success: bool, observed: str
) -> None:
    frame = pd.DataFrame(columns=present)

    [found] = validate(suite_of(columns_present(["id", "units"])), "columns", frame)

    assert (found.success, found.observed) == (success, observed)


def test_a_check_that_cannot_be_made_fails_and_says_why_in_one_line(rows: pd.DataFrame) -> None:
    [found] = validate(suite_of(at_least("id", 0)), "rows", rows)

    assert not found.success
    assert found.observed.startswith("not checked: ")
    assert len(found.observed.splitlines()) == 1
    assert tuple(found.examples) == ()


@pytest.mark.parametrize(
    ("success", "severity", "stops"),
    [
        (False, Severity.CRITICAL, True),
        (False, Severity.WARNING, False),
        (True, Severity.CRITICAL, False),
        (True, Severity.WARNING, False),
    ],
)
def test_only_a_critical_failure_stops_a_gate(success: bool, severity: Severity, stops: bool) -> None:
    assert Outcome("raw.sale", "check", None, severity, success, "1 of 2 rows").stops is stops


def test_an_outcome_without_a_column_names_none() -> None:
    outcome = Outcome("raw.sale", "check", None, Severity.WARNING, False, "further columns: z")

    assert str(outcome) == "raw.sale: check: further columns: z"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (float("nan"), None),
        (np.float64("nan"), None),
        (pd.NaT, None),
        (pd.NA, "<NA>"),
        (True, True),
        (0, 0),
        (1.5, 1.5),
        ("", ""),
        (np.int64(7), 7),
        (np.bool_(False), False),
        (np.float32(0.5), 0.5),
        (date(2026, 3, 4), "2026-03-04"),
        (pd.Timestamp("2026-03-04 05:06:07"), "2026-03-04T05:06:07"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_a_value_is_shown_as_json_knows_it(value: Any, expected: object) -> None:
    found = plain(value)

    assert found == expected
    assert type(found) is type(expected)


def test_checks_of_rows_can_be_made_where_the_rows_are_and_the_session_stays_open() -> None:
    """Those that hold have an outcome; about the others the rows themselves have to say more."""
    # SQLite by another name: by its own, the library opens a session of its own.
    dialects.registry.register("rows", "sqlalchemy.dialects.sqlite.pysqlite", "SQLiteDialect_pysqlite")
    session = sqlite3.connect(":memory:")
    session.execute(
        "create table sale as select 1 as id, 5.0 as units union all select 2, null union all select 3, 7.0"
    )
    checks = (
        not_null("id"),
        fact_at_most("rows", 1),
        not_null("units"),
        at_least("id", 1, 3),
        at_least("id", 2),
        Check("ExpectCompoundColumnsToBeUnique", {"column_list": ["id", "units"]}, Severity.WARNING),
    )

    for _ in range(2):
        found = validate_in_session(suite_of(*checks), "rows://", session, "select * from sale")

        assert [each and (each.column, each.observed) for each in found] == [
            ("id", "0 of 3 rows"),
            None,
            ("id", "0 of 3 rows"),
            None,
            ("id, units", "0 of 3 rows"),
        ]
        assert [each.severity for each in found if each] == [
            Severity.CRITICAL,
            Severity.CRITICAL,
            Severity.WARNING,
        ]
        assert session.execute("select count(*) from sale").fetchone() == (3,)
