"""A panel's file is read whatever its types and order, and what is wrong with it is reported with column and row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from mercurios.forecasting import ForecastSettings, forecast
from mercurios.forecasting.panel.cadence import DAILY, WEEKLY
from mercurios.forecasting.panel.panel import PanelError
from mercurios.forecasting.panel.plan import filled
from mercurios.forecasting.panel.reader import read_source
from mercurios.forecasting.panel.source import Source

TODAY = date(2026, 6, 1)
MONDAY = date(2025, 1, 6)


def rows(weeks: int = 20, **columns: Any) -> dict[str, list[Any]]:
    """Two articles in two branches, a row each week."""
    keys = [(article, branch) for article in ("A1", "A2") for branch in (1, 2)]
    count = len(keys) * weeks
    found: dict[str, list[Any]] = {
        "article": [article for article, _ in keys for _ in range(weeks)],
        "branch": [branch for _, branch in keys for _ in range(weeks)],
        "week": [MONDAY + timedelta(7 * week) for _ in keys for week in range(weeks)],
        "quantity": [float(1 + at % 5) for at in range(count)],
    }
    return found | columns


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Source]:
    def reader(columns: dict[str, Any], kind: str = "parquet", **options: Any) -> Source:
        path = tmp_path / f"panel.{kind}"
        table = pa.table(columns)
        csv.write_csv(table, path) if kind == "csv" else pq.write_table(table, path)
        options.setdefault("horizon", lambda _: 8)
        return read_source(path, today=TODAY, **options)

    return reader


def test_csv_and_parquet_give_the_same_panel(read: Callable[..., Source]) -> None:
    first, second = read(rows(), "csv"), read(rows())
    assert np.array_equal(first.panel.y, second.panel.y)
    assert first.articles.to_pylist() == second.articles.to_pylist() == ["A1", "A2"]
    assert first.branches.to_pylist() == second.branches.to_pylist() == [1, 2]
    assert first.panel.y.shape == (4, 20)


def test_unsorted_rows_give_the_same_panel(read: Callable[..., Source]) -> None:
    columns = rows()
    order = np.random.default_rng(2).permutation(len(columns["week"]))
    shuffled = {name: [values[at] for at in order] for name, values in columns.items()}
    assert np.array_equal(read(shuffled).panel.y, read(columns).panel.y)


def test_keys_with_leading_zeros_stay_text(read: Callable[..., Source]) -> None:
    columns = rows()
    columns["article"] = ["0010" if key == "A1" else "0011" for key in columns["article"]]
    assert read(columns, "csv").articles.to_pylist() == ["0010", "0011"]


def test_weeks_may_start_on_any_one_weekday(read: Callable[..., Source]) -> None:
    columns = rows()
    columns["week"] = [day - timedelta(1) for day in columns["week"]]
    source = read(columns)
    assert source.panel.cadence is WEEKLY
    assert str(source.label(source.panel.week_starts[0])) == "2025-01-05"


def test_the_frequency_is_found_out_from_the_dates(read: Callable[..., Source]) -> None:
    columns = rows()
    weekly = {("date" if name == "week" else name): values for name, values in columns.items()}
    daily = weekly | {"date": [MONDAY + timedelta(at % 20) for at in range(80)]}
    assert read(weekly).panel.cadence is WEEKLY
    assert read(daily).panel.cadence is DAILY


def test_gaps_are_zero_sales_and_weeks_before_the_first_sale_are_not_learned(
    read: Callable[..., Source],
) -> None:
    columns = rows()
    columns["quantity"][:3] = [0.0, 0.0, 0.0]
    keep = [at for at in range(80) if at != 10]
    source = read({name: [values[at] for at in keep] for name, values in columns.items()})
    assert source.panel.mask[0].tolist() == [False] * 3 + [True] * 17
    assert source.panel.y[0, 10] == 0.0
    assert "1 weeks without a row" in source.notes[0]


@pytest.mark.parametrize(("yes", "no"), [(True, False), (1, 0), ("yes", "No"), (1.0, 0.0)])
def test_weeks_out_of_stock_are_masked(read: Callable[..., Source], yes: Any, no: Any) -> None:
    # The sixth week sold 1 where 3 are usual.
    source = read(rows(in_stock=[no if at == 5 else yes for at in range(80)]))
    assert not source.panel.mask[0, 5]
    assert source.panel.mask.sum() == 79
    assert source.notes == []


def test_weeks_that_ran_out_are_lower_bounds_of_demand_and_noted(read: Callable[..., Source]) -> None:
    # The fifth week sold 5 where 2.3 were usual.
    source = read(rows(in_stock=[at != 4 for at in range(80)]))
    assert source.panel.mask.all()
    assert source.notes == [
        "1 weeks that ran out of stock sold as much as usual or more: demand was at least that, and is learned as what "
        "it probably was"
    ]


def test_what_is_out_of_stock_for_ever_is_forecast_nothing_at_last(read: Callable[..., Source]) -> None:
    """One article for half a year, one for two: what is waited for keeps its level, what is not offered does not."""
    weeks = 156
    sold = np.random.default_rng(1).poisson(4.0, (4, weeks)).astype(float)
    sold[0, weeks - 26 :], sold[1, weeks - 104 :] = 0.0, 0.0
    in_stock = np.ones(sold.shape, dtype=bool)
    in_stock[0, weeks - 26 :] = in_stock[1, weeks - 104 :] = False
    columns = rows(weeks, quantity=sold.ravel().tolist(), in_stock=in_stock.ravel().tolist())
    columns["week"] = [date(2023, 1, 2) + timedelta(7 * (at % weeks)) for at in range(4 * weeks)]

    source = read(columns)
    mean = forecast(source.panel, (), ForecastSettings(horizon=8)).prediction.mean

    assert source.panel.mask.sum(axis=1).tolist() == [weeks - 26, weeks - 52, weeks, weeks]
    assert mean[0].mean() == pytest.approx(4.0, rel=0.3)
    assert mean[1].max() < 0.1
    assert source.notes == [
        "1 series were out of stock for more than a year: weeks after it count as zero demand"
    ]


def test_returns_beyond_sales_are_taken_from_them_and_reported(read: Callable[..., Source]) -> None:
    columns = rows()
    columns["quantity"][3:7] = [4.0, 5.0, -7.0, 2.0]
    source = read(columns)
    assert source.panel.y[0, 3:7].tolist() == [2.0, 0.0, 0.0, 2.0]
    assert source.notes == [
        "1 negative quantities (returns beyond sales) are taken from the sales before them"
    ]


def test_a_group_column_is_found_or_named(read: Callable[..., Source]) -> None:
    columns = rows(category=["x"] * 40 + ["y"] * 40, brand=[None, *["b"] * 79])
    assert read(columns).panel.group.tolist() == [0, 0, 1, 1]
    assert read(columns, group="brand").panel.group.tolist() == [0, 0, 0, 0]
    with pytest.raises(PanelError, match="column 'shelf': missing; the file has article"):
        read(columns, group="shelf")


def test_the_history_ends_with_the_origin(read: Callable[..., Source]) -> None:
    source = read(rows(), origin=MONDAY + timedelta(7 * 9 + 3))
    assert source.panel.n_weeks == 10
    assert "40 rows after 2025-03-13 were left out" in source.notes
    with pytest.raises(PanelError, match="column 'origin': no row lies on or before 2020-01-01"):
        read(rows(), origin=date(2020, 1, 1))


@pytest.mark.parametrize(
    ("column", "at", "value", "message"),
    [
        ("quantity", 4, None, "column 'quantity', row 5: empty or NaN"),
        ("quantity", 4, float("nan"), "column 'quantity', row 5: empty or NaN"),
        ("quantity", 4, float("inf"), "column 'quantity', row 5: inf is not a number within"),
        ("quantity", 4, 1e15, r"column 'quantity', row 5: 1e\+15 is not a number within"),
        ("article", 11, None, "column 'article', row 12: empty"),
        ("branch", 11, None, "column 'branch', row 12: empty"),
        ("week", 11, None, "column 'week', row 12: empty"),
        ("week", 11, date(2025, 1, 7), "column 'week', row 12: 2025-01-07 does not start a week"),
        ("week", 11, date(2099, 1, 5), "column 'week', row 12: 2099-01-05 lies in the future"),
        ("week", 11, date(1700, 1, 4), "column 'week', row 12: 1700-01-04 makes the history"),
        ("week", 11, MONDAY, "column 'week', row 12: a second row for article A1, branch 1, 2025-01-06"),
    ],
)
def test_what_is_wrong_is_reported_with_column_and_row(
    read: Callable[..., Source], column: str, at: int, value: Any, message: str
) -> None:
    columns = rows()
    columns[column][at] = value
    with pytest.raises(PanelError, match=message):
        read(columns)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("quantity", "many", "column 'quantity', row 5: 'many' is not a number"),
        ("week", "soon", "column 'week', row 5: 'soon' is not a date such as 2026-01-31"),
    ],
)
def test_text_where_numbers_belong_is_pointed_at(
    read: Callable[..., Source], column: str, value: str, message: str
) -> None:
    columns = rows()
    columns[column] = [str(entry) for entry in columns[column]]
    columns[column][4] = value
    with pytest.raises(PanelError, match=message):
        read(columns, "csv")


@pytest.mark.parametrize("column", ["article", "branch", "week", "quantity"])
def test_a_missing_column_is_named(read: Callable[..., Source], column: str) -> None:
    columns = rows()
    del columns[column]
    with pytest.raises(PanelError, match=f"column '{column}': missing"):
        read(columns)


def test_a_wrong_frequency_is_reported(read: Callable[..., Source]) -> None:
    daily = rows(week=[MONDAY + timedelta(at % 20) for at in range(80)])
    with pytest.raises(PanelError, match=r"row \d+: 2025-01-\d+ does not start a week"):
        read(daily, frequency="W")
    with pytest.raises(PanelError, match="this is a weekly panel, use --frequency W"):
        read(rows(), frequency="D")


def test_a_file_without_rows_or_of_another_kind_is_refused(
    read: Callable[..., Source], tmp_path: Path
) -> None:
    with pytest.raises(PanelError, match="no rows"):
        read({name: pa.array(values, pa.array(values).type).slice(0, 0) for name, values in rows().items()})
    (tmp_path / "broken.parquet").write_text("no parquet")
    with pytest.raises(PanelError, match=r"broken.parquet is no Parquet or CSV file"):
        read_source(tmp_path / "broken.parquet", horizon=lambda _: 8)
    with pytest.raises(PanelError, match=r"does not exist"):
        read_source(tmp_path / "nowhere.csv", horizon=lambda _: 8)


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Path]:
    def planner(**columns: Any) -> Path:
        path = tmp_path / "plan.parquet"
        ahead = [MONDAY + timedelta(7 * (20 + week)) for week in range(8)]
        found = {"article": ["A1"] * 8, "branch": [1] * 8, "week": ahead, "x_promo": [0, 1] * 4}
        pq.write_table(pa.table({k: v for k, v in (found | columns).items() if v is not None}), path)
        return path

    return planner


def test_a_plan_continues_the_regressors_of_its_series(
    read: Callable[..., Source], plan: Callable[..., Path]
) -> None:
    source = read(rows(x_promo=[at % 3 == 0 for at in range(80)]), plan=plan())
    assert source.panel.x is not None
    assert source.panel.x.shape == (4, 28, 1)
    assert source.panel.x[0, 20:, 0].tolist() == [0, 1] * 4
    assert not source.panel.x[1, 20:].any()
    assert "24 values are not in the plan" in source.notes[0]


def test_a_plan_of_what_the_history_cannot_tell_is_noted(
    read: Callable[..., Source], plan: Callable[..., Path]
) -> None:
    flag = [float(at % 3 == 0) for at in range(80)]
    columns = {"x_promo": flag, "x_twice": flag, "x_never": [0.0] * 80, "x_price": [0.0, 4.0, 5.0, 6.0] * 20}
    planned = {"x_twice": [0, 3] * 4, "x_never": [1] * 8, "x_price": [5.0, -1.0] * 4}

    source = read(rows(**columns), plan=plan(**planned))

    notes = "\n".join(source.notes)
    assert "x_price: 24 prices are 0 or less and count as unknown" in notes
    assert "x_twice follows from the regressors before it" in notes
    assert "x_twice: 4 planned values lie beyond those of the history" in notes
    assert "x_never never changes within a series" in notes
    assert "x_never: 8 planned values never happened before" in notes
    assert source.panel.x is not None
    assert source.panel.x[:, :, 3].min() >= 4.0
    assert source.panel.x[0, 20:, 3].tolist() == [5.0] * 8


def test_without_a_plan_regressors_are_left_out_and_that_is_reported(read: Callable[..., Source]) -> None:
    source = read(rows(x_promo=[0.0] * 80))
    assert source.panel.x is None
    assert "x_promo: no plan was given" in source.notes[0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x_promo": None}, "column 'x_promo': regressor of the panel, missing in the plan"),
        ({"week": None}, "column 'week': missing in the plan"),
        (
            {"x_promo": [0, float("inf")] * 4},
            "column 'x_promo', row 2: inf is not a number.*plan plan.parquet",
        ),
        ({"week": [date(2025, 5, 27)] * 8}, "column 'week', row 1: 2025-05-27 does not start a week"),
        ({"week": [date(2025, 5, 26)] * 8}, "column 'week', row 2: a second row.*plan.parquet"),
    ],
)
def test_what_is_wrong_with_a_plan_is_reported(
    read: Callable[..., Source], plan: Callable[..., Path], columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(PanelError, match=message):
        read(rows(x_promo=[at % 3 for at in range(80)]), plan=plan(**columns))


def test_a_plan_for_a_panel_without_regressors_is_refused(
    read: Callable[..., Source], plan: Callable[..., Path]
) -> None:
    with pytest.raises(PanelError, match="the panel has no regressor columns"):
        read(rows(), plan=plan())


def test_an_unknown_event_did_not_happen_and_an_unknown_price_is_the_last_one() -> None:
    nan = np.nan
    event = np.array([[0.0, 1.0, nan, nan], [nan, nan, nan, 1.0]])
    assert filled(event, 3).tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    price = np.array([[nan, 5.0, nan, nan], [nan, nan, nan, nan]])
    assert filled(price, 3).tolist() == [[5, 5, 5, 5], [5, 5, 5, 5]]


def test_columns_that_stay_the_same_within_a_series_say_what_it_is_like(read: Callable[..., Source]) -> None:
    columns = rows(category=["x"] * 80, brand=["b"] * 40 + ["c"] * 40, note=[str(at) for at in range(80)])
    assert read(columns).panel.attributes is not None
    assert read(columns).panel.similarity_keys().tolist() == [[0, 0], [0, 0], [0, 1], [0, 1]]
