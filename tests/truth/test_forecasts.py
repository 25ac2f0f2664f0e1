"""What a forecast says, becomes and was worth: against the stored forecasts, their files and what was sold since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from pathlib import Path
from statistics import NormalDist, fmean, pstdev
from typing import Any

import pytest
from line_kinds import Row
from plan import AT_80, AT_95, Demand, Place, Plan, placed
from played import Played
from played_forecast import STORED
from source_rows import WEEK, monday

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

LEVELS = (50, 80, 95)
# How many times as long as the step before a step between quantiles is at most taken to be.
MOST_GROWTH = 4
# Weeks that are measured again, and weeks within which goods come back.
MEASURED_WEEKS = RETURN_WEEKS = 4
DAY = timedelta(days=1)
SUMS = Mapping[int, tuple[float, dict[int, float]]]


@pytest.fixture(scope="module")
def levels(played: Played) -> dict[Place, Row]:
    return placed(played.query("from analytics.replenishment_level"))


def place_of(row: Row) -> Place:
    return row["article_number"], row["branch_number"]


def newest(rows: list[dict[str, Any]]) -> str:
    return str(max(row["origin_week"] for row in rows))


def test_an_outlook_is_the_newest_forecast_of_weeks_that_are_not_over(played: Played, plan: Plan) -> None:
    """Nothing is expected of what has no demand any more, which test_article_life.py computes."""
    stored = played.rows["forecast_weekly"]
    last = newest(stored)
    alive = {(key[0], key[2]) for key, row in plan.lives.items() if row["has_demand"]}
    expected = {
        (*place_of(row), date.fromisoformat(row["week_start"])): row
        for row in stored
        if row["origin_week"] == last
        and row["week_start"] >= monday(plan.today).isoformat()
        and place_of(row) in alive
    }

    rows = played.query("from analytics.demand_outlook where demand_source = 'forecast'")

    assert len(expected) > 100
    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert {(*place_of(row), row["week_start"]) for row in rows} == expected.keys()
    for row in rows:
        said = expected[*place_of(row), row["week_start"]]
        begins = max(row["week_start"], plan.today)
        assert row["first_day"] == (begins - plan.today).days
        assert row["day_count"] == (row["week_start"] + WEEK - begins).days
        for name in ("mean", "quantile_50", "quantile_80", "quantile_95"):
            assert row[name] == pytest.approx(said[name], abs=1e-5), said


def sums_of(played: Played) -> dict[Place, SUMS]:
    """Return mean and quantiles of the sum of the first weeks of the newest forecast, by their number.

    How far quantiles lie from the mean is what the forecasts of eight weeks say together, in proportion to its root.
    """
    stored = played.rows["forecast_protection"]
    last = newest(stored)
    since = (date.fromisoformat(last) - 8 * WEEK).isoformat()
    found: dict[tuple[Place, int], list[dict[str, Any]]] = defaultdict(list)
    for row in stored:
        if row["origin_week"] > since:
            found[place_of(row), row["periods"]].append(row)
    sums: dict[Place, dict[int, tuple[float, dict[int, float]]]] = defaultdict(dict)
    for (place, periods), rows in sorted(found.items()):
        [mean] = [row["mean"] for row in rows if row["origin_week"] == last]
        share = sqrt(max(mean, 0.1)) / sum(sqrt(max(row["mean"], 0.1)) for row in rows)
        before = sums[place].get(periods - 1, (0.0, {}))[1]
        sums[place][periods] = (
            mean,
            {
                level: max(
                    mean + share * sum(row[f"quantile_{level}"] - row["mean"] for row in rows),
                    before.get(level, float("-inf")),
                )
                for level in LEVELS
            },
        )
    return dict(sums)


def quantile(factor: float, known: dict[int, float]) -> float:
    """Return the quantile so many standard deviations above the middle: steps grow as of a log-normal distribution."""
    lower, upper = known[80] - known[50], known[95] - known[80]
    begin, step, share = known[50], lower, factor / AT_80
    if factor > AT_80:
        begin, step, share = known[80], upper, (factor - AT_80) / (AT_95 - AT_80)
    if lower > 0 and upper > 1.001 * lower:
        growth = min(upper / lower, MOST_GROWTH)
        share = (growth**share - 1) / (growth - 1)
    return begin + step * share


def between(weeks: float, sums: SUMS, measure: Any) -> float:
    """Return a measure of a sum of weeks that need not be whole: on straight lines from nothing in no time."""
    longest = max(sums)
    if weeks >= longest:
        return float(measure(*sums[longest])) * weeks / longest
    below, part = int(weeks), weeks - int(weeks)
    low = measure(*sums[below]) if below else 0.0
    return float(low + part * (measure(*sums[below + 1]) - low))


def test_a_level_is_as_safe_as_the_quantiles_of_its_forecasts_say(
    played: Played, plan: Plan, levels: dict[Place, Row]
) -> None:
    sums = sums_of(played)

    rows = [row for row in levels.values() if row["demand_source"] == "forecast"]

    played.shows(len(rows) > 10)
    played.shows({max(sums[place_of(row)]) * 7 < row["protection_days"] for row in rows} == {True, False})
    for row in rows:
        place = place_of(row)
        policy, known, factor = plan.policies[place[0]], sums[place], row["service_factor"]
        period = policy["lead_time_days"] + policy["review_days"]
        late = policy["lead_time_deviation_days"] * plan.demands[place].within(period) / period

        def above(mean: float, quantiles: dict[int, float], factor: float = factor) -> float:
            return quantile(factor, quantiles) - mean

        def deviation(mean: float, quantiles: dict[int, float]) -> float:
            return (quantiles[95] - mean) / AT_95

        spread = max(between(period / 7, known, above), 0)
        expected = sqrt(spread**2 + (factor * late) ** 2)
        assert row["protection_spread"] == pytest.approx(expected, rel=1e-3, abs=1e-4), place
        expected = sqrt(between(period / 7, known, deviation) ** 2 + late**2)
        assert row["protection_deviation"] == pytest.approx(expected, rel=1e-3, abs=1e-4), place
        horizon = max(between(row["horizon_days"] / 7, known, above), 0)
        assert row["horizon_spread"] == pytest.approx(horizon, rel=1e-3, abs=1e-4), place


def test_the_demand_of_a_period_is_that_of_its_days(plan: Plan, levels: dict[Place, Row]) -> None:
    """Lead times are compared in test_policy.py, weeks above and in test_demand.py."""
    assert {(row["article_number"], row["branch_number"]) for row in levels.values()} == plan.demands.keys()
    plan.played.shows({row["demand_source"] for row in levels.values()} == {"average", "forecast"})
    for place, row in levels.items():
        demand: Demand = plan.demands[place]
        policy = plan.policies[place[0]]
        lead, period = policy["lead_time_days"], policy["lead_time_days"] + policy["review_days"]
        assert row["tenant_id"] == "mini", place
        assert row["horizon_days"] == demand.days, place
        assert row["horizon_units"] == pytest.approx(demand.units, rel=1e-4, abs=1e-5), place
        afterwards = pytest.approx(demand.afterwards, rel=1e-4, abs=1e-6)
        assert row["daily_units_after_horizon"] == afterwards, place
        assert row["protection_days"] == pytest.approx(period, abs=1e-3), place
        assert row["lead_units"] == pytest.approx(demand.within(lead), rel=1e-4, abs=1e-5), place
        assert row["protection_units"] == pytest.approx(demand.within(period), rel=1e-4, abs=1e-5), place
        factor = max(NormalDist().inv_cdf(policy["service_level"]), 0)
        assert row["service_factor"] == pytest.approx(factor, abs=1e-3), place


def run_of(played: Played) -> str:
    """Return the run of the newest forecast; before it there are those that the tests stored."""
    runs = played.query(
        f"select run_id from analytics.forecast_weekly where run_id <> '{STORED}' order by created_at desc limit 1"
    )
    return str(runs[0]["run_id"])


def landed(played: Played, name: str, columns: str = "*") -> list[dict[str, Any]]:
    """Return what the fit of the newest forecast landed, in the landing area beside the warehouse."""
    home = played.warehouse.parents[1] / "landing" / f"tenant={played.tenant}" / "forecasts"
    files = played.query(
        f"select distinct filename from read_parquet('{home}/*/*/forecast.parquet', filename=true)"
        f" where run_id = '{run_of(played)}'"
    )
    [run] = {Path(row["filename"]).parents[1] for row in files}
    parts = f"read_parquet('{run}/*/{name}.parquet', hive_partitioning=false)"
    return played.query(f"select {columns} from {parts}")


def ordered(rows: list[dict[str, Any]]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the names of columns in order, and the rows' values so and in order."""
    names = sorted(rows[0])
    return names, sorted(tuple(row[name] for name in names) for row in rows)


