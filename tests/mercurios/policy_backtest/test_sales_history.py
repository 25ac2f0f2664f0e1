"""What is read from a panel and the files beside it, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercurios.forecasting.panel.panel import PanelError
from mercurios.policy_backtest.sales_history import SalesHistory, read_sales_history

WEEKS = ["2024-01-01", "2024-01-08", "2024-01-15"]


def csv(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def panel(folder: Path, column: str = "", values: tuple[str, ...] = ("", "", "")) -> Path:
    rows = [f"7,1,{week},{3 + at}{',' + values[at] if column else ''}" for at, week in enumerate(WEEKS)]
    rows += [f"8,1,{week},1{',' if column else ''}" for week in WEEKS]
    return csv(folder, "panel.csv", f"article,branch,week,quantity{',' + column if column else ''}", *rows)


def read(path: Path, initial_state: Path | None = None, **options: object) -> SalesHistory:
    return read_sales_history(path, horizon=4, initial_state=initial_state, **options)


def test_days_are_added_up_to_whole_weeks(tmp_path: Path) -> None:
    # From a Wednesday to the Tuesday of the week after next; the series is on sale from the first Friday on.
    days = np.arange(np.datetime64("2024-01-03"), np.datetime64("2024-01-24"))
    table = {
        "article": np.full(days.size, 1),
        "branch": np.full(days.size, 1),
        "date": days,
        "quantity": np.where(days == np.datetime64("2024-01-16"), 0.0, np.arange(days.size)),
        "in_stock": days != np.datetime64("2024-01-16"),
        "x_promo": (days >= np.datetime64("2024-01-20")).astype(float),
    }
    pq.write_table(pa.table(table), tmp_path / "days.parquet")

    found = read(tmp_path / "days.parquet").panel

    assert found.week_starts.astype(str).tolist() == ["2024-01-08", "2024-01-15"]
    assert found.y.tolist() == [[5 + 6 + 7 + 8 + 9 + 10 + 11, 0]]
    assert found.mask.tolist() == [[True, False]]
    assert found.x is not None
    assert found.x[0, :2, 0].tolist() == pytest.approx([0, 2 / 7])
    assert found.x.shape[1] >= 2 + 4


def test_regressors_are_left_out_when_they_are_not_planned(tmp_path: Path) -> None:
    path = panel(tmp_path, "x_price", ("2", "3", "4"))

    assert read(path).panel.x is not None
    assert read(path, planned=False).panel.x is None
    assert any("not used" in note for note in read(path, planned=False).notes)


def test_stock_at_the_beginning_comes_from_the_panel_or_a_file_of_its_own(tmp_path: Path) -> None:
    in_panel = read(panel(tmp_path, "initial_state", ("5", "", "5")))
    state = csv(
        tmp_path, "state.csv", "branch,article,on_hand,in_transit_1,in_transit_3", "1,8,4,,2", "1,9,1,1,1"
    )
    beside = read(panel(tmp_path), state)

    assert in_panel.stock.tolist() == pytest.approx([5, np.nan], nan_ok=True)
    assert beside.stock.tolist() == pytest.approx([np.nan, 4], nan_ok=True)
    assert beside.in_transit.tolist() == [[0, 0, 0], [0, 0, 2]]


def test_the_stock_at_the_beginning_says_nothing_about_which_articles_are_alike(tmp_path: Path) -> None:
    assert read(panel(tmp_path, "initial_state", ("5", "5", "5"))).panel.attributes is None


def test_costs_are_the_latest_of_each_series(tmp_path: Path) -> None:
    found = read(panel(tmp_path, "unit_cost", ("2", "3", "")))

    assert found.costs["unit_cost"].tolist() == pytest.approx([3, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("article,branch", "7,1"), "column 'on_hand': missing"),
        (("article,on_hand", "7,1"), "column 'branch': missing"),
        (("article,branch,on_hand", "7,1,-2"), "column 'on_hand', row 1: -2 is below 0"),
        (("article,branch,on_hand", "7,1,3", "8,1,few"), "column 'on_hand', row 2: 'few' is not a number"),
        (("article,branch,on_hand", "7,1,3", "8,1,1", "7,1,2"), "column 'article', row 3: a second row"),
        (("article,branch,on_hand,in_transit_x", "7,1,3,1"), "column 'in_transit_x': expected in_transit_1"),
    ],
)
def test_a_wrong_initial_state_is_reported_with_column_and_row(
    tmp_path: Path, lines: tuple[str, ...], message: str
) -> None:
    state = csv(tmp_path, "state.csv", *lines)

    with pytest.raises(PanelError, match=message) as caught:
        read(panel(tmp_path), state)
    assert "state.csv" in str(caught.value)


def test_two_stocks_of_one_series_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match=r"column 'initial_state', row 1: 5, but another row .* has 6"):
        read(panel(tmp_path, "initial_state", ("5", "", "6")))


def test_a_panel_that_cannot_be_used_is_reported_as_for_a_forecast(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match="column 'quantity': missing"):
        read(csv(tmp_path, "panel.csv", "article,branch,week", "1,1,2024-01-01"))
