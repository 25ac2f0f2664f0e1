"""What demand, stock and orders make of each other, in plain Python: nothing here reads the product's SQL.

What it starts from are rows that other tests of the truth compare with the source: the outlook, policies, lives, size
curves and the masters.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from math import ceil, exp, floor, inf, log, pi, sqrt

from line_kinds import Row
from played import Played
from source_rows import OrderLine, Size, order_lines

# Beyond so many days, those of the calendar, no one knows on which day stock runs out.
LONGEST = 730
SUPPLY_WEEKS = 13
# Standard deviations above the middle at which 80 and 95 of 100 weeks lie.
AT_80, AT_95 = 0.8416, 1.6449
Place = tuple[int, int]
"""Article and branch."""


@dataclass(frozen=True)
class Demand:
    """What an article is expected to sell in a branch.

    Attributes:
        weeks: by day from today on which a part of a week begins: its days, and units of a whole week.
    """

    weeks: tuple[tuple[int, int, float], ...] = ()

    @property
    def days(self) -> int:
        """How far it is known, in days from today."""
        return max((first + count for first, count, _ in self.weeks), default=0)

    @cached_property
    def units(self) -> float:
        """Units of all its days."""
        return sum(mean * count / 7 for _, count, mean in self.weeks)

    @cached_property
    def afterwards(self) -> float:
        """Units a day after its end: as in its last four weeks."""
        last = [mean for _, _, mean in self.weeks[-4:]]
        return sum(last) / len(last) / 7 if last else 0.0

    def within(self, days: float) -> float:
        """Return units of so many days from today."""
        parts = sum(mean / 7 * min(count, max(days - first, 0)) for first, count, mean in self.weeks)
        return parts + self.afterwards * max(days - self.days, 0)

    def lasting(self, units: float) -> float:
        """Return the days that so many units last; infinite beyond the calendar."""
        if units <= 0:
            return 0.0
        left = units
        for first, count, mean in self.weeks:
            if mean > 0 and left < mean * count / 7:
                return first + left / (mean / 7)
            left -= mean * count / 7
        lasts = self.days + left / self.afterwards if self.afterwards > 0 else inf
        return lasts if lasts <= LONGEST else inf


def demands(played: Played) -> dict[Place, Demand]:
    """Return the outlook of every article and branch that has one."""
    found: dict[Place, list[tuple[int, int, float]]] = defaultdict(list)
    for row in played.query("from analytics.demand_outlook"):
        found[row["article_number"], row["branch_number"]].append(
            (row["first_day"], row["day_count"], row["mean"])
        )
    return {place: Demand(tuple(sorted(weeks))) for place, weeks in found.items()}


def keyed(rows: Iterable[Row]) -> dict[Size, Row]:
    """Return rows of a mart by article, size and branch."""
    return {(row["article_number"], row["article_size_number"], row["branch_number"]): row for row in rows}


def placed(rows: Iterable[Row]) -> dict[Place, Row]:
    """Return rows of a mart by article and branch."""
    return {(row["article_number"], row["branch_number"]): row for row in rows}


def shortage(mean: float, deviation: float, stock: float) -> float:
    """Return the units that this stock is expected to lack when demand is logistic."""
    scale = deviation * sqrt(3) / pi
    if scale <= 0:
        return max(mean - stock, 0)
    beyond = (mean - stock) / scale
    return mean - stock if beyond > 30 else scale * log(1 + exp(beyond))


@dataclass(frozen=True)
class OpenLine:
    """A line of an order that is still to come.

    Attributes:
        name: its id.
        size: article, size and branch.
        order: number of its order.
        units: units to come.
        due: day on which they are due.
        arrives: the first day of business from then on, today at the earliest.
        supply: what they count for.
    """

    name: str
    size: Size
    order: int
    units: int
    due: date
    arrives: date
    supply: str


@dataclass
class Plan:
    """What is needed to say what a size will have and need, each read once."""

    played: Played
    policies: Mapping[int, Row] = field(init=False)
    demands: Mapping[Place, Demand] = field(init=False)
    levels: Mapping[Place, Row] = field(init=False)
    positions: Mapping[Size, Row] = field(init=False)
    lives: Mapping[Size, Row] = field(init=False)
    branches: Mapping[int, Row] = field(init=False)
    margins: Mapping[int, float | None] = field(init=False)

    def __post_init__(self) -> None:
        query = self.played.query
        self.policies = {row["article_number"]: row for row in query("from analytics.replenishment_policy")}
        self.demands = demands(self.played)
        self.levels = placed(query("from analytics.replenishment_level"))
        self.positions = keyed(query("from analytics.replenishment_position"))
        self.lives = keyed(query("from analytics.article_life"))
        self.branches = {row["branch_number"]: row for row in query("from analytics.dim_branch")}
        self.margins = _unit_margins(self.played)

    @property
    def today(self) -> date:
        return self.played.today

    def later(self, days: float) -> date:
        """Return the day so many days from today."""
        return self.today + timedelta(days=int(days))

    def demand_of(self, size: Size) -> Demand:
        """Return what the article is expected to sell in the branch."""
        return self.demands.get((size[0], size[2]), Demand())

    def share(self, size: Size) -> float:
        """Return the share of a size that still lives."""
        lives = self.lives.get(size, {}).get("has_demand", True)
        return float(self.positions[size]["size_share"]) if lives else 0.0

    @cached_property
    def open_days(self) -> list[date]:
        """Days of business."""
        return sorted(
            row["date_day"] for row in self.played.query("from analytics.dim_date") if row["is_open_day"]
        )

    def open_from(self, at: date) -> date:
        """Return the first day of business from a day on."""
        after = bisect_left(self.open_days, at)
        return self.open_days[after] if after < len(self.open_days) else at

    def open_until(self, at: date) -> date:
        """Return the last day of business up to a day."""
        before = bisect_right(self.open_days, at)
        return self.open_days[before - 1] if before else at

    def arrives(self, article: int) -> date:
        """Return the day on which goods ordered today can be there."""
        return self.open_from(self.later(ceil(self.policies[article]["lead_time_days"])))

    def protected_until(self, article: int) -> date:
        """Return the day until which goods ordered today have to last."""
        policy = self.policies[article]
        return self.later(ceil(policy["lead_time_days"] + policy["review_days"]))

    @cached_property
    def open_lines(self) -> dict[Size, list[OpenLine]]:
        """What is still to come of each size, what is due first before the rest."""
        found: dict[Size, list[OpenLine]] = defaultdict(list)
        for line in order_lines(self.played):
            if line.backlog > 0 and line.size[0] in self.policies:
                found[line.size].append(self._open_line(line))
        return {size: sorted(lines, key=lambda each: (each.due, each.name)) for size, lines in found.items()}

    def _open_line(self, line: OrderLine) -> OpenLine:
        policy = self.policies[line.size[0]]
        lead, review = policy["lead_time_days"], policy["review_days"]
        days = (line.arrives - self.today).days
        bounds = (
            ("unconfirmed", -ceil(lead) - 1),
            ("in lead time", floor(lead)),
            ("in time", ceil(lead + review)),
            ("if expedited", ceil(lead + review) + policy["expedite_by_days"]),
            ("later", float("inf")),
        )
        supply = next(name for name, bound in bounds if days <= bound)
        arrives = self.open_from(max(line.arrives, self.today))
        return OpenLine(line.name, line.size, line.order, line.backlog, line.arrives, arrives, supply)

    @cached_property
    def arrivals(self) -> dict[Size, list[tuple[date, int]]]:
        """What comes of each size and is confirmed, by its day."""
        found: dict[Size, list[tuple[date, int]]] = {}
        for size, lines in self.open_lines.items():
            days: dict[date, int] = defaultdict(int)
            for line in lines:
                if line.supply != "unconfirmed":
                    days[line.arrives] += line.units
            found[size] = sorted(days.items())
        return found

    def runs_out_in(self, size: Size) -> float:
        """Return the days until nothing is left before the next arrival, if stock and arrivals are sold as expected."""
        demand, share = self.demand_of(size), self.share(size)
        stock = max(float(self.positions[size]["free_stock"]), 0)
        lasts = lasting(demand, share, stock)
        for arrives, units in self.arrivals.get(size, []):
            if (arrives - self.today).days > lasts:
                break
            stock += units
            lasts = lasting(demand, share, stock)
        return lasts

    def forgone(self, size: Size) -> float:
        """Return the units missed before goods ordered today can come, for which nothing is ordered.

        Stock is followed from arrival to arrival, and is never less than nothing. After that, an order has to serve
        what is asked for until the next arrival, however much that brings.
        """
        policy, position = self.policies[size[0]], self.positions[size]
        if policy["customers_wait"]:
            return 0.0
        demand, share, lead = self.demand_of(size), self.share(size), policy["lead_time_days"]
        arrivals = [((arrives - self.today).days, units) for arrives, units in self.arrivals.get(size, [])]
        period = lead + policy["review_days"]
        stock, missed, asked = max(float(position["free_stock"]), 0), 0.0, 0.0
        for day, units in [*((day, units) for day, units in arrivals if day < lead), (lead, 0)]:
            wanted, asked = demand.within(day) * share - asked, demand.within(day) * share
            missed += max(wanted - stock, 0)
            stock = max(stock - wanted, 0) + units
        stock += sum(units for day, units in arrivals if day == lead)
        least, end = inf, demand.within(period) * share
        for day, units in [*((day, units) for day, units in arrivals if lead < day < period), (period, 0)]:
            least = min(least, stock - (demand.within(day) * share - asked))
            stock += units
        too_late = missed - least - (end - float(position["available"]))
        return max(missed - max(too_late, 0), 0)

    @cached_property
    def places_sold(self) -> set[Place]:
        """Articles and branches where one lives and was sold in the last quarter."""
        since = self.today - timedelta(weeks=SUPPLY_WEEKS)
        lately = {
            (key[0], key[2])
            for key, row in self.lives.items()
            if row["branch_last_sold_on"] and row["branch_last_sold_on"] > since
        }
        return lately & {(key[0], key[2]) for key, row in self.lives.items() if row["is_wanted"]}

    def missed(self, size: Size, stock: float) -> float:
        """Return units short from the arrival of goods ordered today to that of the next order, with this stock."""
        position = self.positions[size]
        whole = shortage(position["protection_units"], position["protection_deviation"], stock)
        return max(whole - shortage(position["lead_units"], self.lead_deviation(size), stock), 0)

    def lead_deviation(self, size: Size) -> float:
        """Return the deviation of the demand of a lead time."""
        position, policy = self.positions[size], self.policies[size[0]]
        lead = policy["lead_time_days"]
        return float(position["protection_deviation"] * sqrt(lead / (lead + policy["review_days"])))

    def short_in_lead_time(self, size: Size) -> float:
        """Return the units that stock and what comes in the lead time are expected to lack by its end."""
        position, lines = self.positions[size], self.open_lines.get(size, [])
        coming = sum(line.units for line in lines if line.supply == "in lead time")
        stock = max(position["free_stock"], 0) + coming
        return shortage(position["lead_units"], self.lead_deviation(size), stock)


def lasting(demand: Demand, share: float, stock: float) -> float:
    """Return the days that stock of a size with this share of its article's demand lasts; infinite beyond `LONGEST`."""
    if stock <= 0:
        return 0.0
    return demand.lasting(stock / share) if share > 0 else inf


