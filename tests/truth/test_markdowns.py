"""What was marked down, by how, against a plain computation of the source's receipt lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from line_kinds import GOODS, Row, money
from played import Played
from price_truth import price_list
from source_rows import by_number, day, goods_of, kinds_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

# Kinds of lines that are no sale of goods, and an issue.
LEFT_OUT = ("write-off", "keying error", "unclassified")
Cell = tuple[date, int, int]
"""First day of a month, season and category."""


@pytest.fixture(scope="module")
def months(played: Played) -> dict[Cell, Row]:
    names = ("month_start", "season_number", "category_number")
    rows = played.query("select * from analytics.markdowns_monthly")
    return {tuple(row[name] for name in names): row for row in rows}


def cell_of(played: Played) -> Any:
    """Return a function of a receipt line: its month, season and category."""
    articles = by_number(played.rows["article"])

    def cell(line: Row) -> Cell:
        article = articles.get(int(line["articleNumber"]), {"seasonNumber": 0, "categoryNumber": 0})
        return day(line["date"]).replace(day=1), article["seasonNumber"], article["categoryNumber"]

    return cell


def no_rate(sums: Counter[str], markdowns: Any) -> str | None:
    """Return why a month of which every line has a label price has no rate."""
    if sums["list_revenue"] <= 0:
        return "more came back than was sold"
    if markdowns < 0:
        return "more reductions came back than were given"
    return "more was taken off than the list prices" if markdowns > sums["list_revenue"] else None


def test_a_months_markdowns_are_what_tills_and_labels_say(played: Played, months: dict[Cell, Row]) -> None:
    cell, lines, unlisted = cell_of(played), Counter[Cell](), Counter[Cell]()
    sums: dict[Cell, Counter[str]] = defaultdict(Counter)
    for line, kind in goods_of(played):
        key = cell(line)
        lines[key] += 1
        sums[key]["revenue"] += money(line["salePrice"])
        if not line["labelPrice"]:
            unlisted[key] += 1
            continue
        taken_off = "staff_discounts" if kind.startswith("staff") else "till_discounts"
        sums[key]["list_revenue"] += money(line["labelPrice"]) * money(line["quantity"])
        sums[key]["price_reductions"] += money(line["discount"])
        sums[key][taken_off] += money(line["deduction"])

    assert {row["tenant_id"] for row in months.values()} == {"mini"}
    played.shows(unlisted)
    played.shows(
        all(any(each[name] for each in sums.values()) for name in ("price_reductions", "staff_discounts"))
    )
    for key, each in sums.items():
        row, missing = months[key], unlisted[key]
        parts = [each[name] for name in ("price_reductions", "till_discounts", "staff_discounts")]
        note = f"{missing} of {lines[key]} lines: no list price" if missing else no_rate(each, sum(parts))
        assert (row["revenue"], row["markdown_note"]) == (each["revenue"], note), key
        found = [row["price_reductions"], row["till_discounts"], row["staff_discounts"]]
        if missing == lines[key]:
            assert [row["list_revenue"], *found, row["markdowns"]] == [None] * 5
            continue
        assert (row["list_revenue"], found, row["markdowns"]) == (each["list_revenue"], parts, sum(parts))


def test_a_markdown_rate_is_of_revenue_at_list_price(months: dict[Cell, Row]) -> None:
    rates = []
    for key, row in months.items():
        whole, part = row["list_revenue"], row["markdowns"]
        is_share = whole is not None and 0 <= part <= whole and whole > 0
        expected = pytest.approx(float(part) / float(whole), abs=1e-5) if is_share else None
        assert row["markdown_rate"] == expected, key
        assert is_share or row["markdown_note"], key
        rates += [row["markdown_rate"]] if is_share else []

    assert 0 < sum(rates) / len(rates) < 0.5


def test_only_months_seasons_and_categories_of_lines_have_markdowns(
    played: Played, months: dict[Cell, Row]
) -> None:
    cell, kinds = cell_of(played), GOODS | {"write-off"}

    cells = {cell(line) for line, kind in kinds_of(played) if kind in kinds}

    assert set(months) == cells


def test_a_months_write_offs_are_what_went_at_price_0_at_its_cost(
    played: Played, months: dict[Cell, Row]
) -> None:
    """The played shop writes nothing off; test_line_kinds.py has one that does."""
    cell, costs = cell_of(played), price_list(played)
    lines, costless, units = Counter[Cell](), Counter[Cell](), Counter[Cell]()
    worth: dict[Cell, Decimal] = defaultdict(Decimal)
    for line, kind in kinds_of(played):
        if kind == "write-off":
            key, cost = cell(line), costs.priced(line).cost
            lines[key] += 1
            units[key] += int(line["quantity"])
            worth[key] += cost or 0
            costless[key] += cost is None

    for key, row in months.items():
        known = worth[key] if lines[key] > costless[key] or not lines[key] else None
        note = f"{costless[key]} of {lines[key]} lines: no cost" if costless[key] else None
        found = row["write_off_units"], row["write_off_cost"], row["write_off_note"]
        assert found == (units[key], known, note), key
    assert set(lines) <= set(months)


def test_what_was_written_off_or_mistyped_lately_is_an_issue_with_units_and_money(played: Played) -> None:
    """Of the last 365 days, at cost where it was written off and as the till wrote it where it was mistyped."""
    costs, first = price_list(played), played.today - timedelta(days=364)
    units: Counter[tuple[str, int, int]] = Counter()
    amounts: dict[tuple[str, int, int], list[Decimal]] = defaultdict(list)
    for line, kind in kinds_of(played):
        article = int(line["articleNumber"])
        if kind in LEFT_OUT and article and first <= day(line["date"]) <= played.today:
            key = kind, article, line["branchNumber"]
            units[key] += int(line["quantity"])
            worth = costs.priced(line).cost if kind == "write-off" else money(line["salePrice"])
            amounts[key] += [] if worth is None else [worth]

    names = ("issue", "article_number", "branch_number")
    rows = {
        tuple(row[name] for name in names): row
        for row in played.query("from analytics.inventory_issue")
        if row["issue"] in LEFT_OUT
    }
    assert set(rows) == set(units)
    for key, row in rows.items():
        assert (row["tenant_id"], row["article_size_number"], row["units"]) == ("mini", 0, units[key]), key
        assert row["amount"] == (sum(amounts[key]) if amounts[key] else None), key
