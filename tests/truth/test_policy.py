"""How each article is ordered: as the tenant file says, else as deliveries taught, else as the manual says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import pytest
from line_kinds import Row
from played import Played
from source_rows import by_number, order_lines, reordered

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

# From the manual's table of what a tenant file leaves open. Packs and minimums are compared in test_actions.py.
DEFAULTS = {
    "service_level": 0.95,
    "review_days": 7,
    "order_cycle_days": 0,
    "minimum_order_value": 0,
    "display_units": 1,
    "transfer_minimum": 2,
    "customers_wait": False,
    "expedite_days": 3,
    "expedite_by_days": 14,
    "action_units": 1,
    "action_value": 25,
    "order_line_value": 25,
    "holding_rate": 0.25,
    "decide_units": 4,
    "budget": None,
}


@pytest.fixture(scope="module")
def policies(played: Played) -> dict[int, Row]:
    rows = played.query("select * from analytics.replenishment_policy")
    return {row["article_number"]: row for row in rows}


def decided(said: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """Return what is said of an article, its own word before its supplier's, its class's and that of all."""
    value = row["value_class"] or ""
    classes = said.get("classes", {})
    return {
        **DEFAULTS,
        "budget": said.get("budget"),
        **said.get("default", {}),
        **classes.get(value, {}),
        **classes.get(f"{value}{row['variability_class']}", {}),
        **said.get("suppliers", {}).get(row["supplier_number"], {}),
        **said.get("articles", {}).get(row["article_number"], {}),
    }


def test_every_article_is_ordered_as_is_decided_and_else_as_the_manual_says(
    played: Played, policies: dict[int, Row]
) -> None:
    articles, again = by_number(played.rows["article"]), reordered(played)
    said = played.decided.get("replenishment", {})

    assert policies.keys() == articles.keys()
    played.shows({row["service_level"] for row in policies.values()} == {0.95, 0.9, 0.8, 0.97, 0.6})
    played.shows({row["customers_wait"] for row in policies.values()} == {True, False})
    for number, row in policies.items():
        article = articles[number]
        assert row == {**row, **decided(said, row)}, number
        assert row["tenant_id"] == "mini"
        assert row["supplier_number"] == article["supplierNumber"]
        assert row["is_reordered"] == (number in again), number


def test_an_articles_lead_time_is_its_suppliers_or_the_others(
    played: Played, policies: dict[int, Row]
) -> None:
    """Suppliers' own times are compared with their deliveries in test_supply.py."""
    times = {
        row["supplier_number"]: row for row in played.query("select * from analytics.supplier_lead_time")
    }
    nos = {number for number, row in by_number(played.rows["article"]).items() if row["isNOS"]}
    delivered: dict[int, int] = defaultdict(int)
    for line in order_lines(played):
        delivered[line.supplier] += line.delivered if line.size[0] in nos else 0
    names = ("lead_time_days", "lead_time_deviation_days")
    others = {name: fmean(row[name] for row in times.values()) for name in names}

    sources = set()
    for row in policies.values():
        supplier = row["supplier_number"]
        source = "supplier" if delivered[supplier] else "other suppliers"
        sources.add(source)
        assert row["lead_time_source"] == source
        expected = times.get(supplier, others)
        for name in names:
            assert row[name] == pytest.approx(expected[name], abs=1e-6)
    played.shows(sources == {"supplier", "other suppliers"})


def test_an_articles_classes_are_those_of_its_sales(played: Played, policies: dict[int, Row]) -> None:
    """The classes themselves are compared with the receipts in test_demand.py."""
    names = ("value_class", "variability_class")
    classes = played.query("select * from analytics.article_class")

    assert {row["article_number"]: tuple(row[name] for name in names) for row in classes} == {
        number: tuple(row[name] for name in names) for number, row in policies.items()
    }
