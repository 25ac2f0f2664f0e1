"""A demand table becomes a rectangle of weeks, or an error that says where to look."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mercurios.forecasting.panel.demand import panel_of
from mercurios.forecasting.panel.panel import NO_GROUP, PanelError

MONDAY = date(2024, 1, 1)


def demand(rows: list[tuple[int, int, int, Any, bool]], **extra: list[Any]) -> pa.Table:
    columns: dict[str, Any] = {
        "article_number": pa.array([row[0] for row in rows], pa.int64()),
        "branch_number": pa.array([row[1] for row in rows], pa.int64()),
        "week_start": pa.array([MONDAY + timedelta(weeks=row[2]) for row in rows], pa.date32()),
        "units": [row[3] for row in rows],
        "is_stock_out": [row[4] for row in rows],
    }
    return pa.table(columns | extra)


def test_a_missing_week_inside_a_series_is_zero_demand_and_observed() -> None:
    panel = panel_of(demand([(1, 1, 0, 3.0, False), (1, 1, 2, 5.0, False)]))
    assert panel.y.tolist() == [[3.0, 0.0, 5.0]]
    assert panel.mask.tolist() == [[True, True, True]]


def test_weeks_before_the_first_sale_are_masked() -> None:
    rows = [(1, 1, 0, 0.0, False), (1, 1, 1, 2.0, False), (2, 1, 0, 1.0, False), (2, 1, 2, 1.0, False)]
    panel = panel_of(demand(rows))
    assert panel.mask.tolist() == [[False, True, True], [True, True, True]]


def test_stock_out_weeks_that_sold_less_than_usual_are_masked() -> None:
    panel = panel_of(demand([(1, 1, 0, 3.0, False), (1, 1, 1, 1.0, True), (1, 1, 2, 0.0, True)]))
    assert panel.mask.tolist() == [[True, False, False]]
    assert panel.y.tolist() == [[3.0, 0.0, 0.0]]


def test_sales_stand_for_the_demand_of_the_sizes_that_were_missing() -> None:
    rows = [(1, 1, week, 6.0, False) for week in range(4)]
    panel = panel_of(demand(rows, on_offer=[1.0, 0.75, 0.5, 1.5]))
    assert panel.y.tolist() == [[6.0, 8.0, 12.0, 4.0]]
    assert panel.mask.all()


def test_a_week_with_less_than_half_on_offer_is_as_one_that_ran_out() -> None:
    """It is learned from only where it sold as much as usual all the same."""
    rows = [(1, 1, 0, 6.0, False), (1, 1, 1, 2.0, False), (1, 1, 2, 6.0, False)]
    panel = panel_of(demand(rows, on_offer=[1.0, 0.4, 0.4]))
    assert panel.mask.tolist() == [[True, False, True]]
    assert panel.y.tolist() == [[6.0, 0.0, 6.0]]


def test_after_its_end_nothing_is_made_of_what_a_series_sold() -> None:
    rows = [(1, 1, 0, 6.0, False), (1, 1, 1, 1.0, False)]
    panel = panel_of(demand(rows, on_offer=[1.0, 0.5], is_over=[False, True]))
    assert panel.life is not None
    assert panel.life.after[0, 1] == 1.0
    assert not panel.mask[0, 1]


def test_a_share_on_offer_that_is_no_number_names_its_row() -> None:
    with pytest.raises(PanelError, match="on_offer"):
        panel_of(demand([(1, 1, 0, 6.0, False)], on_offer=[float("nan")]))


def test_a_series_that_never_sold_is_observed_from_its_first_row() -> None:
    panel = panel_of(demand([(1, 1, 0, 1.0, False), (1, 1, 2, 1.0, False), (2, 1, 1, 0.0, False)]))
    assert panel.mask[1].tolist() == [False, True, True]


def test_negative_net_weeks_are_counted_and_taken_from_the_sales_before() -> None:
    panel = panel_of(demand([(1, 1, 0, 4.0, False), (1, 1, 1, -2.0, False)]))
    assert panel.y.tolist() == [[2.0, 0.0]]
    assert panel.negative_weeks == 1


def test_a_series_that_ran_out_in_every_week_is_learned_from_what_it_sold() -> None:
    panel = panel_of(demand([(1, 1, week, 10.0, True) for week in range(5)]))
    assert panel.mask.all()
    assert panel.y.tolist() == [[10.0] * 5]


def test_decimals_unsorted_rows_and_the_latest_category_are_understood() -> None:
    rows = [
        (2, 1, 1, Decimal("1.50"), False),
        (1, 9, 1, Decimal("2.00"), False),
        (2, 1, 0, Decimal("3.00"), False),
    ]
    panel = panel_of(demand(rows, category_number=[7, 5, 6]))
    assert panel.article_number.tolist() == [1, 2]
    assert panel.y.tolist() == [[0.0, 2.0], [3.0, 1.5]]
    assert panel.group.tolist() == [5, 7]


def test_without_a_category_every_series_shares_one_group() -> None:
    assert panel_of(demand([(1, 1, 0, 1.0, False)])).group.tolist() == [NO_GROUP]


def test_the_panel_ends_with_the_last_complete_week_asked_for() -> None:
    panel = panel_of(demand([(1, 1, 0, 1.0, False)]), last_week=np.datetime64("2024-01-15"))
    assert panel.y.tolist() == [[1.0, 0.0, 0.0]]


GOOD = [(1, 1, 0, 1.0, False), (1, 1, 1, 2.0, False), (1, 1, 2, 3.0, False)]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (demand(GOOD).drop_columns(["units"]), "column 'units': missing"),
        (demand(GOOD).slice(0, 0), "column 'units': the table has no rows"),
        (demand([*GOOD[:2], (1, 1, 2, float("nan"), False)]), "column 'units', row 2: nan"),
        (demand([GOOD[0], (1, 1, 1, float("inf"), False)]), "column 'units', row 1: inf"),
        (demand([GOOD[0], (1, 1, 1, 1e15, False)]), "column 'units', row 1: 1000000000000000.0 is not"),
        (
            demand([*GOOD, (1, 1, 1, 9.0, False)]),
            "column 'week_start', row 3: second row for article 1, branch 1",
        ),
        (demand([GOOD[0], (1, 1, 1, None, False)]), "column 'units', row 1: null"),
        (
            demand(GOOD).set_column(2, "week_start", pa.array([MONDAY, MONDAY + timedelta(days=1), MONDAY])),
            "column 'week_start', row 1: 2024-01-02 is not a Monday",
        ),
        (
            demand(GOOD).set_column(0, "article_number", pa.array(["a", "b", "c"])),
            "column 'article_number': expected whole numbers, got string",
        ),
    ],
)
def test_an_unusable_table_is_refused_with_column_and_row(table: pa.Table, message: str) -> None:
    with pytest.raises(PanelError, match=message):
        panel_of(table)


def test_a_week_after_the_last_complete_week_is_refused() -> None:
    with pytest.raises(PanelError, match="row 2: 2024-01-15 lies after the last week 2024-01-08"):
        panel_of(demand(GOOD), last_week=np.datetime64("2024-01-08"))


def test_season_supplier_and_price_band_make_articles_similar() -> None:
    rows = [(1, 1, 0, 1.0, False), (2, 1, 0, 1.0, False), (3, 1, 0, 1.0, False)]
    extra = {"category_number": [4, 4, 5], "season_number": [1, 1, 2], "supplier_number": [7, 8, 7]}
    panel = panel_of(demand(rows, **extra, sale_price=[9.99, 15.0, 0.0]))
    assert panel.similarity_keys().tolist() == [[4, 1, 7, 3], [4, 1, 8, 3], [5, 2, 7, -99]]


@pytest.mark.parametrize("day", ["2024-01-16", "2024-01-21", "2024-01-07"])
def test_a_last_week_that_is_no_monday_is_refused(day: str) -> None:
    with pytest.raises(PanelError, match=f"column 'week_start': last_week {day} is not a Monday"):
        panel_of(demand(GOOD), last_week=np.datetime64(day))


def test_a_series_has_the_codes_of_its_latest_row() -> None:
    rows = [(1, 1, 2, 1.0, False), (1, 1, 0, 1.0, False), (1, 2, 0, 1.0, False), (2, 1, 1, 1.0, False)]

    panel = panel_of(demand(rows, category_number=[5, 4, 6, 7], sale_price=[2.0, 1.0, 3.99, 4.0]))

    assert panel.group.tolist() == [5, 6, 7]
    assert panel.attributes is not None
    assert panel.attributes.tolist() == [[1], [1], [2]]
    alone = panel_of(demand(rows, supplier_number=[5, 4, 6, 7]))
    assert (alone.group.tolist(), alone.attributes.tolist()) == ([NO_GROUP] * 3, [[5], [6], [7]])


@pytest.mark.parametrize(
    ("price", "band"),
    [(0.5, -1), (1.0, 0), (1.99, 0), (2.0, 1), (0.0, -99), (-3.0, -99), (float("nan"), -99)],
)
def test_a_price_band_is_how_often_a_price_doubles(price: float, band: int) -> None:
    panel = panel_of(demand([(1, 1, 0, 1.0, False)], sale_price=[price]))

    assert panel.attributes.tolist() == [[band]]


def test_articles_of_two_branches_are_series_of_their_own() -> None:
    rows = [(2, 1, 0, 1.0, False), (1, 2, 0, 2.0, False), (1, 1, 0, 3.0, False), (2, 2, 0, 4.0, False)]

    panel = panel_of(demand(rows))

    assert panel.article_number.tolist() == [1, 1, 2, 2]
    assert panel.branch_number.tolist() == [1, 2, 1, 2]
    assert panel.y[:, 0].tolist() == [3.0, 2.0, 1.0, 4.0]