def test_a_forecast_is_what_was_landed_and_its_parts_make_it_up(played: Played) -> None:
    """How good it is no row of the source says: tests/mercurios/forecasting and the benchmarks measure that."""
    run, files = run_of(played), landed(played, "forecast")
    rows = played.query(f"from analytics.forecast_weekly where run_id = '{run}'")
    [last] = {row["origin_week"] for row in files}

    assert ordered(rows) == ordered(files)
    assert {(row["tenant_id"], row["run_id"]) for row in rows} == {("mini", run)}
    # A week that closed last night may not have been forecast yet.
    weeks = [monday(played.today) - back * WEEK for back in (1, 2)]
    assert last in weeks
    played.shows(last == weeks[0])
    series: dict[Place, set[int]] = defaultdict(set)
    for row in rows:
        parts = ("part_level", "part_trend", "part_season", "part_holiday", "part_regressor")
        assert row["mean"] == pytest.approx(sum(row[part] for part in parts)), row
        assert 0 <= row["quantile_50"] <= row["quantile_80"] <= row["quantile_95"], row
        assert row["week_start"] == last + row["horizon"] * WEEK, row
        assert row["method"], row
        assert row["created_at"], row
        series[place_of(row)].add(row["horizon"])
    sold = {place for place, found in weeks_sold(played).items() if min(found) <= last}
    assert series.keys() == sold
    assert all(weeks == set(range(1, 14)) for weeks in series.values())