def _unit_margins(played: Played) -> dict[int, float | None]:
    """Return what a unit of each article earns: in the year's lines, else by the price list; no less than nothing."""
    units: dict[int, float] = defaultdict(float)
    margin: dict[int, float] = defaultdict(float)
    monday = played.today - timedelta(days=played.today.weekday())
    for row in played.query(
        "from analytics.fct_sales where margin is not null and article_number is not null"
    ):
        if monday - timedelta(weeks=52) <= row["sold_on"] < monday:
            units[row["article_number"]] += float(row["units"])
            margin[row["article_number"]] += float(row["margin"])
    found: dict[int, float | None] = {}
    for row in played.query("from analytics.dim_article"):
        number, price, cost = row["article_number"], row["sale_price_net"], row["purchase_price"]
        if units[number] > 0:
            found[number] = max(margin[number] / units[number], 0)
        elif price is None or cost is None:
            found[number] = None
        else:
            found[number] = max(float(price) - float(cost), 0)
    return found


def plan_of(played: Played) -> Plan:
    """Return the plan of a shop, made once for all tests."""
    if "plan" not in played.known:
        played.known["plan"] = Plan(played)
    found: Plan = played.known["plan"]
    return found


def rounds_to(whole: float, value: float) -> bool:
    """Return whether a number is a value rounded to units; a half may be rounded either way."""
    return whole == int(whole) and abs(whole - value) <= 0.5 + 1e-4
