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


def goods_of(played: Played) -> list[tuple[Row, str]]:
    """Return the receipt lines of goods that nothing took back, with their kind."""
    if "goods" not in played.known:
        lines = classified(played.rows["sale"], shop_of(played))
        played.known["goods"] = [(line, kind) for line, kind in lines if kind in GOODS]
    found: list[tuple[Row, str]] = played.known["goods"]
    return found


def size_key(row: Row) -> Size:
    """Return what a stock row is of."""
    return int(row["articleNumber"]), int(row["number"]), row["branchNumber"]


def free_of(played: Played) -> dict[Size, int]:
    """Return what may be sold of each size; less than nothing is an error of the books."""
    return {
        size_key(row): max(int(row["stockQuantity"]) - int(row["selectionQuantity"]), 0)
        for row in played.rows["articlesize"]
    }


def sold_key(line: Row) -> Size:
    """Return what a receipt line sold."""
    return int(line["articleNumber"]), int(line["articleSizeNumber"]), line["branchNumber"]


@dataclass
class Moved:
    """Units of goods that came and went on a day, without what was taken back on its receipt."""

    received: int = 0
    sold: int = 0
    returned: int = 0


def moves(played: Played) -> dict[Size, dict[date, Moved]]:
    """Return what moved the stock of each size."""
    found: dict[Size, dict[date, Moved]] = defaultdict(lambda: defaultdict(Moved))
    for line, _ in goods_of(played):
        moved, units = found[sold_key(line)][day(line["date"])], int(line["quantity"])
        moved.sold += max(units, 0)
        moved.returned += max(-units, 0)
    for order in order_lines(played):
        if order.delivered > 0:
            found[order.size][min(order.arrives, played.today)].received += order.delivered
    return found


def closings(played: Played, days: int) -> dict[Size, list[int]]:
    """Return the stock of each size at the end of so many days, newest first: what moved since is undone.

    It is only true of a shop in which nothing but sales, returns and deliveries moves stock.
    """
    moved, found = moves(played), {}
    for row in played.rows["articlesize"]:
        stock, history = int(row["stockQuantity"]), []
        for back in range(days):
            history.append(stock)
            that = moved.get(size_key(row), {}).get(played.today - timedelta(days=back), Moved())
            stock += that.sold - that.returned - that.received
        found[size_key(row)] = history
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