def test_a_sum_of_weeks_is_what_was_landed_and_adds_up_the_weeks(played: Played) -> None:
    run = run_of(played)
    rows = played.query(f"from analytics.forecast_protection where run_id = '{run}'")
    weekly: dict[Place, dict[int, float]] = defaultdict(dict)
    files = landed(played, "forecast")
    [last] = {row["origin_week"] for row in files}
    for row in files:
        weekly[place_of(row)][row["horizon"]] = row["mean"]

    assert ordered(rows) == ordered(landed(played, "protection"))
    assert {(row["tenant_id"], row["run_id"]) for row in rows} == {("mini", run)}
    quantiles: dict[Place, dict[int, list[float]]] = defaultdict(dict)
    for row in rows:
        weeks = [mean for horizon, mean in weekly[place_of(row)].items() if horizon <= row["periods"]]
        assert len(weeks) == row["periods"], row
        assert row["mean"] == pytest.approx(sum(weeks), rel=1e-6, abs=1e-6), row
        quantiles[place_of(row)][row["periods"]] = [row[f"quantile_{level}"] for level in LEVELS]
        assert row["origin_week"] == last, row
        assert row["created_at"], row
    for place, found in quantiles.items():
        assert all(values == sorted(values) for values in found.values()), place


def weeks_sold(played: Played) -> dict[Place, dict[date, tuple[float, bool]]]:
    """Return units and whether they were limited by stock, by place and week; test_demand.py computes both."""
    found: dict[Place, dict[date, tuple[float, bool]]] = defaultdict(dict)
    for row in played.query("from analytics.fct_demand_weekly where article_number is not null"):
        found[place_of(row)][row["week_start"]] = float(row["units"]), bool(row["is_stock_out"])
    return found


