"""Demand by week, and the classes made of it, against a plain computation of the source's receipts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from statistics import fmean, stdev, variance
from typing import NamedTuple

import pytest
from line_kinds import Row, money
from played import Played
from source_rows import WEEK, by_number, day, goods_of, monday

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

CLASS_WEEKS, QUARTER_WEEKS = 52, 13
Key = tuple[int, int, date]
"""Article, branch and Monday."""


class Week(NamedTuple):
    """What was sold in a week."""

    gross: int = 0
    returned: int = 0
    revenue: Decimal = Decimal(0)

    @property
    def units(self) -> int:
        return self.gross - self.returned

    def plus(self, line: Row) -> Week:
        units = int(line["quantity"])
        return Week(
            self.gross + max(units, 0),
            self.returned + max(-units, 0),
            self.revenue + money(line["salePrice"]),
        )


@pytest.fixture(scope="module")
def goods(played: Played) -> list[Row]:
    """The receipt lines of goods that nothing took back."""
    return [line for line, _ in goods_of(played)]


@pytest.fixture(scope="module")
def weeks(played: Played, goods: list[Row]) -> dict[Key, Week]:
    """Every week from the first sale of an article in a branch to the last complete one."""
    sold: dict[Key, Week] = defaultdict(Week)
    for line in goods:
        if line["articleNumber"] and line["branchNumber"]:
            key = (int(line["articleNumber"]), line["branchNumber"], monday(day(line["date"])))
            sold[key] = sold[key].plus(line)
    last = monday(played.today) - WEEK
    first: dict[tuple[int, int], date] = {}
    for article, branch, week in sold:
        first[article, branch] = min(week, first.get((article, branch), week))
    return {
        (article, branch, begin + count * WEEK): sold.get((article, branch, begin + count * WEEK), Week())
        for (article, branch), begin in first.items()
        for count in range((last - begin).days // 7 + 1)
    }


def sold_out(played: Played, weeks: dict[Key, Week]) -> Iterator[tuple[Key, bool]]:
    """Yield whether stock limited a week's sales, for the weeks whose stock is known at both ends."""
    for (article, branch, week), sold in weeks.items():
        before, end = week - timedelta(days=1), week + timedelta(days=6)
        if before not in played.closing or end not in played.closing:
            continue
        opened = played.closing[before].get((article, branch), 0)
        closed = played.closing[end].get((article, branch), 0)
        received = closed - opened + sold.units
        if opened <= 0 and received <= 0 and sold.gross:
            yield (article, branch, week), False
        else:
            yield (article, branch, week), closed <= 0 or (opened <= 0 and not sold.gross)


def test_a_weeks_demand_is_what_the_tills_sold_and_took_back(played: Played, weeks: dict[Key, Week]) -> None:
    rows = played.query("select * from analytics.fct_demand_weekly")

    found = {
        (row["article_number"], row["branch_number"], row["week_start"]): (
            row["units"],
            row["gross_units"],
            row["returned_units"],
            row["revenue"],
        )
        for row in rows
    }
    expected = {key: (sold.units, sold.gross, sold.returned, sold.revenue) for key, sold in weeks.items()}
    assert len(expected) > 1_000
    assert found == expected


def test_a_week_names_its_articles_category_and_season(played: Played) -> None:
    rows = played.query("select * from analytics.fct_demand_weekly")
    articles = by_number(played.rows["article"])

    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        article = articles[row["article_number"]]
        assert row["category_number"] == article["categoryNumber"]
        assert row["season_number"] == (article["seasonNumber"] or None)
        assert row["is_nos"] == article["isNOS"]


def test_a_week_is_sold_out_where_the_shop_was_empty(played: Played, weeks: dict[Key, Week]) -> None:
    rows = played.query("select * from analytics.fct_demand_weekly where closing_stock is not null")
    found = {
        (row["article_number"], row["branch_number"], row["week_start"]): row["is_stock_out"] for row in rows
    }

    expected = dict(sold_out(played, weeks))
    assert any(expected.values())
    assert not all(expected.values())
    assert {key: found[key] for key in expected if key in found} == {
        key: limited for key, limited in expected.items() if key in found
    }


