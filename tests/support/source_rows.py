"""What the source's rows of a played shop mean, in plain Python: nothing here reads the product's SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from line_kinds import GOODS, Row, Shop, classified
from played import Played

WEEK = timedelta(days=7)
SHORT_DELIVERY = 2
# Kinds of lines that move stock and are neither sold nor returned.
CORRECTIONS = {"write-off", "keying error", "unclassified"}
Size = tuple[int, int, int]
"""Article, number of the size, branch."""


@lru_cache(maxsize=1 << 14)
def day(text: str) -> date:
    """Return a day of the source."""
    return date.fromisoformat(text[:10])


def known_day(text: str | None) -> date | None:
    """Return a day of the source, which writes 1990-01-01 where it knows no day."""
    return None if not text or text.startswith("1990-01-01") else day(text)


def monday(at: date) -> date:
    """Return the Monday of a day's week."""
    return at - timedelta(days=at.weekday())


def year_of(today: date) -> tuple[date, date]:
    """Return the first day of the 52 complete weeks before a day, and the day after them."""
    return monday(today) - 52 * WEEK, monday(today)


def by_number(rows: Iterable[Row], name: str = "number") -> dict[int, Row]:
    """Return rows by their number."""
    return {int(row[name]): row for row in rows}


def shop_of(played: Played) -> Shop:
    """Return what is known of a shop without consignment."""
    services = {row["number"] for row in played.rows["category"] if row["isServiceCategory"]}
    return Shop(by_number(played.rows["article"]), services, vouchers=set(played.vouchers))


def kinds_of(played: Played) -> list[tuple[Row, str]]:
    """Return all receipt lines with their kind."""
    if "kinds" not in played.known:
        played.known["kinds"] = list(classified(played.rows["sale"], shop_of(played)))
    found: list[tuple[Row, str]] = played.known["kinds"]
    return found


def goods_of(played: Played) -> list[tuple[Row, str]]:
    """Return the receipt lines of goods that nothing took back, with their kind."""
    if "goods" not in played.known:
        played.known["goods"] = [(line, kind) for line, kind in kinds_of(played) if kind in GOODS]
    found: list[tuple[Row, str]] = played.known["goods"]
    return found


def size_key(row: Row) -> Size:
    """Return what a stock row is of."""
    return int(row["articleNumber"]), int(row["number"]), row["branchNumber"]


def tills_name_staff(played: Played) -> bool:
    """Return whether the tills tell purchases of staff from others; where they never do, there may have been some."""
    return any(kind.startswith("staff") for _, kind in goods_of(played))


def stock_of(played: Played) -> list[Row]:
    """Return the stock rows of goods; a service has some at times, and no stock."""
    if "stock" not in played.known:
        shop = shop_of(played)
        kinds = {number: shop.article_kind(number) for number in shop.articles}
        played.known["stock"] = [
            row
            for row in played.rows["articlesize"]
            if kinds.get(int(row["articleNumber"])) not in ("service", "voucher")
        ]
    found: list[Row] = played.known["stock"]
    return found


def reordered(played: Played) -> set[int]:
    """Return the articles that are ordered again where nothing is decided: what never runs out, and is delivered."""
    shop, suppliers = shop_of(played), by_number(played.rows["supplier"])
    return {
        number
        for number, row in shop.articles.items()
        if row["isNOS"]
        and row["isActive"]
        and shop.article_kind(number) not in ("service", "voucher")
        and suppliers.get(row["supplierNumber"], {"isActive": True})["isActive"]
    }


def free_of(played: Played) -> dict[Size, int]:
    """Return what may be sold of each size; less than nothing is an error of the books."""
    return {
        size_key(row): max(int(row["stockQuantity"]) - int(row["selectionQuantity"]), 0)
        for row in stock_of(played)
    }


def sold_key(line: Row) -> Size:
    """Return what a receipt line sold."""
    return int(line["articleNumber"]), int(line["articleSizeNumber"]), line["branchNumber"]


@dataclass
class Moved:
    """Units of goods that came and went on a day, without what was taken back on its receipt.

    Attributes:
        written_off: units that went without a sale, less those that came so.
    """

    received: int = 0
    sold: int = 0
    returned: int = 0
    written_off: int = 0

    @property
    def change(self) -> int:
        """How many units more there were afterwards."""
        return self.received + self.returned - self.sold - self.written_off

    def plus(self, other: Moved) -> Moved:
        """Return what both are together."""
        return Moved(
            self.received + other.received,
            self.sold + other.sold,
            self.returned + other.returned,
            self.written_off + other.written_off,
        )


