"""Sizes that are missing hide demand: what is forecast is what all sizes that are still wanted would sell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mercurios.forecasting import ForecastSettings, forecast, panel_of
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.sql import render

MONDAY = date(2025, 1, 6)
SHARES = {1: 0.4, 2: 0.3, 3: 0.2, 4: 0.1}
FAR = date(2024, 12, 30)
Life = tuple[int, int, int, bool, date | None, date]
Spell = tuple[int, int, int, date, date | None]
SIZE_IN_A_BRANCH = ("article_number", "article_size_number", "branch_number")


def day(week: int, weekday: int = 0) -> date:
    return MONDAY + timedelta(days=7 * week + weekday)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(tmp_path / "published.duckdb", threads=1) as engine:
        engine.execute("create schema analytics")
        yield engine


def table_of_lives(lives: list[Life]) -> pa.Table:
    names = (*SIZE_IN_A_BRANCH, "has_demand", "first_seen_on", "life_since")
    return pa.table(dict(zip(names, map(list, zip(*lives, strict=True)), strict=True)))


def table_of_spells(spells: list[Spell]) -> pa.Table:
    names = (*SIZE_IN_A_BRANCH, "started_on", "ended_on")
    kinds = (pa.int64(), pa.int64(), pa.int64(), pa.date32(), pa.date32())
    columns = zip(*spells, strict=True) if spells else [()] * len(names)
    return pa.table({n: pa.array(list(c), k) for n, c, k in zip(names, columns, kinds, strict=True)})


def publish(engine: DuckDBEngine, units: np.ndarray, lives: list[Life], spells: list[Spell]) -> None:
    """Publish what a forecast reads of articles 1, 2, ... of four sizes in branch 1; units are articles x weeks."""
    count, weeks = units.shape
    demand = pa.table(
        {
            "article_number": np.repeat(np.arange(1, count + 1), weeks),
            "week_start": pa.array([day(week) for _ in range(count) for week in range(weeks)]),
            "units": units.ravel().astype(float),
        }
    )
    size = pa.array([number for _ in range(count) for number in SHARES])
    curve = pa.table({"article_number": np.repeat(np.arange(1, count + 1), len(SHARES)), "size": size})
    for name, table, more in (
        (
            "fct_demand_weekly",
            demand,
            "1 as branch_number, false as is_stock_out, false as is_over, 1 as category_number, 0 as season_number",
        ),
        (
            "size_curve",
            curve.rename_columns(["article_number", "article_size_number"]),
            f"({SHARES})[article_size_number] as size_share".replace("({", "map {").replace("})", "}"),
        ),
        ("article_life", table_of_lives(lives), "null::date as season_ends_on"),
        ("stock_out_spells", table_of_spells(spells), "1 as days_out"),
    ):
        engine._connection.register("rows", table)
        engine.execute(f"create table analytics.{name} as select 'mini' as tenant_id, *, {more} from rows")
    engine.execute(
        "create table analytics.dim_article as select distinct tenant_id, article_number, false as is_service,"
        " 7 as supplier_number, 9.9 as sale_price from analytics.fct_demand_weekly"
    )


def read(engine: DuckDBEngine) -> pa.Table:
    return engine.fetch_arrow(render(engine.dialect, "forecast_demand"), {"tenant_id": "mini"})


def offered(engine: DuckDBEngine) -> list[float]:
    return [round(share, 4) for share in read(engine)["on_offer"].to_pylist()]


def wanted_sizes(article: int = 1) -> list[Life]:
    return [(article, size, 1, True, FAR, FAR) for size in SHARES]


def test_sizes_that_sell_out_one_by_one_leave_their_share_of_the_demand_unmet(engine: DuckDBEngine) -> None:
    """The week of the sell-out counts, since what was there then was sold."""
    spells = [
        (1, 1, 1, day(1, 2), day(4)),
        (1, 2, 1, day(2, 5), None),
        (1, 3, 1, day(3, 6), day(5, 3)),
    ]
    publish(engine, np.full((1, 7), 10.0), wanted_sizes(), spells)

    # Size 3 is back on the Thursday of the last week but one: three days of it are missing.
    half = 0.7 - 0.2 * 3 / 7
    assert offered(engine) == [1.0, 1.0, 0.6, 0.3, 0.5, round(half, 4), 0.7]


def test_a_size_that_came_later_was_missing_before(engine: DuckDBEngine) -> None:
    lives = [*wanted_sizes()[:3], (1, 4, 1, True, day(2), day(2))]
    publish(engine, np.full((1, 6), 10.0), lives, [])

    assert offered(engine) == [0.9, 0.9, 1.0, 1.0, 1.0, 1.0]


def test_what_is_gone_for_good_is_asked_for_no_more(engine: DuckDBEngine) -> None:
    """Then four sizes sold what three would have; the mask of the fourth has expired."""
    lives = [(1, 1, 1, False, FAR, day(2, 1)), *wanted_sizes()[1:]]
    publish(engine, np.full((1, 6), 10.0), lives, [])

    assert offered(engine) == [round(1 / 0.6, 4)] * 3 + [1.0] * 3


def test_a_size_that_never_came_is_wanted_only_when_it_is_on_order(engine: DuckDBEngine) -> None:
    never, on_order = (1, 4, 1, False, None, FAR), (1, 3, 1, True, None, FAR)
    publish(engine, np.full((1, 6), 10.0), [*wanted_sizes()[:2], on_order, never], [])

    assert offered(engine) == [round(0.7 / 0.9, 4)] * 6


def test_what_sells_from_an_empty_book_was_there(engine: DuckDBEngine) -> None:
    spells = [(1, size, 1, day(0, 3), None) for size in SHARES]
    publish(engine, np.full((1, 6), 10.0), wanted_sizes(), spells)

    assert offered(engine) == [1.0] * 6


def test_the_forecast_is_what_the_wanted_sizes_sell_when_all_are_there(engine: DuckDBEngine) -> None:
    """Half of the sizes run out for weeks, and one in eight for good: sales alone say a fifth less."""
    rng, count, weeks = np.random.default_rng(7), 150, 60
    shares = np.array(list(SHARES.values()))
    rate = rng.lognormal(1.5, 0.6, count)[:, None] * shares
    there = np.ones((count, len(SHARES), weeks), dtype=bool)
    lives: list[Life] = []
    spells: list[Spell] = []
    wanted = np.ones((count, len(SHARES)), dtype=bool)
    for article in range(count):
        for size in range(len(SHARES)):
            begin = int(rng.integers(35, weeks - 3))
            if rng.random() < 0.125:
                there[article, size, begin:], wanted[article, size] = False, False
            elif rng.random() < 0.6:
                end = begin + int(rng.integers(2, 15))
                there[article, size, begin:end] = False
                back = day(end) if end < weeks else None
                spells.append((article + 1, size + 1, 1, day(begin - 1, 6), back))
            over = FAR if wanted[article, size] else day(begin - 1, 6)
            lives.append((article + 1, size + 1, 1, bool(wanted[article, size]), FAR, over))
    sold = (rng.poisson(rate[:, :, None], there.shape) * there).sum(axis=1)
    publish(engine, sold, lives, spells)
    truth = (rate * wanted).sum(axis=1)
    alive = wanted.any(axis=1)

    table, settings = read(engine), ForecastSettings(horizon=4)
    by_size, as_sold = (
        forecast(panel_of(each), (), settings).prediction.mean.mean(axis=1)
        for each in (table, table.drop_columns(["on_offer"]))
    )

    assert as_sold[alive].sum() < 0.9 * truth[alive].sum()
    assert by_size[alive].sum() == pytest.approx(truth[alive].sum(), rel=0.04)
    errors = [np.abs(found - truth)[alive].sum() for found in (by_size, as_sold)]
    assert errors[0] < 0.75 * errors[1]