def kept(units: dict[date, float]) -> dict[date, float]:
    """Return what customers kept: what came back beyond a week's sales is taken from those of the four weeks before."""
    found = {week: max(sold, 0.0) for week, sold in units.items()}
    owed = {week: -sold for week, sold in units.items() if sold < 0}
    for back in range(1, RETURN_WEEKS + 1):
        for week, left in owed.items():
            before = week - back * WEEK
            taken = min(left, found.get(before, 0.0))
            if taken:
                found[before] -= taken
                owed[week] -= taken
    return found


def known_of(weeks: dict[date, tuple[float, bool]]) -> dict[date, float]:
    """Return what is known of demand: weeks that stock did not limit, and those that sold their level nevertheless.

    The level is a fifth of each week that is known and four fifths of the level before; a week of less than that by
    more than its root says nothing.
    """
    found: dict[date, float] = {}
    level = 0.0
    for week, (sold, was_out) in sorted(weeks.items()):
        if not was_out or (sold > 0 and sold >= level - sqrt(level)):
            level += (sold - level) * (0.2 if found else 1)
            found[week] = sold
    return found


@dataclass(frozen=True)
class Offer:
    """Which part of the demand met a size that was there.

    Attributes:
        sizes: of each place its sizes, each with its share of the curve and its life.
        absences: of each size the days from which on and until which it was missing.
    """

    sizes: Mapping[Place, list[Row]]
    absences: Mapping[tuple[int, int, int], list[tuple[date, date]]]

    @staticmethod
    def of(played: Played) -> Offer:
        """Return it from lives, curves and spells, which test_article_life.py and test_sizes.py compute."""
        curve = {
            (row["article_number"], row["article_size_number"]): row["size_share"]
            for row in played.query("from analytics.size_curve")
        }
        sizes: dict[Place, list[Row]] = defaultdict(list)
        absences: dict[tuple[int, int, int], list[tuple[date, date]]] = defaultdict(list)
        for row in played.query("from analytics.article_life"):
            share = curve.get((row["article_number"], row["article_size_number"]))
            if share is None or not (row["has_demand"] or row["first_seen_on"]):
                continue
            sizes[place_of(row)].append({**row, "share": share})
            absences[size_of(row)].append((date.min, row["first_seen_on"] or date.max))
            if not row["has_demand"]:
                absences[size_of(row)].append((row["life_since"] + DAY, date.max))
        for row in played.query("from analytics.stock_out_spells"):
            absences[size_of(row)].append((row["started_on"] + DAY, row["ended_on"] or date.max))
        return Offer(sizes, absences)

    def share(self, place: Place, week: date) -> float:
        """Return the share that was on offer in a week, over that of the sizes that have demand today."""
        sizes = self.sizes.get(place, [])
        seen = sum(size["share"] for size in sizes)
        wanted = sum(size["share"] for size in sizes if size["has_demand"]) or seen
        if not any(size["has_demand"] for size in sizes) and week >= max(
            (size["life_since"] for size in sizes), default=date.min
        ):
            return 1.0
        here = seen - sum(size["share"] * self.missing(size, week) / 7 for size in sizes)
        return here / wanted if here > 1e-4 else 1.0

    def missing(self, size: Row, week: date) -> int:
        """Return the days of a week without a size; only one that was missing when the week began is."""
        spans = [until for begin, until in self.absences[size_of(size)] if begin <= week]
        return max((min((until - week).days, 7) for until in spans if until > week), default=0)


