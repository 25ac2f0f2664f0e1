"""Units, revenue and margin are those of goods that were sold, and every other line is shown apart with its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from edits import Edits
from line_kinds import GOODS, REVERSED_FROM, Row, Shop, added_up, classified, money
from source_rows import year_of
from timeline import Timeline

from mercurios.tenants.classification import Classification
from mercurios.tenants.prices import Prices
from prohandel_simulator.changes.book import Book
from prohandel_simulator.testing import RunningSimulator, running_simulator

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

START = date(2026, 3, 4)
SERVICES = 9910
POSTAGE, GIFT_CARD = 300_000_001, 300_000_002
RECEIPT = 11_900_000
DAYS_PLAYED = 2


def _add_articles(simulator: RunningSimulator) -> None:
    """Add a service that has size rows, as postage has in reality, and a gift card filed under services."""
    articles, sizes = Edits(simulator, "article"), Edits(simulator, "articlesize")
    for number, code in ((POSTAGE, "POST"), (GIFT_CARD, "CARD")):
        fields = {
            "number": number,
            "supplierArticleNumber": code,
            "categoryNumber": SERVICES,
            "labelPrice": 5,
        }
        articles.add(f"article {number}", **fields)
        sizes.add(f"size {number}", articleNumber=number, number=number, ean="", stockQuantity=-7)


def _consign(simulator: RunningSimulator, article: int) -> None:
    """Make every order line of an article one of goods that stay the supplier's."""
    orders = simulator.world("mini").collections["order"]
    for slot in orders.visible.tolist():
        order = orders.read(slot)
        mine = [line for line in order["positions"] if line["articleNumber"] == article]
        for line in mine:
            line["isConsignment"] = True
        if mine:
            orders.update(slot, order, simulator.simulator.clock.ticks)


def _write_lines(simulator: RunningSimulator, rows: list[int]) -> None:
    """Let the tills write a line of every kind that they do not write by themselves, and move stock as they do."""
    world, ticks = simulator.world("mini"), simulator.simulator.clock.ticks
    state, sales, book = world.state, Edits(simulator, "sale"), Book(world)
    lost, found, many, dear, odd = rows
    price = {row: int(state["article_price"][state["row_article"][row]]) / 100 for row in rows}
    lines = [
        (lost, 2, 0.0),
        (found, -6, 0.0),
        (many, 20_000, 20_000 * price[many]),
        (many, -20_000, -20_000 * price[many]),
        (dear, 1, 250 * price[dear]),
        (odd, 1, -price[odd]),
    ]
    for place, (row, units, paid) in enumerate(lines, start=1):
        number, size = int(state["row_article_number"][row]), state["row_sku"][row]
        where = {
            "articleNumber": number,
            "articleSizeNumber": size,
            "branchNumber": int(state["row_branch"][row]),
        }
        _add(sales, place, where, units, paid, float(state["row_purchase"][row]) / 100 * units)
        book.move_stock(row, -units, ticks)
    book.write_stock()
    for place, (number, units, paid) in enumerate(((POSTAGE, 3, 17.7), (GIFT_CARD, 1, 50.0)), start=7):
        where = {"articleNumber": number, "articleSizeNumber": number, "branchNumber": 1}
        _add(sales, place, where, units, paid, 1.0)
    nowhere = {"articleNumber": 0, "articleSizeNumber": 0, "branchNumber": 1}
    _add(sales, 9, nowhere, 2, 30.0, 10.0)


def _add(sales: Edits, place: int, where: Row, units: int, paid: float, cost: float) -> None:
    # The Sunday before: the last day of the year.
    day = f"{START - timedelta(days=3):%Y-%m-%d}T00:00:00"
    amounts = {"quantity": units, "salePrice": paid, "purchasePrice": cost, "discount": 0, "deduction": 0}
    receipt = {"receiptNumber": RECEIPT + place, "receiptPosition": 1, "date": day, "time": 43_200, "type": 0}
    sales.add(f"line {place}", **where, **amounts, **receipt)


