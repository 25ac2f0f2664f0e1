"""What receipt lines are and what they add up to, in plain Python: nothing here reads the product's SQL.

Lines, articles and categories are the wire's rows. A reversal is found by its position, the original's plus 500,000,
and not by its content, as the product finds it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

REVERSED_FROM = 500_000
GOODS = {"sale", "return", "staff purchase", "staff return", "consignment"}

Row = Mapping[str, Any]
"""A row of the wire."""


def cost_note(price: Decimal | None) -> str | None:
    """Return why a purchase price is not known, of a retailer that declares no currencies and no net prices."""
    return "no purchase price" if price is None else None


def known_price(value: Any) -> Decimal | None:
    """Return an amount of the source, which writes 0 where it knows no price."""
    return money(value) or None


@dataclass(frozen=True)
class Shop:
    """What is known of a shop's articles, and from where on a line is a mistake.

    Attributes:
        articles: articles by number.
        services: numbers of categories that are services.
        consigned: numbers of articles that stay the supplier's.
        vouchers: numbers of articles that are vouchers.
    """

    articles: Mapping[int, Row]
    services: set[int]
    consigned: set[int] = field(default_factory=set)
    vouchers: set[int] = field(default_factory=set)
    most_units: int = 10_000
    most_times_the_price: int = 100

    def article_kind(self, number: int) -> str:
        """Return what an article is."""
        if number in self.vouchers:
            return "voucher"
        if self.articles.get(number, {}).get("categoryNumber") in self.services:
            return "service"
        return "consignment" if number in self.consigned else "merchandise"

    def line_kind(self, line: Row) -> str:
        """Return what a line is that nothing takes back."""
        kind = self.article_kind(int(line["articleNumber"]))
        units, paid = money(line["quantity"]), money(line["salePrice"])
        if kind in ("service", "voucher"):
            return kind
        if units == 0 or units * paid < 0:
            return "unclassified"
        if paid == 0:
            return "write-off"
        if abs(units) >= self.most_units or self._is_too_dear(line, units, paid):
            return "keying error"
        if line["type"] in (2, 3):
            return "staff return" if units < 0 else "staff purchase"
        if kind == "consignment":
            return kind
        return "return" if units < 0 else "sale"

    def _is_too_dear(self, line: Row, units: Decimal, paid: Decimal) -> bool:
        price = money(self.articles.get(int(line["articleNumber"]), {}).get("labelPrice", 0))
        return price > 0 and abs(paid / units) >= self.most_times_the_price * price


@lru_cache(maxsize=1 << 17)
def money(value: Any) -> Decimal:
    """Return a number of the wire without the dust of binary fractions."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


def classified(lines: Iterable[Row], shop: Shop) -> Iterator[tuple[Row, str]]:
    """Yield every line with its kind."""
    receipts: dict[tuple[Any, ...], dict[int, Row]] = defaultdict(dict)
    alone: list[Row] = []
    for line in lines:
        key = (line["branchNumber"], line["date"], line["receiptNumber"])
        if line["receiptPosition"] in receipts[key]:
            alone.append(line)
        else:
            receipts[key][line["receiptPosition"]] = line
    for receipt in receipts.values():
        taken_back = {at - REVERSED_FROM for at in receipt if at > REVERSED_FROM} & receipt.keys()
        both = taken_back | {at + REVERSED_FROM for at in taken_back}
        for at, line in receipt.items():
            yield line, "reversal" if at in both else shop.line_kind(line)
    for line in alone:
        yield line, shop.line_kind(line)


@dataclass
class Sums:
    """Lines, units, amounts and costs by a key."""

    lines: Counter[Any] = field(default_factory=Counter)
    units: Counter[Any] = field(default_factory=Counter)
    amount: Counter[Any] = field(default_factory=Counter)
    cost: Counter[Any] = field(default_factory=Counter)

    def of(self, key: Any) -> tuple[int, Decimal, Decimal, Decimal]:
        """Return lines, units, amount and cost of a key."""
        return self.lines[key], self.units[key], self.amount[key], self.cost[key]


def added_up(kinds: Iterable[tuple[Row, str]], key: Callable[[Row, str], Any]) -> Sums:
    """Add up lines by what a function of line and kind returns; None leaves a line out."""
    sums = Sums()
    for line, kind in kinds:
        name = key(line, kind)
        if name is not None:
            sums.lines[name] += 1
            sums.units[name] += money(line["quantity"])
            sums.amount[name] += money(line["salePrice"])
            sums.cost[name] += money(line["purchasePrice"])
    return sums