def test_an_articles_class_is_that_of_its_last_52_weeks(played: Played, weeks: dict[Key, Week]) -> None:
    limited = dict(sold_out(played, weeks))
    since = monday(played.today) - CLASS_WEEKS * WEEK
    gross: dict[int, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    in_stock: dict[int, dict[date, bool]] = defaultdict(lambda: defaultdict(bool))
    revenue: dict[int, Decimal] = defaultdict(Decimal)
    for (article, branch, week), sold in weeks.items():
        if week >= since:
            gross[article][week] += sold.gross
            in_stock[article][week] |= not limited.get((article, branch, week), False)
            revenue[article] += sold.revenue

    rows = played.query("select * from analytics.article_class order by revenue desc, article_number")
    total = sum(max(amount, Decimal(0)) for amount in revenue.values())
    before = Decimal(0)
    assert {row["tenant_id"] for row in rows} == {"mini"}
    for row in rows:
        article = row["article_number"]
        amount = max(revenue.get(article, Decimal(0)), Decimal(0))
        assert row["revenue"] == amount, article
        assert row["revenue_share"] == pytest.approx(float(amount / total)), article
        share, before = before / total, before + amount
        value_class = "A" if share < Decimal("0.8") else "B" if share < Decimal("0.95") else "C"
        assert row["value_class"] == (value_class if amount else "C"), article
        units = [gross[article][week] for week, here in in_stock[article].items() if here]
        assert row["weeks_measured"] == len(units), article
        check_variability(row, units)


def check_variability(row: Row, units: list[int]) -> None:
    """Compare the class of demand after Syntetos, Boylan and Croston (2005) with that of these weeks."""
    sizes = [float(each) for each in units if each > 0]
    if len(units) > 1 and sizes:
        variation = stdev(units) / fmean(units)
        assert row["variation"] == pytest.approx(variation, abs=1e-4)
        # Within rounding of a limit either class is right.
        if min(abs(variation - 0.5), abs(variation - 1)) > 1e-6:
            assert row["variability_class"] == ("X" if variation < 0.5 else "Y" if variation < 1 else "Z")
    if not sizes:
        assert row["demand_class"] == "none"
        return
    interval = len(units) / len(sizes)
    squared = (stdev(sizes) / fmean(sizes)) ** 2 if len(sizes) > 1 else 0.0
    assert row["demand_interval"] == pytest.approx(interval, abs=1e-4)
    assert row["size_variation"] == pytest.approx(squared, abs=1e-4)
    steady, even = interval < 1.32, squared < 0.49
    expected = {
        (True, True): "smooth",
        (True, False): "erratic",
        (False, True): "intermittent",
        (False, False): "lumpy",
    }[steady, even]
    assert row["demand_class"] == expected


def outlook(played: Played, weeks: dict[Key, Week]) -> Iterator[tuple[tuple[int, int], list[int], list[int]]]:
    """Yield article, branch and units of the last 13 complete weeks: of those in which there was stock, and of all."""
    limited, since = dict(sold_out(played, weeks)), monday(played.today) - QUARTER_WEEKS * WEEK
    recent: dict[tuple[int, int], list[tuple[int, bool]]] = defaultdict(list)
    for (article, branch, week), sold in weeks.items():
        if week >= since:
            recent[article, branch].append((sold.units, limited.get((article, branch, week), False)))
    for place, found in recent.items():
        yield place, [units for units, was_out in found if not was_out], [units for units, _ in found]


def test_without_a_forecast_what_is_expected_is_the_average_of_a_quarter(
    played: Played, weeks: dict[Key, Week]
) -> None:
    """Nothing is expected of what has no demand any more, which test_article_life.py computes."""
    alive = {
        (row["article_number"], row["branch_number"])
        for row in played.query("select * from analytics.article_life")
        if row["has_demand"]
    }
    forecast = {(row["article_number"], row["branch_number"]) for row in played.rows["forecast_weekly"]}
    rows = played.query("select * from analytics.demand_outlook where demand_source <> 'forecast'")
    found = {(row["article_number"], row["branch_number"], row["week_start"]): row for row in rows}

    first, expected = monday(played.today), {}
    for place, in_stock, every in outlook(played, weeks):
        mean = max(fmean(in_stock or every), 0.0)
        spread = variance(in_stock) if len(in_stock) > 1 else 0.0
        if mean > 0 and place in alive and place not in forecast:
            deviation = max(spread, mean) ** 0.5
            for count in range(QUARTER_WEEKS):
                expected[*place, first + count * WEEK] = (mean, deviation)
    played.shows(len(expected) > 100)
    assert found.keys() == expected.keys()
    for key, row in found.items():
        mean, deviation = expected[key]
        starts = max(key[2], played.today)
        assert (row["tenant_id"], row["demand_source"]) == ("mini", "average"), key
        assert row["first_day"] == (starts - played.today).days, key
        assert row["day_count"] == (key[2] + WEEK - starts).days, key
        assert row["mean"] == row["quantile_50"] == pytest.approx(mean, abs=1e-5), key
        assert row["quantile_80"] == pytest.approx(mean + 0.8416 * deviation, abs=1e-4), key
        assert row["quantile_95"] == pytest.approx(mean + 1.6449 * deviation, abs=1e-4), key
