"""The key figures of the stock, against a plain computation of the source's receipts, orders and stock of every day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from line_kinds import Row, money
from played import Played
from source_rows import Size, by_number, closings, day, free_of, goods_of, moves, size_key, sold_key, year_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

DAYS, SLOW_DAYS, DEAD_DAYS, MOST_DAYS = 364, 180, 180, 730
SHORT = ("stocked out", "potential stock-out")


@pytest.fixture(scope="module")
def measures(played: Played) -> dict[Size, Row]:
    return {position(row): row for row in played.query("select * from analytics.inventory_measure")}


@pytest.fixture(scope="module")
def statuses(played: Played) -> dict[Size, Row]:
    return {position(row): row for row in played.query("select * from analytics.inventory_status")}


def position(row: Row) -> Size:
    return row["article_number"], row["article_size_number"], row["branch_number"]


def prices_of(played: Played) -> dict[int, Decimal]:
    """Return what a unit of each article costs."""
    return {number: money(row["purchasePrice"]) for number, row in by_number(played.rows["article"]).items()}


def test_the_stock_of_sizes_adds_up_to_what_was_in_the_shop(played: Played) -> None:
    """Without this the other tests could compare the marts with a wrong history."""
    found: dict[tuple[date, int, int], int] = defaultdict(int)
    for (article, _, branch), history in closings(played, DAYS).items():
        for back, units in enumerate(history):
            found[played.today - timedelta(days=back), article, branch] += units

    truth = {**played.closing, played.today: played.stock}
    assert len(found) > 10_000
    assert {key: units for key, units in found.items() if truth[key[0]].get(key[1:], 0) != units} == {}


def test_a_positions_year_of_sales_adds_up(played: Played, measures: dict[Size, Row]) -> None:
    first, after = year_of(played.today)
    sums: dict[Size, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    costs: dict[Size, set[bool]] = defaultdict(set)
    for line, _ in goods_of(played):
        if first <= day(line["date"]) < after:
            values = (money(line[name]) for name in ("quantity", "salePrice", "purchasePrice"))
            sums[sold_key(line)] = [a + b for a, b in zip(sums[sold_key(line)], values, strict=True)]
            costs[sold_key(line)].add(bool(line["purchasePrice"]))

    assert set(sums) <= set(measures)
    for key, row in measures.items():
        units, revenue, cost = map(float, sums[key])
        assert (row["units_sold"], row["revenue"]) == pytest.approx((units, revenue)), key
        assert row["cost"] == (None if costs[key] == {False} else pytest.approx(cost)), key


def test_a_positions_stock_of_the_year_is_that_of_its_days(played: Played, measures: dict[Size, Row]) -> None:
    (first, after), moved, price = year_of(played.today), moves(played), prices_of(played)
    past = (played.today - after).days + 1
    history = closings(played, past + DAYS + 1)

    assert set(history) == set(measures)
    for key, row in measures.items():
        year = history[key][past : past + DAYS]
        average = sum(max(units, 0) for units in year) / DAYS
        assert row["tenant_id"] == "mini"
        assert row["average_stock"] == pytest.approx(average, abs=1e-6), key
        assert row["average_stock_value"] == worth(average, price[key[0]]), key
        assert row["opening_stock"] == history[key][past + DAYS], key
        assert row["days_in_stock"] == sum(units > 0 for units in year), key
        received = sum(each.received for at, each in moved.get(key, {}).items() if first <= at < after)
        assert row["units_received"] == received, key


def test_a_positions_stock_of_now_is_the_shops(played: Played, measures: dict[Size, Row]) -> None:
    """The level of service is computed in test_policy.py."""
    price, free = prices_of(played), free_of(played)
    policies = {row["article_number"]: row for row in played.query("from analytics.replenishment_policy")}

    for key, row in measures.items():
        assert row["free_stock"] == free[key], key
        assert row["stock_value"] == worth(max(free[key], 0), price[key[0]]), key
        assert row["service_level"] == policies[key[0]]["service_level"], key


def test_excess_is_what_lies_beyond_the_target(
    played: Played, measures: dict[Size, Row], statuses: dict[Size, Row]
) -> None:
    price, free = prices_of(played), free_of(played)

    units = {key: max(free[key] - statuses[key]["target_units"], 0) for key in measures}
    played.shows(sum(units.values()) > 0)
    for key, row in measures.items():
        assert row["excess_units"] == pytest.approx(units[key]), key
        assert row["excess_value"] == worth(units[key], price[key[0]]), key


def test_slow_stock_lasts_longer_than_half_a_year_or_for_ever(
    played: Played, measures: dict[Size, Row], statuses: dict[Size, Row]
) -> None:
    """What is new and not ordered again is not slow; of it is_slow says so although nothing is expected."""
    price, free = prices_of(played), free_of(played)

    slow = 0
    for key, row in measures.items():
        daily, status = row["daily_units"], statuses[key]
        lasts = status["days_of_supply"]
        if lasts is None:
            is_slow = status["is_slow"] is not False
            assert (status["supply_note"] == "no demand expected") <= (daily == 0), key
        else:
            is_slow = lasts > SLOW_DAYS and status["is_slow"]
            assert lasts <= MOST_DAYS, key
        units = max(free[key], 0) if is_slow else 0
        slow += units
        assert row["slow_units"] == units, key
        assert row["slow_value"] == worth(units, price[key[0]]), key
    played.shows(slow > 0)


def test_dead_stock_saw_no_sale_and_no_receipt_in_180_days(
    played: Played, measures: dict[Size, Row], statuses: dict[Size, Row]
) -> None:
    """What runs short has that status first."""
    price, free, moved = prices_of(played), free_of(played), moves(played)
    masters = {size_key(row): row for row in played.rows["articlesize"]}

    dead = 0
    for key, row in measures.items():
        days = [at for at, each in moved.get(key, {}).items() if each.sold or each.received]
        known = [masters[key]["lastPurchaseDate"], masters[key]["lastSaleDate"]]
        if not days and all(not text or text.startswith("1990") for text in known):
            continue
        days += [day(text) for text in known if text and not text.startswith("1990")] if not days else []
        is_dead = (played.today - max(days)).days >= DEAD_DAYS and statuses[key]["stock_status"] not in SHORT
        units = max(free[key], 0) if is_dead else 0
        dead += units
        assert row["dead_value"] == worth(units, price[key[0]]), key
    played.shows(dead > 0)


def levels(played: Played, measures: dict[Size, Row]) -> dict[tuple[str, str], list[Row]]:
    """Return the positions of every level and key."""
    articles = by_number(played.rows["article"])
    sizes = {size_key(row): row["size"] for row in played.rows["articlesize"]}
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for key, row in measures.items():
        article = articles[key[0]]
        for level, name in (
            ("tenant", ""),
            ("branch", f"{key[2]}"),
            ("category", f"{article['categoryNumber']}"),
            ("supplier", f"{article['supplierNumber']}"),
            ("size", sizes[key]),
            ("article", f"{key[0]}"),
        ):
            found[level, name].append(row)
    return found


def added(rows: Iterable[Row], name: str) -> float:
    return sum(row[name] for row in rows)


def added_values(rows: Iterable[Row], name: str) -> float | None:
    """Return the worth of the rows that have one; None where some have none and the others are worth nothing."""
    values = [row[name] for row in rows]
    known = sum(value for value in values if value is not None)
    return None if None in values and not known else known


VALUES = ("stock_value", "average_stock_value", "excess_value", "slow_value", "dead_value")
SUMS = (
    *("average_stock", "stock_out_days", "stock_out_spells", "lost_units"),
    *("excess_units", "slow_units", "units_sold", "revenue"),
)


def worth(units: float, price: Any) -> Any:
    """Return what a figure of units has to be worth: None where they have no price that is known."""
    return None if units and not price else pytest.approx(units * float(price), abs=1e-5)


def ratios(rows: list[Row]) -> dict[str, float | None]:
    """Return the figures of a group that are ratios of its sums."""

    def ratio(part: float, whole: float) -> float | None:
        return part / whole if whole > 0 else None

    free = sum(max(row["free_stock"], 0) for row in rows)
    sold, value = max(added(rows, "units_sold"), 0), added_values(rows, "average_stock_value") or 0
    cost = added_values(rows, "cost")
    out, lost = added(rows, "stock_out_days"), added(rows, "lost_units")
    lasts = ratio(free, added(rows, "daily_units"))
    return {
        "free_stock": free,
        "positions": len(rows),
        "positions_in_stock": sum(row["free_stock"] > 0 for row in rows),
        "days_of_supply": None if lasts is None or lasts > MOST_DAYS else lasts,
        # Where more cost came back than was sold, nothing turned over.
        "turnover_rate": None if cost is None or cost < 0 else ratio(cost, value),
        "stock_out_rate": ratio(out, out + added(rows, "days_in_stock")),
        # Where more came back than was sold and missed together, no demand is known.
        "fill_rate": ratio(sold, sold + lost) if added(rows, "units_sold") + lost > 0 else None,
        "service_level_target": added(rows, "service_level") / len(rows),
        "sell_through": ratio(sold, sold + free),
    }


def test_a_groups_key_figures_are_sums_and_ratios_of_its_positions(
    played: Played, measures: dict[Size, Row]
) -> None:
    rows = played.query("select * from analytics.inventory_kpi")
    groups = levels(played, measures)

    assert {(row["kpi_level"], row["kpi_key"]) for row in rows} == set(groups)
    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        key = row["kpi_level"], row["kpi_key"]
        expected: dict[str, Any] = {name: added(groups[key], name) for name in SUMS} | ratios(groups[key])
        expected |= {name: added_values(groups[key], name) for name in VALUES}
        for name, value in expected.items():
            found = None if row[name] is None else float(row[name])
            assert found == (None if value is None else pytest.approx(value, abs=6e-3, rel=1e-4)), (key, name)
        why = None if row["days_of_supply"] is not None else "lasts for years"
        assert row["supply_note"] == (
            why if added(groups[key], "daily_units") > 0 else "no demand expected"
        ), key


def test_what_has_stock_and_no_price_is_left_out_of_values_and_counted(
    played: Played, measures: dict[Size, Row]
) -> None:
    price, groups = prices_of(played), levels(played, measures)

    for row in played.query("select * from analytics.inventory_kpi"):
        group = groups[row["kpi_level"], row["kpi_key"]]
        held = {
            each["article_number"] for each in group if each["free_stock"] > 0 or each["average_stock"] > 0
        }
        left_out = sum(not price[article] for article in held)
        note = f"{left_out} of {len(held)} articles: no purchase price" if left_out else None
        assert row["value_note"] == note, (row["kpi_level"], row["kpi_key"])


def test_an_articles_year_stands_on_the_stock_it_held(played: Played) -> None:
    """Margins are computed elsewhere; what they are divided by and ranked from is computed here."""
    price = prices_of(played)
    held: dict[int, float] = defaultdict(float)
    past = (played.today - year_of(played.today)[1]).days + 1
    for (article, _, _), history in closings(played, past + DAYS).items():
        held[article] += sum(max(units, 0) for units in history[past:]) / DAYS * float(price[article])

    rows = played.query("select * from analytics.product_profitability order by margin_rank")
    assert [row["margin_rank"] for row in rows] == list(range(1, len(rows) + 1))
    known = [row["margin"] for row in rows if row["margin"] is not None]
    assert known == sorted(known, reverse=True)
    assert {row["margin"] for row in rows[len(known) :]} <= {None}
    for row in rows:
        value, is_valued = held[row["article_number"]], bool(price[row["article_number"]])
        found = row["average_stock_value"]
        if found is None:
            assert not is_valued, row
            assert row["gmroi"] is None, row
            continue
        assert float(found) == pytest.approx(value, abs=6e-3), row
        gmroi = float(row["margin"]) / value if value and row["margin"] is not None else None
        assert row["gmroi"] == (None if gmroi is None else pytest.approx(gmroi, rel=1e-3)), row
