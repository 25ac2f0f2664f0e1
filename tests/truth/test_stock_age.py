"""How old stock is, its worth, and when articles first came, against a plain computation of orders and receipts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from line_kinds import known_price, money
from played import Played
from source_rows import Size, day, goods_of, known_day, order_lines, size_key, sold_key, stock_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

DEAD_DAYS = 180


@dataclass
class AgedStock:
    """Stock of an age: its units, and of the articles whose cost is known what they are worth; the others."""

    units: int = 0
    value: Decimal | None = None
    articles: set[int] = field(default_factory=set)
    unpriced: set[int] = field(default_factory=set)

    def add(self, article: int, units: int, cost: Decimal | None) -> None:
        """Add units of an article."""
        self.units += units
        self.articles.add(article)
        if cost is None:
            self.unpriced.add(article)
        else:
            self.value = (self.value or Decimal(0)) + units * cost

    @property
    def note(self) -> str | None:
        """How many articles the value leaves out, and why."""
        left_out = len(self.unpriced)
        return f"{left_out} of {len(self.articles)} articles: no purchase price" if left_out else None


@pytest.fixture(scope="module")
def received(played: Played) -> dict[Size, dict[date, int]]:
    """Units that suppliers delivered, by size and day."""
    found: dict[Size, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for line in order_lines(played):
        if line.delivered > 0:
            found[line.size][min(line.arrives, played.today)] += line.delivered
    return found


@pytest.fixture(scope="module")
def sold(played: Played) -> dict[Size, list[date]]:
    """Days on which a size was sold, without what was taken back on the same receipt."""
    found: dict[Size, list[date]] = defaultdict(list)
    for line, _ in goods_of(played):
        if line["quantity"] > 0:
            found[sold_key(line)].append(day(line["date"]))
    return found


def test_stock_is_as_old_as_the_newest_receipts_that_make_it_up(
    played: Played, received: dict[Size, dict[date, int]]
) -> None:
    price = {int(row["number"]): known_price(row["purchasePrice"]) for row in played.rows["article"]}
    expected: dict[Size, tuple[Any, ...]] = {}
    for row in stock_of(played):
        key, stock = size_key(row), int(row["stockQuantity"])
        if stock > 0:
            within = [
                min(
                    stock,
                    sum(units for at, units in received.get(key, {}).items() if played.today - at < limit),
                )
                for limit in (timedelta(days=90), timedelta(days=180), timedelta(days=365))
            ]
            ages = (within[0], within[1] - within[0], within[2] - within[1], stock - within[2])
            cost = price[key[0]]
            expected[key] = (stock, *ages, None if cost is None else (stock - within[1]) * cost)

    rows = played.query("select * from analytics.stock_age")
    names = (
        "on_hand",
        "units_under_90",
        "units_90_to_179",
        "units_180_to_364",
        "units_from_365",
        "value_from_180",
    )
    found = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): tuple(
            row[name] for name in names
        )
        for row in rows
    }
    assert len(expected) > 100
    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert found == expected


def test_stock_is_dead_without_a_sale_and_a_receipt_in_180_days(
    played: Played, received: dict[Size, dict[date, int]], sold: dict[Size, list[date]]
) -> None:
    masters = {size_key(row): row for row in played.rows["articlesize"]}

    rows = played.query("select * from analytics.stock_age")

    for row in rows:
        key = (row["article_number"], row["article_size_number"], row["branch_number"])
        last_received = max(received.get(key, {}), default=known_day(masters[key]["lastPurchaseDate"]))
        last_sold = max(sold.get(key, []), default=known_day(masters[key]["lastSaleDate"]))
        assert (row["last_received_on"], row["last_sold_on"]) == (last_received, last_sold), key
        known = [at for at in (last_received, last_sold) if at is not None]
        if known:
            dead = all((played.today - at).days >= DEAD_DAYS for at in known)
            assert row["is_dead"] == dead, key


def value_notes(played: Played) -> dict[int, str]:
    """Return of how many articles the worth of a branch's stock is not known, where there are any."""
    price = {int(row["number"]): known_price(row["purchasePrice"]) for row in played.rows["article"]}
    held: dict[int, set[int]] = defaultdict(set)
    for row in played.rows["articlesize"]:
        if row["stockQuantity"] > row["selectionQuantity"]:
            held[row["branchNumber"]].add(int(row["articleNumber"]))
    unpriced = {branch: sum(price[number] is None for number in held[branch]) for branch in held}
    return {
        branch: f"{count} of {len(held[branch])} articles: no purchase price"
        for branch, count in unpriced.items()
        if count
    }


