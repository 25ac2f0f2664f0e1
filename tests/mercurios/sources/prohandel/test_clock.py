"""A source's clock: near ours, or where it goes on from, or doubted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mercurios.landing.plan import RunPlan
from mercurios.sources.prohandel.clock import plausible_clock

NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def plan(source_seen: datetime | None, seen_at: datetime | None) -> RunPlan:
    return RunPlan(
        tenant_id="mini", run_id="r", fence=1, source_seen=source_seen, seen_at=seen_at, resources={}
    )


def test_the_first_run_follows_any_clock() -> None:
    assert plausible_clock(NOW + 9999 * DAY, plan(None, None)) == NOW + 9999 * DAY


@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_a_clock_near_ours_is_followed_whatever_was_seen(off: int) -> None:
    shown = NOW + off * DAY * 0.99

    assert plausible_clock(shown, plan(NOW - 3650 * DAY, NOW - HOUR)) == shown


@pytest.mark.parametrize("shown", [NOW - 1000 * DAY, NOW - 1000 * DAY + HOUR, NOW - 970 * DAY])
def test_a_source_years_away_goes_on_from_where_it_stood(shown: datetime) -> None:
    assert plausible_clock(shown, plan(NOW - 1000 * DAY, NOW - HOUR)) == shown


@pytest.mark.parametrize("shown", [NOW + 3 * DAY, NOW - 5 * DAY, NOW + 9999 * DAY])
def test_a_clock_that_leaps_is_where_the_last_run_saw_it_and_the_time_since(shown: datetime) -> None:
    taken = plausible_clock(shown, plan(NOW - DAY, NOW - DAY))

    assert abs(taken - NOW) < HOUR


def test_a_machine_whose_clock_was_ahead_keeps_no_source_from_going_on() -> None:
    """The moments of the warehouse stay ahead, so no time seems to have passed since."""
    ahead = plan(NOW - DAY, NOW + 400 * DAY)

    assert plausible_clock(NOW, ahead) == NOW


def test_a_source_that_shows_no_clock_is_where_it_must_be() -> None:
    assert (
        abs(plausible_clock(None, plan(NOW - 1000 * DAY, NOW - HOUR)) - (NOW - 1000 * DAY + HOUR)) < HOUR / 60
    )
    assert abs(plausible_clock(None, plan(NOW - DAY, NOW - DAY)) - NOW) < HOUR / 60
    assert abs(plausible_clock(None, plan(None, None)) - NOW) < HOUR / 60
