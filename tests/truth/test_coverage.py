"""Every published column is compared with an independent truth by a test that `columns.yaml` names, or says why not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from mentions import named_tests
from warehouse_tests import names

from mercurios.warehouse.marts import MANIFEST, declared

HERE = Path(__file__).parent
TESTS = names()
Table = dict[str, dict[str, dict[str, list[str]]]]
"""By mart: the columns that each test compares, and by the reason those that none does or only of a played shop."""


@pytest.fixture(scope="module")
def table() -> Table:
    return load()


@pytest.fixture(scope="module")
def published() -> dict[str, set[str]]:
    return published_columns()


def load() -> Table:
    """Return the table, with what a mart leaves out as empty."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "columns.yaml").read_text(encoding="utf-8"))
    empty: dict[str, Any] = {"compared": {}, "not compared": {}, "played only": {}}
    return {mart: empty | parts for mart, parts in found.items()}


def published_columns() -> dict[str, set[str]]:
    """Return the columns of every mart, those of the forecast among them."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    tables = {**manifest["nodes"], **manifest["sources"]}.values()
    marts = declared()
    found: dict[str, set[str]] = {}
    for table in tables:
        if table["resource_type"] == "source":
            is_mart = table["schema"] == "analytics"
        else:
            is_mart = table["resource_type"] == "model" and table["name"] in marts
        if is_mart:
            found[table["name"]] = set(table["columns"])
    return found


def listed(parts: dict[str, dict[str, list[str]]]) -> Counter[str]:
    """Return how often each column of a mart is in the table."""
    return Counter(column for part in parts.values() for columns in part.values() for column in columns)


def test_every_published_column_is_in_the_table(table: Table, published: dict[str, set[str]]) -> None:
    missing = {mart: columns - listed(table.get(mart, {})).keys() for mart, columns in published.items()}

    assert {mart: columns for mart, columns in missing.items() if columns} == {}


def test_the_table_names_no_column_that_is_not_published(
    table: Table, published: dict[str, set[str]]
) -> None:
    strange = {mart: listed(parts).keys() - published.get(mart, set()) for mart, parts in table.items()}

    assert {mart: columns for mart, columns in strange.items() if columns or mart not in published} == {}


def test_every_compared_column_is_so_for_warehouses_too_or_says_why_not(table: Table) -> None:
    """Warehouses are compared by the tests that `of_warehouse.py` names."""
    wrong = []
    for mart, parts in table.items():
        compared = {column for columns in parts["compared"].values() for column in columns}
        of_any = {column for name in TESTS for column in parts["compared"].get(name, [])}
        left_out = [column for columns in parts["played only"].values() for column in columns]
        wrong += [f"{mart}.{column} has no reason" for column in sorted(compared - of_any - set(left_out))]
        wrong += [f"{mart}.{column} is compared" for column in left_out if column not in compared - of_any]

    assert wrong == []


def test_every_test_of_warehouses_is_there() -> None:
    assert TESTS - named_tests(HERE).keys() == set()


def test_no_column_is_both_compared_and_not(table: Table) -> None:
    for mart, parts in table.items():
        compared = {column for columns in parts["compared"].values() for column in columns}
        left_out = [column for columns in parts["not compared"].values() for column in columns]
        assert not compared.intersection(left_out), mart
        assert len(left_out) == len(set(left_out)), mart


def test_every_named_test_is_there_and_names_its_mart_and_columns(table: Table) -> None:
    tests = named_tests(HERE)
    wrong = []
    for mart, parts in table.items():
        for name, columns in parts["compared"].items():
            if name not in tests:
                wrong.append(f"{mart}: there is no {name}")
                continue
            unnamed = [column for column in (mart, *columns) if column not in tests[name].words]
            wrong += [f"{name} says nothing of {mart}.{column}" for column in unnamed]

    assert wrong == []


def test_every_reason_is_a_sentence_or_more(table: Table) -> None:
    reasons = {
        reason
        for parts in table.values()
        for kind in ("not compared", "played only")
        for reason in parts[kind]
    }

    assert all(len(reason.split()) > 3 for reason in reasons)


def main() -> None:
    """Print how many published columns are compared."""
    compared = sum(
        len({column for columns in parts["compared"].values() for column in columns})
        for parts in load().values()
    )
    print(f"{compared} of {sum(map(len, published_columns().values()))} published columns are compared")


if __name__ == "__main__":
    main()