def moves(played: Played) -> dict[Size, dict[date, Moved]]:
    """Return what moved the stock of each size."""
    if "moves" not in played.known:
        played.known["moves"] = _moves(played)
    found: dict[Size, dict[date, Moved]] = played.known["moves"]
    return found


def _moves(played: Played) -> dict[Size, dict[date, Moved]]:
    found: dict[Size, dict[date, Moved]] = defaultdict(lambda: defaultdict(Moved))
    for line, kind in kinds_of(played):
        if kind in GOODS:
            moved, units = found[sold_key(line)][day(line["date"])], int(line["quantity"])
            moved.sold += max(units, 0)
            moved.returned += max(-units, 0)
        elif kind in CORRECTIONS:
            found[sold_key(line)][day(line["date"])].written_off += int(line["quantity"])
    for order in order_lines(played):
        if order.delivered > 0:
            found[order.size][min(order.arrives, played.today)].received += order.delivered
    return {size: dict(days) for size, days in found.items()}


def closings(played: Played, days: int) -> dict[Size, list[int]]:
    """Return the stock of each size at the end of so many days, newest first: what moved since is undone.

    It is only true of a shop in which nothing but receipt lines and deliveries moves stock.
    """
    known: tuple[int, dict[Size, list[int]]] = played.known.get("closings", (0, {}))
    if known[0] < days:
        known = days, _closings(played, days)
        played.known["closings"] = known
    return known[1] if known[0] == days else {size: stock[:days] for size, stock in known[1].items()}


def _closings(played: Played, days: int) -> dict[Size, list[int]]:
    moved, found = moves(played), {}
    for row in stock_of(played):
        stock, history = int(row["stockQuantity"]), list[int]()
        for at, that in sorted(moved.get(size_key(row), {}).items(), reverse=True):
            since = (played.today - at).days + 1
            if since > days:
                break
            history += [stock] * (since - len(history))
            stock -= that.change
        found[size_key(row)] = history + [stock] * (days - len(history))
    return found


@dataclass(frozen=True)
class OrderLine:
    """A line of an order to a supplier.

    Attributes:
        size: article, number of the size and branch.
        order: number of the order.
        supplier: number of the supplier.
        ordered: day of the order.
        arrives: day the goods are expected, or came.
        amount: units ordered.
        delivered: units that came.
        backlog: units that are still to come; none once the line was closed short.
        name: id of the line.
    """

    size: Size
    order: int
    supplier: int
    ordered: date
    arrives: date
    amount: int
    delivered: int
    backlog: int
    name: str


def order_lines(played: Played) -> Iterator[OrderLine]:
    """Yield the lines of all orders, each with the size that its barcode names, else its name."""
    by_ean: dict[tuple[Any, str], int] = {}
    by_name: dict[tuple[Any, str], int] = {}
    for row in sorted(played.rows["articlesize"], key=lambda row: -row["number"]):
        by_ean[row["articleNumber"], row["ean"]] = int(row["number"])
        by_name[row["articleNumber"], row["size"]] = int(row["number"])
    for order in played.rows["order"]:
        for line in order["positions"]:
            article = line["articleNumber"]
            size = by_ean[article, line["ean"]] if line["ean"] else by_name[article, line["size"]]
            yield OrderLine(
                size=(int(article), size, line["branchNumber"]),
                order=line["orderNumber"],
                supplier=order["supplierNumber"],
                ordered=day(order["created"]),
                arrives=day(line["expectedArrival"]),
                amount=int(line["orderAmount"]),
                delivered=int(line["deliveredAmount"]),
                backlog=0 if line["status"] == SHORT_DELIVERY else max(int(line["backlogAmount"]), 0),
                name=line["id"],
            )


def began(played: Played) -> dict[int, date]:
    """Return the day each article was first sold, else first delivered."""
    sold: dict[int, date] = {}
    for line, _ in goods_of(played):
        if line["quantity"] > 0:
            article = int(line["articleNumber"])
            sold[article] = min(day(line["date"]), sold.get(article, date.max))
    received: dict[int, date] = {}
    for order in order_lines(played):
        if order.delivered > 0:
            article = order.size[0]
            received[article] = min(order.arrives, received.get(article, date.max))
    return received | sold
