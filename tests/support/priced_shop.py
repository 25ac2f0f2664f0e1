"""A shop with two rates of tax, three currencies and gaps in its prices, and what its lines and receipts hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from edits import Edits
from line_kinds import GOODS, Row, Shop, classified, money
from price_truth import Priced, PriceList
from source_rows import day, year_of
from timeline import Timeline

from prohandel_simulator.testing import RunningSimulator

START, TODAY = date(2026, 3, 4), date(2026, 3, 6)
PRICES: dict[str, Any] = {
    "include_tax": True,
    "tax_rates": {
        1: [
            {"from": "2021-01-01", "rate": 19},
            {"from": "2025-11-01", "rate": 16},
            {"from": "2026-02-01", "rate": 19},
        ],
        2: [{"from": "2021-01-01", "rate": 7}],
    },
    "cost": "net_purchase_price",
}
REDUCED, UNTAXED, NUMBERLESS = 1221, 1430, 1810
RESOURCES = ("sale", "order", "article", "category", "supplier", "currency")
RECEIPT = 11_900_000
LINE = {"date": TODAY.isoformat(), "salePrice": 1, "purchasePrice": 1}


class Figures:
    """What the marts say with a price basis and without one, and every line of goods with what it holds.

    Attributes:
        list: what the source's rows and the tenant's prices say.
        lines: the lines of goods.
        marts: rows of each mart by whether the tenant file says what prices hold.
        held: stock of each article at the end of a day, averaged over the 364 days of the year.
        today: business day of the last run.
    """

    def __init__(
        self,
        prices: PriceList,
        lines: Iterable[Row],
        marts: Mapping[bool, Mapping[str, list[Row]]],
        held: Mapping[int, float],
        today: date = TODAY,
    ) -> None:
        self.list, self.marts, self.held, self.today = prices, marts, held, today
        self.lines = [(line, prices.priced(line)) for line in lines]
        self.category = {int(row["number"]): row["categoryNumber"] for row in prices.rows["article"]}

    def year(self) -> list[tuple[Row, Priced]]:
        """Return the lines of the 52 complete weeks."""
        first, after = year_of(self.today)
        return [each for each in self.lines if first <= sold_on(each[0]) < after]

    def days(self, count: int) -> list[tuple[Row, Priced]]:
        """Return the lines of so many days up to today."""
        first = self.today - timedelta(days=count - 1)
        return [each for each in self.lines if first <= sold_on(each[0])]


def figures_of(timeline: Timeline, marts: Mapping[bool, Mapping[str, list[Row]]]) -> Figures:
    """Return the figures of the shop after its last run."""
    rows = {name: timeline.simulator.truth("mini", name) for name in RESOURCES}
    services = {row["number"] for row in rows["category"] if row["isServiceCategory"]}
    shop = Shop({int(row["number"]): row for row in rows["article"]}, services)
    goods = [line for line, kind in classified(rows["sale"], shop) if kind in GOODS]
    held: dict[int, float] = defaultdict(float)
    first, after = year_of(TODAY)
    for past in range((after - first).days):
        for (article, _), stock in timeline.closing[first + timedelta(days=past)].items():
            held[article] += stock / 364
    return Figures(PriceList(PRICES, rows), goods, marts, held)


def sold_on(line: Row) -> date:
    return day(line["date"])


def article_of(line: Row) -> int | None:
    return int(line["articleNumber"]) or None


def prepare(simulator: RunningSimulator) -> None:
    """Give the shop rates, currencies and gaps that its world does not have by itself."""
    currencies = Edits(simulator, "currency")
    currencies.add("francs", number="CHF", isoAlpha3="CHF", unit=100, course=105.1234)
    _number_taxes(simulator)
    sold = defaultdict(list)
    for line in simulator.truth("mini", "sale"):
        sold[int(line["articleNumber"])].append(line["id"])
    usual = [
        row
        for row in simulator.truth("mini", "article")
        if row["categoryNumber"] not in (REDUCED, UNTAXED, NUMBERLESS) and len(sold[int(row["number"])]) > 20
    ]
    articles, suppliers = Edits(simulator, "article"), Edits(simulator, "supplier")
    abroad = usual[0]["supplierNumber"]
    for row in simulator.truth("mini", "supplier"):
        if row["number"] == abroad:
            suppliers.change(row["id"], currencyNumber="CHF")
    for row in simulator.truth("mini", "article"):
        if row["supplierNumber"] == abroad:
            articles.change(row["id"], currencyNumber="")
    others = [row for row in usual if row["supplierNumber"] != abroad]
    articles.change(others[0]["id"], currencyNumber="PLN")
    articles.change(others[1]["id"], purchasePrice=0)
    sales = Edits(simulator, "sale")
    for key in sold[int(others[1]["number"])]:
        sales.change(key, purchasePrice=0)
    _discount(simulator, int(others[2]["number"]))
    _sell_what_is_no_article(sales)


def _number_taxes(simulator: RunningSimulator) -> None:
    """Give three categories another tax number than the others have."""
    edits = Edits(simulator, "category")
    for number, tax_number in ((REDUCED, 2), (UNTAXED, 3), (NUMBERLESS, 0)):
        [key] = [row["id"] for row in simulator.truth("mini", "category") if row["number"] == number]
        edits.change(key, taxNumber=tax_number)


def _sell_what_is_no_article(sales: Edits) -> None:
    """Add a receipt line without an article on the Sunday before, the last day of the year."""
    day = f"{START - timedelta(days=3):%Y-%m-%d}T00:00:00"
    nowhere = {
        "articleNumber": 0,
        "articleSizeNumber": 0,
        "branchNumber": 1,
        "quantity": 2,
        "salePrice": 30.0,
    }
    receipt = {"receiptNumber": RECEIPT, "receiptPosition": 1, "date": day, "time": 43_200, "type": 0}
    sales.add("of no article", **nowhere, **receipt, purchasePrice=10.0, discount=0, deduction=0)


def _discount(simulator: RunningSimulator, article: int) -> None:
    """Take 3 % off every order, and a tenth off the lines of an article."""
    orders = simulator.world("mini").collections["order"]
    for slot in orders.visible.tolist():
        order = orders.read(slot)
        order["overallDiscount"] = 3.0
        for line in order["positions"]:
            if line["articleNumber"] == article:
                line["netPurchasePrice"] = round(line["purchasePrice"] * 0.9, 2)
        orders.update(slot, order, simulator.simulator.clock.ticks)


@dataclass
class Entry:
    """What was delivered of an article, or of a season and category, at list price and at cost."""

    units: Decimal = Decimal(0)
    listed: Decimal | None = None
    cost: Decimal | None = None
    notes: list[str] = field(default_factory=list)
    articles: int = 0

    @property
    def markup(self) -> Any:
        return (
            pytest.approx(float(self.listed / self.cost) - 1, abs=1e-5) if self.listed and self.cost else None
        )


def entries_of(figures: Figures) -> dict[int, Entry]:
    """Return the receipts of every article of goods."""
    prices, rows = figures.list, figures.list.rows
    services = {row["number"] for row in rows["category"] if row["isServiceCategory"]}
    found = {
        int(row["number"]): Entry(articles=1)
        for row in rows["article"]
        if row["categoryNumber"] not in services
    }
    for order in rows["order"]:
        for line in order["positions"]:
            number, units = int(line["articleNumber"]), money(line["deliveredAmount"])
            cost, net = prices.order_cost(order, line), prices.list_price_net(number, figures.today)
            entry = found[number]
            entry.units += max(units, Decimal(0))
            if units > 0 and cost is not None:
                entry.cost = (entry.cost or Decimal(0)) + units * cost
                entry.listed = None if net is None else (entry.listed or Decimal(0)) + units * net
    for number, entry in found.items():
        if prices.list_price_net(number, figures.today) is None:
            reason = "no list price" if prices.list_price(number) is None else "no tax rate"
            entry.notes, entry.cost = [reason], None
        elif entry.cost is None and prices.unit_cost(number) is None:
            exchange = prices.priced({**LINE, "articleNumber": number}).note or ""
            is_unknown = exchange.startswith("no rate of exchange")
            entry.notes = ["no rate of exchange" if is_unknown else "no purchase price"]
    return found


def by_season(figures: Figures, entries: dict[int, Entry]) -> dict[tuple[int, int], Entry]:
    """Add up entries by season and category."""
    articles = {int(row["number"]): row for row in figures.list.rows["article"]}
    found: dict[tuple[int, int], Entry] = defaultdict(Entry)
    for number, entry in entries.items():
        group = found[articles[number]["seasonNumber"], articles[number]["categoryNumber"]]
        group.units += entry.units
        group.articles += 1
        group.notes += entry.notes
        if entry.cost is not None and entry.listed is not None:
            group.cost = (group.cost or Decimal(0)) + entry.cost
            group.listed = (group.listed or Decimal(0)) + entry.listed
    return found