def test_a_branchs_stock_is_that_of_its_sizes(played: Played) -> None:
    price = {int(row["number"]): known_price(row["purchasePrice"]) for row in played.rows["article"]}
    units: dict[int, Decimal] = defaultdict(Decimal)
    value: dict[int, Decimal] = defaultdict(Decimal)
    articles: dict[int, set[int]] = defaultdict(set)
    below: dict[int, int] = defaultdict(int)
    for row in played.rows["articlesize"]:
        branch, article = row["branchNumber"], int(row["articleNumber"])
        stock, away = money(row["stockQuantity"]), money(row["selectionQuantity"])
        units[branch] += stock
        value[branch] += max(stock - away, Decimal(0)) * (price[article] or 0)
        below[branch] += stock < 0
        if stock > 0:
            articles[branch].add(article)

    rows = played.query("select * from analytics.warehouse_inventory_agg")

    on_order: dict[int, int] = defaultdict(int)
    for line in order_lines(played):
        on_order[line.size[2]] += line.backlog
    names, notes = {row["number"]: row["name1"] for row in played.rows["branch"]}, value_notes(played)
    played.shows(sum(on_order.values()) > 0)
    assert {
        row["branch_number"]: (
            row["tenant_id"],
            row["branch_name"],
            row["on_order"],
            row["on_hand"],
            row["stock_value"] or 0,
            row["value_note"],
            row["article_count"],
            row["negative_count"],
        )
        for row in rows
    } == {
        branch: (
            *("mini", names[branch], on_order[branch]),
            *(units[branch], value[branch], notes.get(branch), len(articles[branch]), below[branch]),
        )
        for branch in units
    }


def test_an_article_was_first_sold_and_received_when_the_source_says(
    played: Played, received: dict[Size, dict[date, int]], sold: dict[Size, list[date]]
) -> None:
    first_sold: dict[int, date] = {}
    last_sold: dict[int, date] = {}
    for (article, _, _), days in sold.items():
        first_sold[article] = min(*days, first_sold.get(article, days[0]))
        last_sold[article] = max(*days, last_sold.get(article, days[0]))
    first_received: dict[int, date] = {}
    for (article, _, _), arrivals in received.items():
        first_received[article] = min(*arrivals, first_received.get(article, next(iter(arrivals))))

    for row in played.query("select * from analytics.dim_article where not is_inferred"):
        article = row["article_number"]
        assert row["first_sold_on"] == first_sold.get(article), article
        assert row["last_sold_on"] == last_sold.get(article), article
        assert row["first_received_on"] == first_received.get(article), article


def test_a_seasons_stock_is_as_old_as_the_units_of_its_sizes(
    played: Played, received: dict[Size, dict[date, int]]
) -> None:
    masters = {int(row["number"]): row for row in played.rows["article"]}
    ends = {row["seasonNumber"]: known_day(row["validUntil"]) for row in played.rows["season"]}
    classes = {"under 90 days": 90, "90 to 179 days": 180, "180 to 364 days": 365, "365 days and more": None}
    expected: dict[tuple[int, int, str], AgedStock] = defaultdict(AgedStock)
    for row in stock_of(played):
        article, stock, younger = masters[int(row["articleNumber"])], max(int(row["stockQuantity"]), 0), 0
        for name, limit in classes.items():
            came = received.get(size_key(row), {}).items()
            young = sum(units for at, units in came if limit and (played.today - at).days < limit)
            within = min(stock, young) if limit else stock
            if within > younger:
                aged = expected[article["seasonNumber"], article["categoryNumber"], name]
                aged.add(int(article["number"]), within - younger, known_price(article["purchasePrice"]))
            younger = within

    rows = played.query("select * from analytics.stock_age_by_season")

    names = ("season_number", "category_number", "age_class")
    found = {
        tuple(row[name] for name in names): (row["on_hand"], row["on_hand_value"], row["value_note"])
        for row in rows
    }
    played.shows(len({age for _, _, age in expected}) > 2)
    assert found == {key: (aged.units, aged.value, aged.note) for key, aged in expected.items()}
    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        end = ends.get(row["season_number"])
        assert row["is_season_over"] == (None if end is None else end < played.today)
