"""The life of an article and the days it was wanted and missing, computed from the source's rows in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil

import pytest
from played import Played
from source_rows import (
    Moved,
    began,
    by_number,
    day,
    goods_of,
    known_day,
    moves,
    order_lines,
    reordered,
    size_key,
    stock_of,
    year_of,
)

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

Key = tuple[int, int, int]
"""Article, size and branch."""
NEW, RUN_OFF = timedelta(weeks=6), timedelta(days=28)
NOT_REFILLED, QUARTER = timedelta(weeks=52), timedelta(weeks=13)
# Goods without a season are bought again where they came again so long after the first time, and so lately.
AGAIN_AFTER, AGAIN_WITHIN = timedelta(days=28), timedelta(weeks=26)

STATES = {
    **dict.fromkeys(("bought again", "on order", "sold out here", "in season"), "live"),
    **dict.fromkeys(("selling off", "no more supply"), "running off"),
    **dict.fromkeys(("sold out", "not refilled"), "sold out for good"),
    **dict.fromkeys(("never here", "season over", "delisted", "not sold", "branch closed"), "ended"),
    "first weeks": "new",
}


@dataclass
class Position:
    """A size in a branch: its days, what is still to come, and what was there before all of them."""

    days: dict[date, Moved] = field(default_factory=dict)
    on_order: int = 0
    opening: int = 0
    stock: int = 0
    first: date | None = None
    supplied: date | None = None
    emptied: date | None = None
    last_sold: date | None = None

    def compute(self, stock: int) -> None:
        """Walk through the days that end in a stock: what a customer brings back begins no time in stock."""
        self.days = dict(sorted(self.days.items()))
        self.opening = self.stock = stock - sum(moved.change for moved in self.days.values())
        for when, moved in self.days.items():
            before = self.stock
            self.stock += moved.change
            if self.first is None and (before > 0 or self.stock > 0 or moved.sold):
                self.first = when
            if supplies(moved):
                self.supplied, self.emptied = when, None
            if moved.sold:
                self.last_sold = when
            if self.emptied is None and self.stock <= 0 and (before > 0 or moved.received):
                self.emptied = when


def supplies(moved: Moved) -> bool:
    """Return whether goods came by a receipt, or by a correction that found some."""
    return moved.received > 0 or moved.written_off < 0


def positions(played: Played) -> dict[Key, Position]:
    """Return every position that has a stock row, from all receipts and order lines."""
    if "positions" not in played.known:
        played.known["positions"] = _positions(played)
    found: dict[Key, Position] = played.known["positions"]
    return found


def _positions(played: Played) -> dict[Key, Position]:
    stock = {size_key(row): int(row["stockQuantity"]) for row in stock_of(played)}
    moved, late = moves(played), overdue(played)
    found = {key: Position(moved.get(key, {}), -late[key]) for key in stock}
    for line in order_lines(played):
        if line.size in found:
            found[line.size].on_order += line.backlog
    for key, position in found.items():
        position.compute(stock[key])
    return found


@dataclass
class Article:
    """What the masters say."""

    again: bool
    over: bool
    ends: date | None
    new: bool


def articles(played: Played) -> dict[int, Article]:
    """Return what can still be expected of each article."""
    ends = {row["seasonNumber"]: known_day(row["validUntil"]) for row in played.rows["season"]}
    start, came, never_out = began(played), arrivals(played), reordered(played)
    known = {}
    for number, row in by_number(played.rows["article"]).items():
        last, days = ends.get(row["seasonNumber"]), came[number]
        came_again = row["isActive"] and last is None and bool(days) and max(days) - min(days) >= AGAIN_AFTER
        again = number in never_out or (came_again and max(days) > played.today - AGAIN_WITHIN)
        over = not again and ((last is not None and last < played.today) or not row["isActive"])
        known[number] = Article(again, over, last, start.get(number, date.max) > played.today - NEW)
    return known


def arrivals(played: Played) -> dict[int, set[date]]:
    """Return the days on which a supplier delivered an article."""
    found: dict[int, set[date]] = defaultdict(set)
    for line in order_lines(played):
        if line.delivered > 0:
            found[line.size[0]].add(min(line.arrives, played.today))
    return found


def lives(played: Played) -> list[tuple[Key, str, date | None]]:
    """Return why every size lives or ended in every branch that ever had or ordered the article, and since when."""
    if "lives" not in played.known:
        played.known["lives"] = list(_lives(played))
    found: list[tuple[Key, str, date | None]] = played.known["lives"]
    return found


def _lives(played: Played) -> Iterator[tuple[Key, str, date | None]]:
    found, known = positions(played), articles(played)
    closed = {row["number"] for row in played.rows["branch"] if not row["isActive"]}
    branches: dict[tuple[int, int], list[Position]] = defaultdict(list)
    sizes: dict[tuple[int, int], list[Position]] = defaultdict(list)
    for (article, size, branch), position in found.items():
        branches[article, branch].append(position)
        if branch not in closed:
            sizes[article, size].append(position)
    for (article, size, branch), position in found.items():
        here = branches[article, branch]
        if any(each.first or each.on_order for each in here):
            others = any(not sold_out(each) for each in sizes[article, size])
            why = reason(played, known[article], position, here, others)
            why = "branch closed" if branch in closed else why
            yield (article, size, branch), why, since(played, why, known[article], position, here)


def states(played: Played) -> Iterator[tuple[Key, str]]:
    """Yield the state of every such size."""
    for key, why, _ in lives(played):
        yield key, STATES[why]


def sold_out(position: Position) -> bool:
    return position.on_order <= 0 and (position.stock <= 0 or position.emptied is not None)


def reason(played: Played, master: Article, size: Position, here: list[Position], others: bool) -> str:
    sold = max((each.last_sold for each in here if each.last_sold), default=date.min)
    seen = min((each.first for each in here if each.first), default=played.today)
    if not master.again and size.first is None and not size.on_order:
        return "never here"
    if master.over:
        if size.stock <= 0 or size.emptied:
            return "sold out"
        if sold > played.today - RUN_OFF:
            return "selling off"
        return "season over" if master.ends and master.ends < played.today else "delisted"
    if master.again:
        return reason_again(played, master, size, here, seen)
    if master.new and not sold_out(size):
        return "first weeks"
    if size.on_order:
        return "on order"
    if sold_out(size):
        return "sold out here" if others and master.ends else "sold out"
    if master.ends:
        return "in season"
    supplied = max((each.supplied for each in here if each.supplied), default=date.min)
    return "no more supply" if max(sold, supplied) > played.today - QUARTER else "not sold"


def reason_again(played: Played, master: Article, size: Position, here: list[Position], seen: date) -> str:
    waits = any(each.on_order for each in here)
    empty_since = size.emptied or seen
    if not waits and size.stock <= 0 and empty_since <= played.today - NOT_REFILLED:
        return "not refilled"
    return "first weeks" if master.new else "bought again"


def since(played: Played, why: str, master: Article, size: Position, here: list[Position]) -> date | None:
    """Return the first day on which a reason held; None where the branch only waits for the article."""
    seen = min((each.first for each in here if each.first), default=None)
    traded = max((at for each in here for at in (each.last_sold, each.supplied) if at), default=seen)
    day_after = master.ends + timedelta(days=1) if master.ends else date.min
    emptied, supplied = size.emptied, size.supplied or seen
    if why == "selling off":
        return day_after if date.min < day_after <= played.today else supplied
    if why == "no more supply":
        return supplied
    last = traded or date.min
    days = {
        "branch closed": traded,
        "season over": max(day_after, last + RUN_OFF),
        "delisted": last + RUN_OFF,
        "sold out": emptied or last + timedelta(days=1),
        "not refilled": (emptied or seen or date.min) + NOT_REFILLED,
        "sold out here": emptied or last,
        "not sold": last + QUARTER,
    }
    return days.get(why, size.first or seen)


def spells(position: Position, until: date) -> Iterator[tuple[date, list[date], date | None]]:
    """Yield first day, the empty days and day of the next supply of each time without stock, until a day."""
    when = list(position.days)
    stock, started, was_there = position.opening, None, position.opening > 0
    empty: list[date] = []
    for at, following in zip(when, [*when, until][1:], strict=True):
        moved = position.days[at]
        stock += moved.change
        was_there = was_there or stock > 0
        if supplies(moved) and stock > 0 and started:
            if empty:
                yield started, empty, at if at <= until else None
            started, empty = None, []
        if started is None and stock <= 0 and was_there and at < until:
            started = at
        if started and stock <= 0:
            empty += [at + timedelta(days=n) for n in range(max((min(following, until) - at).days, 0))]
    if started and empty:
        yield started, empty, None


def test_a_life_is_what_season_receipts_and_sales_make_it(played: Played) -> None:
    rows = played.query("select * from analytics.article_life")
    found = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): row["life_state"]
        for row in rows
    }

    expected = dict(states(played))
    played.shows({"live", "running off", "ended", "sold out for good"} <= set(expected.values()))
    assert found == expected


def test_a_life_says_why_and_since_when(played: Played) -> None:
    rows = played.query("select * from analytics.article_life")
    found = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): (
            row["life_reason"],
            row["life_since"],
        )
        for row in rows
    }

    expected = {key: (why, day) for key, why, day in lives(played)}
    played.shows(len({why for why, _ in expected.values()}) > 5)
    assert found == expected


def test_a_weeks_demand_is_over_from_the_end_of_the_branchs_last_size_on(played: Played) -> None:
    ends: dict[tuple[int, int], list[date | None]] = defaultdict(list)
    for (article, _, branch), why, day_of_it in lives(played):
        has_demand = STATES[why] in ("new", "live", "running off")
        ends[article, branch].append(date.max if has_demand else day_of_it)
    last = {place: max((at for at in days if at), default=date.max) for place, days in ends.items()}

    rows = played.query("select * from analytics.fct_demand_weekly")
    for row in rows:
        place = row["article_number"], row["branch_number"]
        assert row["is_over"] == (row["week_start"] >= last.get(place, date.max)), (place, row["week_start"])
    played.shows({row["is_over"] for row in rows} == {True, False})


def test_only_what_a_receipt_brought_and_no_return_begins_a_life(played: Played) -> None:
    rows = played.query("select * from analytics.article_life")
    computed = positions(played)

    brought_back = 0
    for row in rows:
        position = computed[row["article_number"], row["article_size_number"], row["branch_number"]]
        assert row["emptied_on"] == position.emptied
        assert row["first_seen_on"] == position.first
        assert row["stock"] == position.stock
        brought_back += position.stock > 0 and position.emptied is not None
    played.shows(brought_back > 0)


def test_a_lifes_days_and_what_is_on_order_are_the_sources(played: Played) -> None:
    rows = played.query("select * from analytics.article_life")
    computed = positions(played)
    known = articles(played)
    sold: dict[tuple[int, int], date] = {}
    for line, _ in goods_of(played):
        if line["quantity"] > 0:
            key = int(line["articleNumber"]), line["branchNumber"]
            sold[key] = max(day(line["date"]), sold.get(key, date.min))

    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        size = (row["article_number"], row["article_size_number"], row["branch_number"])
        position, master = computed[size], known[size[0]]
        assert row["last_supplied_on"] == position.supplied, size
        assert row["branch_last_sold_on"] == sold.get((size[0], size[2])), size
        assert row["season_ends_on"] == (None if master.again else master.ends), size
        assert row["on_order_confirmed"] == position.on_order, size
        assert row["is_wanted"] == (row["life_state"] in ("new", "live")), size
        assert row["has_demand"] == (row["life_state"] in ("new", "live", "running off")), size


def overdue(played: Played) -> dict[Key, int]:
    """Return units on order that should have come longer ago than their supplier takes."""
    times = {
        row["supplier_number"]: ceil(row["lead_time_days"])
        for row in played.query("select * from analytics.supplier_lead_time")
    }
    found: dict[Key, int] = defaultdict(int)
    for line in order_lines(played):
        if (played.today - line.arrives).days > times[line.supplier]:
            found[line.size] += line.backlog
    return found


def all_spells(played: Played) -> Iterator[tuple[Key, date, list[date], date | None, date]]:
    """Yield each time without stock with its position, and until when it was wanted: new or live, and in its season."""
    computed, known = positions(played), articles(played)
    for key, why, since_then in lives(played):
        master = known[key[0]]
        until = played.today + timedelta(days=1)
        if master.ends and not master.again:
            until = min(until, master.ends + timedelta(days=1))
        if STATES[why] not in ("new", "live") and since_then:
            until = min(until, since_then)
        for started, empty, supplied in spells(computed[key], until):
            yield key, started, empty, supplied, until


def daily_before(position: Position, started: date) -> float:
    """Return units sold a day in the 13 weeks up to a day, at least 0."""
    sold = sum(
        moved.sold - moved.returned
        for at, moved in position.days.items()
        if started - QUARTER < at <= started
    )
    return max(sold, 0) / QUARTER.days


def test_a_spell_ends_with_supply_or_the_wish_and_loses_what_was_sold_before(played: Played) -> None:
    computed, (first, after) = positions(played), year_of(played.today)
    expected = {}
    for key, started, empty, supplied, until in all_spells(played):
        ended = min(supplied or date.max, until)
        daily = daily_before(computed[key], started)
        expected[*key, started] = (
            *("mini", ended if ended <= played.today else None, ended > played.today),
            *(sum(first <= at < after for at in empty), daily, min(len(empty), QUARTER.days) * daily),
        )

    names = ("tenant_id", "ended_on", "is_open", "days_out_in_year", "daily_units_before", "lost_units")
    found = {
        (row["article_number"], row["article_size_number"], row["branch_number"], row["started_on"]): tuple(
            row[name] for name in names
        )
        for row in played.query("select * from analytics.stock_out_spells")
    }
    assert found.keys() == expected.keys()
    for spell, values in expected.items():
        assert found[spell] == pytest.approx(values), spell
    played.shows({values[2] for values in expected.values()} == {True, False})


def test_a_positions_times_without_stock_are_the_spells_of_its_year(played: Played) -> None:
    computed, (first, after) = positions(played), year_of(played.today)
    sums: dict[Key, list[float]] = defaultdict(lambda: [0, 0, 0])
    for key, started, empty, _, _ in all_spells(played):
        days = sum(first <= at < after for at in empty)
        lost = min(len(empty), QUARTER.days) * daily_before(computed[key], started)
        if days:
            each = (1, days, lost * days / len(empty))
            sums[key] = [a + b for a, b in zip(sums[key], each, strict=True)]

    names = ("stock_out_spells", "stock_out_days", "lost_units")
    for row in played.query("select * from analytics.inventory_measure"):
        key = (row["article_number"], row["article_size_number"], row["branch_number"])
        assert [row[name] for name in names] == pytest.approx(sums[key], abs=1e-5), key
    played.shows(sum(lost for _, _, lost in sums.values()) > 0)


def test_a_spell_without_stock_lasts_until_supply_comes_or_the_life_ends(played: Played) -> None:
    rows = played.query("select * from analytics.stock_out_spells")
    expected = {
        (*key, started): (len(empty), supplied) for key, started, empty, supplied, _ in all_spells(played)
    }

    found = {
        (row["article_number"], row["article_size_number"], row["branch_number"], row["started_on"]): (
            row["days_out"],
            row["refilled_on"],
        )
        for row in rows
    }
    played.shows(len(expected) > 20)
    assert found == expected


def test_goods_are_sent_only_to_where_they_live_and_were_sold_in_the_last_quarter(played: Played) -> None:
    rows = played.query("select * from analytics.replenishment_transfer")
    life: dict[tuple[int, int], set[str]] = defaultdict(set)
    sold: dict[tuple[int, int], date] = {}
    for (article, _, branch), now in states(played):
        life[article, branch].add(now)
    for (article, _, branch), position in positions(played).items():
        if position.last_sold:
            sold[article, branch] = max(position.last_sold, sold.get((article, branch), date.min))

    played.shows(rows)
    for row in rows:
        place = row["article_number"], row["to_branch_number"]
        assert life[place] & {"new", "live"}, place
        assert sold[place] > played.today - QUARTER, place


def test_what_has_no_demand_is_expected_to_sell_nothing_and_is_all_too_much(played: Played) -> None:
    expected = {
        (row["article_number"], row["branch_number"]) for row in played.query("from analytics.demand_outlook")
    }
    excess = {
        (row["article_number"], row["article_size_number"], row["branch_number"]): row
        for row in played.query("from analytics.inventory_measure")
    }

    over = [key for key, now in states(played) if now in ("ended", "sold out for good")]
    lives: dict[tuple[int, int], set[str]] = defaultdict(set)
    for (article, _, branch), now in states(played):
        lives[article, branch].add(now)
    ended = {place for place, found in lives.items() if found <= {"ended", "sold out for good"}}
    assert ended
    assert not ended & expected
    assert any(excess[key]["excess_units"] for key in over)
    for key in over:
        assert excess[key]["excess_units"] == max(excess[key]["free_stock"], 0), key