MARTS = (
    *("article_sales_agg", "branch_performance", "daily_sales_agg", "fct_demand_weekly", "fct_sales"),
    *("inventory_daily", "inventory_issue", "inventory_kpi", "markdowns_monthly", "sales_by_kind"),
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """Build everything at night, and again at noon two days later."""
    with running_simulator(["mini"], today=START) as simulator:
        state = simulator.world("mini").state
        rows = [int(row) for row in (state["row_stock"] >= 3).nonzero()[0][:5]]
        _add_articles(simulator)
        _consign(simulator, int(state["row_article_number"][int(state["row_stock"].argmax())]))
        _write_lines(simulator, rows)
        timeline = Timeline(simulator, tmp_path_factory.mktemp("kinds"))
        kinds = Classification.model_validate({"articles": {"CARD": "voucher"}})
        # Net prices: the margin of a line is its amount less its cost.
        prices = Prices(include_tax=False)
        tenant = timeline.retailer.tenant.model_copy(update={"classification": kinds, "prices": prices})
        timeline.retailer.tenant = tenant
        timeline.run(models=[f"+{mart}" for mart in MARTS])
        timeline.advance_to(datetime(2026, 3, 4 + DAYS_PLAYED, 12, 20))
        timeline.run(models=[f"+{mart}" for mart in MARTS])
        yield timeline


@pytest.fixture(scope="module")
def truth(played: Timeline) -> list[tuple[Row, str]]:
    """Every line that the source shows, with its kind."""
    rows = {name: played.simulator.truth("mini", name) for name in ("sale", "article", "category", "order")}
    ordered: dict[int, list[bool]] = {}
    for order in rows["order"]:
        for line in order["positions"]:
            ordered.setdefault(int(line["articleNumber"]), []).append(bool(line["isConsignment"]))
    shop = Shop(
        {int(row["number"]): row for row in rows["article"]},
        {row["number"] for row in rows["category"] if row["isServiceCategory"]},
        {number for number, lines in ordered.items() if all(lines)},
        {GIFT_CARD},
    )
    return list(classified(rows["sale"], shop))


def _query(played: Timeline, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in played.retailer.query(sql)]


def test_every_kind_has_the_units_and_the_money_that_the_tills_wrote(
    played: Timeline, truth: list[tuple[Row, str]]
) -> None:
    found = _query(
        played,
        "select line_kind, branch_number, sum(line_count)::int, sum(units), sum(amount), "
        "coalesce(sum(cost), 0) from analytics.sales_by_kind group by all",
    )

    sums = added_up(truth, lambda line, kind: (kind, line["branchNumber"]))
    assert {row[:2]: row[2:] for row in found} == {key: sums.of(key) for key in sums.lines}
    assert {kind for kind, _ in sums.lines} == GOODS | {
        "reversal", "service", "voucher", "write-off", "keying error", "unclassified"
    }  # fmt: skip


@pytest.mark.parametrize(
    "mart",
    [
        "select sold_on::varchar, sum(units), sum(revenue), sum(cost) from analytics.fct_sales group by all",
        "select sold_on::varchar, units, revenue, revenue - margin from analytics.daily_sales_agg",
    ],
)
def test_a_days_sales_are_those_of_goods(played: Timeline, truth: list[tuple[Row, str]], mart: str) -> None:
    found = {row[0]: row[1:] for row in _query(played, mart)}

    sums = added_up(truth, lambda line, kind: line["date"][:10] if kind in GOODS else None)
    assert found == {day: sums.of(day)[1:] for day in sums.lines}


def test_an_articles_sales_are_those_of_goods(played: Timeline, truth: list[tuple[Row, str]]) -> None:
    found = _query(
        played,
        "select article_number, line_count::int, units, revenue, revenue - margin "
        "from analytics.article_sales_agg",
    )

    sums = added_up(truth, lambda line, kind: (int(line["articleNumber"]) or None) if kind in GOODS else None)
    assert {row[0]: row[1:] for row in found} == {key: sums.of(key) for key in sums.lines}


def test_a_years_margin_and_receipts_of_a_branch_are_those_of_sales(
    played: Timeline, truth: list[tuple[Row, str]]
) -> None:
    """The year has 52 complete weeks; a receipt of returns only does not count."""
    today = START + timedelta(days=DAYS_PLAYED)
    first, after = (f"{day}" for day in year_of(today))
    year = [
        (line, kind)
        for line, kind in truth
        if first <= line["date"][:10] < after and kind in GOODS
    ]  # fmt: skip
    sums = added_up(year, lambda line, _: line["branchNumber"])
    receipts: dict[int, set[tuple[str, int]]] = {}
    for line, _ in year:
        if line["quantity"] > 0:
            key = (line["date"], line["receiptNumber"])
            receipts.setdefault(line["branchNumber"], set()).add(key)

    found = _query(
        played,
        "select branch_number, revenue, margin, receipts, revenue_per_receipt from analytics.branch_performance",
    )

    expected = {
        (
            branch,
            sums.amount[branch],
            sums.amount[branch] - sums.cost[branch],
            len(receipts[branch]),
            money(sums.amount[branch] / len(receipts[branch]) + Decimal("1e-9")),
        )
        for branch in sums.lines
    }
    assert set(found) == expected


def test_demand_has_no_service_no_write_off_and_no_keying_error(
    played: Timeline, truth: list[tuple[Row, str]]
) -> None:
    found = _query(
        played,
        "select sum(gross_units)::int, sum(returned_units)::int, max(week_start) + 6 from analytics.fct_demand_weekly",
    )
    last = f"{found[0][2]}"

    # A line without an article is no demand of any.
    goods = [
        line for line, kind in truth if kind in GOODS and line["articleNumber"] and line["date"][:10] <= last
    ]
    sold = sum(int(line["quantity"]) for line in goods if line["quantity"] > 0)
    returned = sum(-int(line["quantity"]) for line in goods if line["quantity"] < 0)
    assert found[0][:2] == (sold, returned)


def test_a_write_off_moves_stock_without_a_sale_and_a_service_moves_none(played: Timeline) -> None:
    rows = played.retailer.query("select * from analytics.inventory_daily")
    last = max(row["date_day"] for row in rows)
    now = {
        (row["article_number"], row["branch_number"]): row["closing_stock"]
        for row in rows
        if row["date_day"] == last
    }

    assert [row for row in rows if row["article_number"] in (POSTAGE, GIFT_CARD)] == []
    assert [row for row in rows if row["units_counted"] != 0 or row["closing_stock"] < 0] == []
    # 2 lost, 6 found, one sold at a mistyped price, one with signs that differ.
    assert sum(row["units_corrected"] for row in rows) == -2 + 6 - 1 - 1
    stock = {key: units for key, units in played.stock_now().items() if key in now}
    assert now == stock


def test_what_no_figure_of_sales_counts_is_an_issue_with_units_and_money(
    played: Timeline, truth: list[tuple[Row, str]]
) -> None:
    found = _query(
        played,
        "select issue, sum(units)::int, sum(amount) from analytics.inventory_issue "
        "where issue in ('write-off', 'keying error', 'unclassified', 'stock of a service', 'sale without article') "
        "group by issue",
    )

    sums = added_up(truth, lambda _, kind: kind)
    assert {row[0]: row[1:] for row in found} == {
        "write-off": (-4, sums.cost["write-off"]),
        "keying error": (1, sums.amount["keying error"]),
        "unclassified": (1, sums.amount["unclassified"]),
        "sale without article": (2, Decimal("30.00")),
        "stock of a service": (-14, _service_stock(played)),
    }


def _service_stock(played: Timeline) -> Decimal:
    price = {int(row["number"]): row["purchasePrice"] for row in played.simulator.truth("mini", "article")}
    return -7 * (money(price[POSTAGE]) + money(price[GIFT_CARD]))


def test_no_rate_is_beyond_its_bounds(played: Timeline) -> None:
    rates = _query(played, "select sell_through, margin_rate from analytics.inventory_kpi")

    assert all(through is None or 0 <= through <= 1 for through, _ in rates)
    assert all(margin is None or margin <= 1 for _, margin in rates)


def test_growth_of_less_than_two_years_is_null_and_says_why(played: Timeline) -> None:
    """The mini world has 60 weeks, so no branch can be compared with itself a year before."""
    found = _query(played, "select growth, growth_note from analytics.branch_performance")

    assert found
    assert all(growth is None and note.startswith("first sale on ") for growth, note in found)


def test_reversals_of_the_mini_world_are_what_their_positions_say(truth: list[tuple[Row, str]]) -> None:
    reversed_lines = [line for line, kind in truth if kind == "reversal"]

    assert sum(line["receiptPosition"] > REVERSED_FROM for line in reversed_lines) == len(reversed_lines) / 2


def test_goods_that_were_written_off_are_a_months_write_offs_at_cost(
    played: Timeline, truth: list[tuple[Row, str]]
) -> None:
    articles = {int(row["number"]): row for row in played.simulator.truth("mini", "article")}

    def cell(line: Row, kind: str) -> tuple[date, int, int] | None:
        article = articles.get(int(line["articleNumber"]))
        if kind != "write-off" or article is None:
            return None
        month = date.fromisoformat(line["date"][:10]).replace(day=1)
        return month, article["seasonNumber"], article["categoryNumber"]

    rows = played.retailer.query("select * from analytics.markdowns_monthly where write_off_units <> 0")
    found = {(row["month_start"], row["season_number"], row["category_number"]): row for row in rows}
    expected = added_up(truth, cell)
    assert set(found) == {key for key, units in expected.units.items() if units}
    for key, row in found.items():
        assert (row["write_off_units"], row["write_off_cost"]) == (expected.units[key], expected.cost[key])
        assert row["write_off_note"] is None
