"""What receipt lines earn, in plain Python: nothing here reads the product's SQL.

A tenant's prices are given as its file gives them, the source's rows as the wire sends them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, NamedTuple

from line_kinds import Row, known_price, money
from played import Played
from source_rows import day

_CENT, _FACTOR, _RATE = Decimal("0.01"), Decimal("0.000001"), Decimal("0.00000001")
NO_BASIS = "no price basis"


def rounded(value: Decimal, to: Decimal = _CENT) -> Decimal:
    """Return a value whose halves go away from zero."""
    return value.quantize(to, ROUND_HALF_UP)


class Priced(NamedTuple):
    """A line without tax, its cost in the tenant's currency, why it has no margin, and its rate of tax."""

    net: Decimal | None
    cost: Decimal | None
    note: str | None
    rate: Decimal | None = None

    @property
    def margin(self) -> Decimal | None:
        """What the line earned."""
        if self.note or self.net is None or self.cost is None:
            return None
        return self.net - self.cost


@dataclass(frozen=True)
class PriceList:
    """What a tenant's prices hold and what its source says of articles.

    Attributes:
        prices: the section of the tenant file, None without one.
        rows: the source's rows by resource.
        currency: the tenant's.
    """

    prices: Mapping[str, Any] | None
    rows: Mapping[str, list[Row]]
    currency: str = "EUR"

    def priced(self, line: Row) -> Priced:
        """Return what a line holds."""
        article = self._articles.get(int(line["articleNumber"]), {})
        tax_number = self._categories.get(article.get("categoryNumber"), {}).get("taxNumber")
        rate = self._tax_rate(tax_number, day(line["date"]))
        code = self._currency_code(article)
        exchange = self._exchange_rate(code or self.currency)
        factor = self._factor(int(line["articleNumber"]))
        paid, cost = money(line["salePrice"]), money(line["purchasePrice"])
        net = None if rate is None else rounded(paid / (1 + rate))
        paid_cost = None
        if cost and exchange is not None and factor is not None:
            paid_cost = rounded(cost * rounded(factor * exchange, _RATE))
        note = self._note(tax_number, rate, cost, code, exchange, factor)
        return Priced(net, paid_cost, note, rate if self._includes_tax else None)

    def unit_cost(self, number: int) -> Decimal | None:
        """Return what a unit costs today; None where it is not known."""
        article = self._articles[number]
        line = {"articleNumber": number, "date": "2026-03-01", "salePrice": 0}
        return self.priced({**line, "purchasePrice": article["purchasePrice"]}).cost

    def list_price_net(self, number: int, at: date) -> Decimal | None:
        """Return the list price of an article without tax at a day's rate; None where one is not known."""
        price = self.list_price(number)
        line = {"articleNumber": number, "date": at.isoformat(), "salePrice": price, "purchasePrice": 0}
        return self.priced(line).net if price else None

    def sale_price_net(self, number: int, at: date) -> Decimal | None:
        """Return the selling price of an article without tax at a day's rate; None where one is not known."""
        price = self._articles[number]["price"]
        return self.priced(
            {"articleNumber": number, "date": at.isoformat(), "salePrice": price, "purchasePrice": 0}
        ).net

    def list_price(self, number: int) -> Decimal | None:
        """Return the price that was planned for an article, else that of its label; None where there is neither."""
        article = self._articles[number]
        return known_price(article["calculatedPrice"]) or known_price(article["labelPrice"])

    def order_cost(self, order: Row, line: Row) -> Decimal | None:
        """Return what a unit of an order line costs; where the line does not say, what the article costs today."""
        is_net = (self.prices or {}).get("cost") == "net_purchase_price"
        price = money(line["netPurchasePrice" if is_net else "purchasePrice"] or 0)
        factor = 1 - money(order["overallDiscount"] or 0) / 100 if is_net else Decimal(1)
        article = self._articles[int(line["articleNumber"])]
        exchange = self._exchange_rate(self._currency_code(article) or self.currency)
        if not price or exchange is None:
            return self.unit_cost(int(line["articleNumber"]))
        return rounded(price * rounded(factor * exchange, _RATE))

    def _currency_code(self, article: Row) -> str | None:
        supplier = self._suppliers.get(article.get("supplierNumber"), {})
        return article.get("currencyNumber") or supplier.get("currencyNumber")

    def _note(
        self,
        tax_number: int | None,
        rate: Decimal | None,
        cost: Decimal,
        code: str | None,
        exchange: Decimal | None,
        factor: Decimal | None,
    ) -> str | None:
        checks = [
            (self.prices is None, NO_BASIS),
            (rate is None and not tax_number, "no tax number"),
            (rate is None, f"no rate of tax number {tax_number}"),
            (not cost, "no cost"),
            (exchange is None, f"no rate of exchange for {code}"),
            (factor is None, "no net purchase price"),
        ]
        return next((note for is_so, note in checks if is_so), None)

    @cached_property
    def _includes_tax(self) -> bool:
        return bool((self.prices or {}).get("include_tax", True))

    def _tax_rate(self, number: int | None, at: date) -> Decimal | None:
        if not self._includes_tax:
            return Decimal(0)
        rates = (self.prices or {}).get("tax_rates", {}).get(number, [])
        past = [each for each in rates if day(each["from"]) <= at]
        newest = max(past, key=lambda each: each["from"], default=None)
        return None if newest is None else Decimal(str(newest["rate"])) / 100

    def _exchange_rate(self, code: str) -> Decimal | None:
        if code == self.currency:
            return Decimal(1)
        stated = [row for row in self.rows["currency"] if row["number"] == code and row["course"]]
        return rounded(Decimal(str(stated[0]["course"])) / stated[0]["unit"], _RATE) if stated else None

    def _factor(self, article: int) -> Decimal | None:
        if (self.prices or {}).get("cost") != "net_purchase_price":
            return Decimal(1)
        net, full = self._paid_and_listed.get(article, (Decimal(0), Decimal(0)))
        return rounded(net / full, _FACTOR) if full else None

    @cached_property
    def _paid_and_listed(self) -> dict[int, tuple[Decimal, Decimal]]:
        """What was ordered of each article: by the price that was paid, and by the price of the list."""
        found: dict[int, tuple[Decimal, Decimal]] = {}
        for order in self.rows["order"]:
            less = 1 - money(order["overallDiscount"] or 0) / 100
            for line in order["positions"]:
                if line["netPurchasePrice"]:
                    net, full = found.get(int(line["articleNumber"]), (Decimal(0), Decimal(0)))
                    units = money(line["orderAmount"])
                    paid = units * money(line["netPurchasePrice"]) * less
                    listed = units * money(line["purchasePrice"])
                    found[int(line["articleNumber"])] = (net + paid, full + listed)
        return found

    @cached_property
    def _articles(self) -> dict[int, Row]:
        return {int(row["number"]): row for row in self.rows["article"]}

    @cached_property
    def _categories(self) -> dict[int, Row]:
        return {row["number"]: row for row in self.rows["category"]}

    @cached_property
    def _suppliers(self) -> dict[int, Row]:
        return {row["number"]: row for row in self.rows["supplier"]}


