"""Days on which a branch is closed are found in its sales, and are neither learned from nor forecast."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from worlds import FIRST_MONDAY, World, draw

from mercurios.forecasting.panel.cadence import DAILY
from mercurios.forecasting.panel.closing import closed_notes, closing_state, find_closed
from mercurios.forecasting.panel.panel import Panel

DAYS, AHEAD = 400, 28
WORLD = World(series=30, periods=DAYS, horizon=AHEAD, cadence=DAILY, seed=3)
MONDAY = FIRST_MONDAY.item()
HOLIDAYS = tuple(MONDAY + timedelta(days) for days in (4, 100, 151, 235, 302, 394, 403))


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Three branches that are closed on Sundays and holidays, but for a Sunday on which they sold."""
    drawn = draw(WORLD).panel
    for day in HOLIDAYS[:-1]:
        drawn.y[:, (day - MONDAY).days] = 0.0
    drawn.y[:, 7 * 30 + 6] = 2.0
    drawn.y[:, 208] = 0.0
    return drawn


def test_a_weekday_without_sales_is_closed_but_for_days_that_sold(panel: Panel) -> None:
    found = find_closed(panel, AHEAD, ())

    sundays = np.arange(DAYS + AHEAD) % 7 == 6
    assert found.branches.tolist() == [0, 1, 2]
    assert found.days[:, sundays].sum() == 3 * (sundays.sum() - 1)
    assert not found.days[:, 7 * 30 + 6].any()
    assert not found.days[:, DAYS:][:, ~sundays[DAYS:]].any()


def test_holidays_ahead_are_closed_where_those_behind_were(panel: Panel) -> None:
    found = find_closed(panel, AHEAD, HOLIDAYS)
    open_then = find_closed(panel, AHEAD, (*HOLIDAYS, *(day + timedelta(1) for day in HOLIDAYS)))

    ahead = (HOLIDAYS[-1] - MONDAY).days
    assert found.days[:, [(day - MONDAY).days for day in HOLIDAYS]].all()
    assert not open_then.days[:, ahead].any()


def test_a_single_day_on_which_a_whole_branch_sold_nothing_is_closed(panel: Panel) -> None:
    found = find_closed(panel, AHEAD, HOLIDAYS)

    assert found.days[:, 208].all()
    assert found.days[:, 206:209].sum() == 3


def test_a_branch_of_few_sales_is_never_closed() -> None:
    slow = draw(World(series=3, periods=DAYS, horizon=AHEAD, level=0.1, unlike=0.0, cadence=DAILY)).panel

    assert not find_closed(slow, AHEAD, HOLIDAYS).days.any()


def test_a_branch_that_opened_on_sundays_lately_is_open_on_them(panel: Panel) -> None:
    lately = np.arange(DAYS) >= DAYS - 30
    opened = panel.take(np.arange(30))
    opened.y[:, lately & (np.arange(DAYS) % 7 == 6)] = 3.0

    found = find_closed(opened, AHEAD, ())

    assert not found.days[:, DAYS:].any()
    assert found.days[:, 6].all()


def test_weeks_are_never_closed() -> None:
    found = find_closed(draw(World(series=6)).panel, 13, HOLIDAYS)

    assert not found.branches.size
    assert not found.ahead(draw(World(series=6)).panel, 13).any()


def test_what_is_closed_is_said(panel: Panel) -> None:
    notes = list(closed_notes(find_closed(panel, AHEAD, HOLIDAYS), panel, HOLIDAYS))

    assert notes == [
        "closed on Sundays: 3 of 3 branches; they are neither learned nor forecast",
        "closed on public holidays: 18 days of branches are not learned from",
        "closed on other single days: 3 days of branches are not learned from",
    ]
    assert list(closed_notes(find_closed(panel.until(0), AHEAD, ()), panel, ())) == []


@pytest.mark.parametrize(("closed", "opened"), [(0.0, 1.0), (1.0, 0.0), (100.0, 7.0)])
def test_a_state_in_which_nothing_sells_is_that_of_a_closed_branch(closed: float, opened: float) -> None:
    shut = np.arange(200).reshape(4, 50) % 7 == 0
    x, y, mask = np.where(shut, closed, opened), np.where(shut, 0.0, 5.0), np.ones(shut.shape, dtype=bool)

    assert closing_state(x, y, mask) == closed
    assert closing_state(x, np.where(shut, 1.0, 5.0), mask) is None
    assert closing_state(x, 0.1 * y, mask) is None
    assert closing_state(np.where(shut, np.nan, opened), y, mask) is None


def test_nothing_of_the_future_is_known(panel: Panel) -> None:
    """What is closed until a day is the same whatever was sold after it."""
    past = find_closed(panel.until(300), AHEAD, HOLIDAYS).days[:, :300]
    holidays = tuple(day for day in HOLIDAYS if day < date.fromisoformat(str(FIRST_MONDAY + 300)))

    assert np.array_equal(past, find_closed(panel.until(300), AHEAD, holidays).days[:, :300])