def size_of(row: Row) -> tuple[int, int, int]:
    return row["article_number"], row["article_size_number"], row["branch_number"]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a stored forecast of a week.

    Attributes:
        demand_class: that of its article in its branch, by all weeks that are known.
        units: what was wanted: sold, over the share of the demand that was on offer.
        frozen: mean of what is known of the 13 weeks before the forecast.
        change: mean difference of a week from the week before.
    """

    forecast: Mapping[str, Any]
    demand_class: str
    units: float
    frozen: float
    change: float

    @property
    def error(self) -> float:
        return float(self.forecast["mean"] - self.units)


def asked_for(played: Played) -> Iterator[tuple[Place, dict[date, tuple[float, bool]]]]:
    """Yield by place and week, from the first sale on, what was asked for and whether stock limited what is known."""
    on_offer = Offer.of(played)
    for place, weeks in weeks_sold(played).items():
        bought = kept({week: units for week, (units, _) in weeks.items()})
        shares = {week: on_offer.share(place, week) for week in weeks}
        begins = min((week for week, (units, _) in weeks.items() if units > 0), default=min(weeks))
        yield (
            place,
            {
                week: (
                    bought[week] / shares[week] if shares[week] >= 0.5 else bought[week],
                    was_out or shares[week] < 0.5,
                )
                for week, (_, was_out) in weeks.items()
                if week >= begins
            },
        )


def outcomes(played: Played) -> Iterator[Outcome]:
    """Yield the outcome of the stored forecasts of the last weeks, where demand is known."""
    last = monday(played.today) - WEEK
    stored: dict[Place, list[dict[str, Any]]] = defaultdict(list)
    for row in played.rows["forecast_weekly"]:
        if last - MEASURED_WEEKS * WEEK < date.fromisoformat(row["week_start"]) <= last:
            stored[place_of(row)].append(row)
    for place, weeks in asked_for(played):
        known = known_of(weeks)
        changes = [abs(known[at] - known[at - WEEK]) for at in known if at - WEEK in known]
        for row in stored[place]:
            at, origin = date.fromisoformat(row["week_start"]), date.fromisoformat(row["origin_week"])
            before = [known[origin - back * WEEK] for back in range(13) if origin - back * WEEK in known]
            if at in known:
                means = [fmean(values) if values else 0.0 for values in (before, changes)]
                yield Outcome(row, class_of(known.values()), known[at], *means)


def class_of(known: Iterable[float]) -> str:
    """Return the class of demand after Syntetos, Boylan and Croston (2005)."""
    weeks = list(known)
    sold = [units for units in weeks if units > 0]
    if not sold:
        return "none"
    is_even = (pstdev(sold) / fmean(sold)) ** 2 < 0.49
    if len(weeks) / len(sold) < 1.32:
        return "smooth" if is_even else "erratic"
    return "intermittent" if is_even else "lumpy"


def worth(found: list[Outcome]) -> dict[str, float]:
    """Return the figures of forecasts."""
    total, wrong = sum(each.units for each in found), sum(abs(each.error) for each in found)
    frozen = sum(abs(each.frozen - each.units) for each in found)
    signed = sum(each.error for each in found)
    by_week: dict[str, float] = defaultdict(float)
    for each in found:
        by_week[each.forecast["week_start"]] += each.error
    return {
        "actual": total,
        "wape": wrong / total,
        "wape_mean_13w": frozen / total,
        "ratio": wrong / frozen,
        "mase": wrong / sum(each.change for each in found),
        "bias": signed / total,
        "tracking_signal": signed / fmean(abs(error) for error in by_week.values()),
        **{
            figure: fmean(each.units <= each.forecast[name] for each in found)
            for figure, name in (
                ("coverage_50", "quantile_50"),
                ("coverage_80", "quantile_80"),
                ("coverage_95", "quantile_95"),
            )
        },
    }


def test_a_published_forecast_is_worth_what_its_weeks_sold(played: Played) -> None:
    found = list(outcomes(played))
    rows = {
        row["demand_class"]: row
        for row in played.query(
            "from analytics.forecast_accuracy where kind = 'live' and run_id = 'forecast'"
        )
    }

    [made] = {row["created_at"] for row in landed(played, "forecast")}
    assert rows.keys() == {"all"} | {each.demand_class for each in found}
    assert len(rows) > 2
    for name, row in rows.items():
        chosen = [each for each in found if name in ("all", each.demand_class)]
        for figure, value in worth(chosen).items():
            assert row[figure] == pytest.approx(value, rel=1e-6), (name, figure)
        assert (row["tenant_id"], row["run_id"]) == ("mini", "forecast")
        assert row["origin_week"] == monday(played.today) - WEEK
        assert timedelta(0) <= row["measured_at"] - made < timedelta(hours=1)


@pytest.fixture(scope="module")
def backtest(played: Played) -> list[dict[str, Any]]:
    """What the newest forecast would have been at earlier origins, beside what was asked for."""
    columns = "article_number, branch_number, week_start, actual, mean, mean_13w"
    return landed(played, "backtest", columns)


def backtest_rows(played: Played) -> dict[str, Row]:
    """Return the mart's figures of the newest backtest by class."""
    rows = played.query(
        f"from analytics.forecast_accuracy where kind = 'backtest' and run_id = '{run_of(played)}'"
    )
    return {row["demand_class"]: row for row in rows}