@dataclass
class Earned:
    """What the lines of one key add up to."""

    amount: Decimal = Decimal(0)
    nets: list[Decimal] = field(default_factory=list)
    costs: list[Decimal] = field(default_factory=list)
    margins: list[Decimal] = field(default_factory=list)
    priced_net: Decimal = Decimal(0)
    notes: list[str] = field(default_factory=list)

    def add(self, line: Row, priced: Priced) -> None:
        """Add a line."""
        self.amount += money(line["salePrice"])
        self.nets += [] if priced.net is None else [priced.net]
        self.costs += [] if priced.cost is None else [priced.cost]
        if priced.margin is None:
            self.notes.append(priced.note or "")
        else:
            self.margins.append(priced.margin)
            self.priced_net += priced.net or Decimal(0)

    @property
    def net(self) -> Decimal | None:
        """Revenue without tax; None where no line's is known."""
        return sum(self.nets, Decimal(0)) if self.nets else None

    @property
    def cost(self) -> Decimal | None:
        """Cost; None where no line's is known."""
        return sum(self.costs, Decimal(0)) if self.costs else None

    @property
    def margin(self) -> Decimal | None:
        """Margin of the lines that have one; None where none has."""
        return sum(self.margins, Decimal(0)) if self.margins else None

    @property
    def margin_rate(self) -> float | None:
        """Margin by the revenue without tax that it comes from."""
        if self.margin is None or self.priced_net <= 0 or self.margin >= self.priced_net:
            return None
        return round(float(self.margin) / float(self.priced_net), 6)

    @property
    def note(self) -> str | None:
        """How many lines have none, and why."""
        reason, lines = first_reason(self.notes), len(self.notes) + len(self.margins)
        return f"{len(self.notes)} of {lines} lines: {reason}" if reason else None


def first_reason(reasons: Collection[str]) -> str | None:
    """Return the first of the reasons, by the alphabet, and whether there are others."""
    if not reasons:
        return None
    return min(reasons) + (", and others" if len(set(reasons)) > 1 else "")


def earned_by(lines: Iterable[tuple[Row, Priced]], key: Callable[[Row], Any]) -> dict[Any, Earned]:
    """Add up priced lines by a key; None leaves a line out."""
    found: dict[Any, Earned] = defaultdict(Earned)
    for line, priced in lines:
        name = key(line)
        if name is not None:
            found[name].add(line, priced)
    return dict(found)


def price_list(played: Played) -> PriceList:
    """Return what the tenant's file and the source say of prices."""
    return PriceList(played.decided.get("prices"), played.rows, played.decided["currency"])


def line_costs(played: Played) -> dict[str, Decimal | None]:
    """Return what a unit of each order line costs, by the id of the line; None where it is not known."""
    prices = price_list(played)
    return {
        line["id"]: prices.order_cost(order, line)
        for order in played.rows["order"]
        for line in order["positions"]
    }
