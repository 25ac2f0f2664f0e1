"""What names a master that is not there is counted where it can be, or an issue: nothing vanishes in a join."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from edits import Edits
from line_kinds import GOODS, Row, Shop, added_up, classified, money
from source_rows import SHORT_DELIVERY, by_number, size_key, year_of
from timeline import Timeline

from prohandel_simulator.testing import RunningSimulator, running_simulator

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

START = date(2026, 3, 26)
# An article and a supplier that sell on are deleted; a branch that was never announced sells an article of others.
ARTICLE, SUPPLIER, BRANCH, OPENING = 100020018, 70002, 9, 100020011
UNITS_THERE, STOCK_THERE = 3, 5
NO_SIZE = ""


def _delete_masters(simulator: RunningSimulator) -> None:
    for resource, number in (("article", ARTICLE), ("supplier", SUPPLIER)):
        ids = {row["number"]: row["id"] for row in simulator.truth("mini", resource)}
        Edits(simulator, resource).delete(ids[number], silent=False)


def _open_branch(simulator: RunningSimulator) -> Row:
    """Let a branch without a master have stock, and sales of last week; return the size."""
    stocked = simulator.truth("mini", "articlesize")
    size = next(row for row in stocked if size_key(row)[::2] == (OPENING, 1))
    there: dict[str, Any] = {"articleNumber": OPENING, "branchNumber": BRANCH}
    Edits(simulator, "articlesize").add("size there", **{**size, **there, "stockQuantity": STOCK_THERE})
    Edits(simulator, "sale").add(
        "sale there",
        **there,
        articleSizeNumber=size["number"],
        date=f"{START - timedelta(days=7)}T00:00:00",
        receiptNumber=12_000_000,
        receiptPosition=1,
        type=0,
        quantity=UNITS_THERE,
        salePrice=UNITS_THERE * size["salePrice"],
        purchasePrice=UNITS_THERE * size["purchasePrice"],
    )
    return size


def _spoil_orders(simulator: RunningSimulator, size: Row) -> str:
    """Let lines of the newest order name what is not there; return the id of the order before it."""
    orders = Edits(simulator, "order")
    *_, before, newest = sorted(orders.ids, key=lambda key: orders.row(key)["created"])
    first, second, third, *others = orders.row(newest)["positions"]
    there = {"articleNumber": OPENING, "branchNumber": BRANCH, "size": size["size"], "ean": size["ean"]}
    nothing = {"articleNumber": 0, "ean": "", "size": NO_SIZE}
    orders.change(
        newest, positions=[{**first, **there}, {**second, "branchNumber": 0}, {**third, **nothing}, *others]
    )
    return before


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """Read a shop whose masters are missing, lose the header of an order in RAW, and build everything."""
    with running_simulator(["mini"], today=START) as simulator:
        _delete_masters(simulator)
        headless = _spoil_orders(simulator, _open_branch(simulator))
        timeline = Timeline(simulator, tmp_path_factory.mktemp("masters"))
        timeline.advance_to(datetime(2026, 3, 26, 12, 20))
        timeline.read()
        with timeline.retailer.engine() as engine:
            engine.execute("delete from raw.purchase_order where id = $id", {"id": headless})
        timeline.build("+tag:marts")
        yield timeline


@pytest.fixture(scope="module")
def goods(played: Timeline) -> list[Row]:
    """Receipt lines of goods, as the source has them."""
    categories = {row["number"] for row in rows_of(played, "category") if row["isServiceCategory"]}
    shop = Shop(by_number(rows_of(played, "article")), categories)
    return [line for line, kind in classified(rows_of(played, "sale"), shop) if kind in GOODS]


def rows_of(played: Timeline, resource: str) -> list[dict[str, Any]]:
    return played.simulator.truth("mini", resource)


def backlog(played: Timeline) -> list[tuple[int, int, Row]]:
    """Article, branch and row of every order line that is to come."""
    return [
        (int(line["articleNumber"]), line["branchNumber"], line)
        for order in rows_of(played, "order")
        for line in order["positions"]
        if line["backlogAmount"] > 0 and line["status"] != SHORT_DELIVERY
    ]


def issues(played: Timeline, *names: str) -> dict[tuple[str, int, int], tuple[float, Decimal | None]]:
    """Units and money of issues, by issue, article and branch."""
    found = played.retailer.query(
        "select issue, article_number, branch_number, sum(units) as units, sum(amount) as amount "
        f"from analytics.inventory_issue where issue in {names!r} group by all"
    )
    return {
        (row["issue"], row["article_number"], row["branch_number"]): (row["units"], row["amount"])
        for row in found
    }


def paid(played: Timeline, article: int) -> float:
    """Return what a unit of an article cost in all orders on average."""
    lines = [
        line
        for order in rows_of(played, "order")
        for line in order["positions"]
        if line["articleNumber"] == article
    ]
    units = sum(line["orderAmount"] for line in lines)
    return float(sum(line["orderAmount"] * line["purchasePrice"] for line in lines) / units)


MARTS_OF_SALES = {
    "fct_sales": "select sum(units), sum(revenue) from analytics.fct_sales",
    "daily_sales_agg": "select sum(units), sum(revenue) from analytics.daily_sales_agg",
    "sales_weekly": "select sum(units), sum(revenue) from analytics.sales_weekly",
    "sales_by_season": "select sum(units), sum(revenue) from analytics.sales_by_season",
    "article_sales_agg": "select sum(units), sum(revenue) from analytics.article_sales_agg",
    "branch_monthly": "select sum(units), sum(revenue) from analytics.branch_monthly",
}


@pytest.mark.parametrize("mart", MARTS_OF_SALES)
def test_what_was_sold_adds_up_whatever_master_is_missing(
    played: Timeline, goods: list[Row], mart: str
) -> None:
    [row] = played.retailer.query(MARTS_OF_SALES[mart])

    units, revenue = (sum(money(line[name]) for line in goods) for name in ("quantity", "salePrice"))
    assert tuple(row.values()) == (units, revenue)


def test_a_branch_and_an_article_without_master_have_their_sales(played: Timeline, goods: list[Row]) -> None:
    first, after = (day.isoformat() for day in year_of(START))
    year = [(line, "sale") for line in goods if first <= line["date"][:10] < after]
    sums = added_up(year, lambda line, _: line["branchNumber"])

    rows = played.retailer.query(
        "select branch_number, branch_name, revenue from analytics.branch_performance"
    )

    assert {row["branch_number"]: row["revenue"] for row in rows} == dict(sums.amount)
    assert {row["branch_name"] for row in rows if row["branch_number"] == BRANCH} == {f"Branch {BRANCH}"}
    [sold] = played.retailer.query(
        f"select article_name, units from analytics.article_sales_agg where article_number = {ARTICLE}"
    )
    assert sold["article_name"] == f"Article {ARTICLE}"
    assert sold["units"] == sum(line["quantity"] for line in goods if line["articleNumber"] == ARTICLE)


@pytest.mark.parametrize("mart", ["inventory_position", "warehouse_inventory_agg", "stock_age"])
def test_every_unit_of_stock_is_in_a_branch_whatever_master_is_missing(played: Timeline, mart: str) -> None:
    stock: Counter[int] = Counter()
    for row in rows_of(played, "articlesize"):
        stock[row["branchNumber"]] += row["stockQuantity"]

    rows = played.retailer.query(
        f"select branch_number, sum(on_hand) as units from analytics.{mart} group by branch_number"
    )

    assert {row["branch_number"]: row["units"] for row in rows if row["units"]} == dict(stock)
    assert stock[BRANCH] == STOCK_THERE


def test_every_unit_on_order_is_in_a_position_or_an_issue(played: Timeline) -> None:
    """Lines of an order without its header and of an article or a branch without a master are in positions."""
    expected: dict[tuple[int, int], float] = defaultdict(float)
    for article, branch, line in backlog(played):
        expected[article, branch] += line["backlogAmount"]
    [(_, _, nowhere)] = [each for each in backlog(played) if not each[1]]
    [(_, _, nothing)] = [each for each in backlog(played) if not each[0]]

    rows = played.retailer.query(
        "select article_number, branch_number, sum(on_order) as units from analytics.inventory_position "
        "where on_order > 0 group by all"
    )

    apart = issues(played, "order without article", "order without branch")
    found = {(row["article_number"], row["branch_number"]): float(row["units"]) for row in rows}
    assert found | {key[1:]: units for key, (units, _) in apart.items()} == {
        key: units for key, units in expected.items() if units
    }
    assert {ARTICLE, OPENING} <= {article for article, _ in found}
    assert apart == {
        ("order without article", 0, nothing["branchNumber"]): worth(
            nothing["backlogAmount"], nothing["purchasePrice"]
        ),
        ("order without branch", nowhere["articleNumber"], 0): worth(
            nowhere["backlogAmount"], nowhere["purchasePrice"]
        ),
    }


def worth(units: float, price: float) -> tuple[float, Decimal]:
    return units, money(units * price)


def test_what_has_no_master_or_header_is_an_issue_with_units_and_money(played: Timeline) -> None:
    headless = {
        (row["article_number"], row["branch_number"])
        for row in played.retailer.query(
            "select article_number, branch_number from raw.purchase_order_position "
            "where order_id not in (select id from raw.purchase_order) and backlog_amount > 0"
        )
    }
    stock: Counter[int] = Counter()
    for row in rows_of(played, "articlesize"):
        if row["articleNumber"] == ARTICLE:
            stock[row["branchNumber"]] += row["stockQuantity"]
    cost = by_number(rows_of(played, "article"))[OPENING]["purchasePrice"]
    [coming] = [line for article, branch, line in backlog(played) if (article, branch) == (OPENING, BRANCH)]

    found = issues(played, "article without master", "branch without master", "order without header")

    for branch, units in stock.items():
        stated = found.pop(("article without master", ARTICLE, branch))
        assert stated[0] == units
        assert float(stated[1] or 0) == pytest.approx(units * paid(played, ARTICLE), abs=0.1)
    there = worth(STOCK_THERE + coming["backlogAmount"], cost)
    assert found.pop(("branch without master", OPENING, BRANCH)) == there
    assert {key[1:] for key in found} == headless
    assert len(headless) > 3
    assert all(units > 0 and amount for units, amount in found.values())
    unknown = played.retailer.query(
        "select article_number from analytics.inventory_issue where issue = 'unknown supplier'"
    )
    assert {row["article_number"] for row in unknown} == {
        int(row["number"]) for row in rows_of(played, "article") if row["supplierNumber"] == SUPPLIER
    }


def test_no_action_is_about_what_has_no_master(played: Timeline) -> None:
    """All open orders of an article whose master was missing were to be cancelled, and its stock to be marked down."""
    rows = played.retailer.query("select article_number, branch_number from analytics.replenishment_action")

    assert len(rows) > 50
    assert ARTICLE not in {row["article_number"] for row in rows}
    assert BRANCH not in {row["branch_number"] for row in rows}


def test_an_unknown_supplier_is_ordered_from_by_its_number(played: Timeline) -> None:
    rows = played.retailer.query(
        "select supplier_number, supplier_name from analytics.replenishment_proposal"
    )

    assert {row["supplier_name"] for row in rows if row["supplier_number"] == SUPPLIER} == {None}


def test_what_nothing_prices_has_no_money_and_not_zero(played: Timeline) -> None:
    rows = played.retailer.query("select issue, units, amount from analytics.inventory_issue")

    assert [row for row in rows if row["units"] and row["amount"] == 0] == []