def test_a_backtest_is_of_what_was_sold_in_its_weeks(played: Played, backtest: list[Row]) -> None:
    """Of a week that stock limited more may have been asked for, never less.

    A size whose life has changed since the forecast's last week counted otherwise when it was made.
    """
    actual = backtest_rows(played)["all"]["actual"]
    [last] = {row["origin_week"] for row in landed(played, "forecast", "distinct origin_week")}
    changed = {
        place_of(row)
        for row in played.query(f"from analytics.article_life where life_since >= '{last + WEEK}'")
    }
    known = dict(asked_for(played))

    counted = [row for row in backtest if place_of(row) not in changed]
    limited = 0
    assert len(counted) > 0.5 * len(backtest) > 0
    for row in counted:
        units, was_limited = known[place_of(row)][row["week_start"]]
        limited += was_limited
        assert row["actual"] >= units - 1e-6 if was_limited else row["actual"] == pytest.approx(units), row
    assert limited < 0.5 * len(counted)
    assert actual == pytest.approx(sum(row["actual"] for row in backtest), rel=1e-9)


def test_a_backtest_is_worth_what_its_weeks_sold(played: Played, backtest: list[Row]) -> None:
    rows = backtest_rows(played)
    newest = "max(origin_week) as origin_week, max(created_at) as created_at"
    [run] = landed(played, "forecast", newest)
    last, made = run["origin_week"], run["created_at"]

    total = sum(row["actual"] for row in backtest)
    for row in rows.values():
        assert (row["tenant_id"], row["origin_week"]) == ("mini", last)
        assert timedelta(0) <= row["measured_at"] - made < timedelta(hours=1)
    everything = rows.pop("all")
    assert everything["actual"] == pytest.approx(total)
    assert sum(row["actual"] for row in rows.values()) == pytest.approx(total)
    for name, forecast in (("wape", "mean"), ("wape_mean_13w", "mean_13w")):
        wrong = sum(abs(row[forecast] - row["actual"]) for row in backtest)
        assert everything[name] == pytest.approx(wrong / total), name
        classes = sum(row[name] * row["actual"] for row in rows.values())
        # A class that sold nothing has no share of it.
        assert 0.95 * wrong < classes <= wrong * (1 + 1e-9), name
    for row in (everything, *rows.values()):
        assert row["ratio"] == pytest.approx(row["wape"] / row["wape_mean_13w"])
    signed = sum(row["mean"] - row["actual"] for row in backtest)
    assert everything["bias"] == pytest.approx(signed / total)
