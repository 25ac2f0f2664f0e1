"""A source's clock: near ours, or where it goes on from, or doubted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mercurios.landing.plan import RunPlan
from mercurios.sources.prohandel.clock import plausible_clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    """The time at which a test begins, which may be long after its file was read."""
    return datetime.now(UTC)


def plan(source_seen: datetime | None, seen_at: datetime | None) -> RunPlan:
    return RunPlan(
        tenant_id="mini", run_id="r", fence=1, source_seen=source_seen, seen_at=seen_at, resources={}
    )


def test_the_first_run_follows_any_clock(now: datetime) -> None:
    assert plausible_clock(now + 9999 * DAY, plan(None, None)) == now + 9999 * DAY


@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_a_clock_near_ours_is_followed_whatever_was_seen(now: datetime, off: int) -> None:
    shown = now + off * DAY * 0.99

    assert plausible_clock(shown, plan(now - 3650 * DAY, now - HOUR)) == shown


@pytest.mark.parametrize("later", [0 * DAY, HOUR, 30 * DAY])
def test_a_source_years_away_goes_on_from_where_it_stood(now: datetime, later: timedelta) -> None:
    shown = now - 1000 * DAY + later

    assert plausible_clock(shown, plan(now - 1000 * DAY, now - HOUR)) == shown


@pytest.mark.parametrize("off", [3, -5, 9999])
def test_a_clock_that_leaps_is_where_the_last_run_saw_it_and_the_time_since(now: datetime, off: int) -> None:
    taken = plausible_clock(now + off * DAY, plan(now - DAY, now - DAY))

    assert abs(taken - now) < HOUR


def test_a_machine_whose_clock_was_ahead_keeps_no_source_from_going_on(now: datetime) -> None:
    """The moments of the warehouse stay ahead, so no time seems to have passed since."""
    ahead = plan(now - DAY, now + 400 * DAY)

    assert plausible_clock(now, ahead) == now


@pytest.mark.parametrize(
    ("seen", "before"), [(-1000 * DAY, HOUR), (-DAY, DAY)], ids=["years away", "near ours"]
)
def test_a_source_that_shows_no_clock_is_where_it_must_be(
    now: datetime, seen: timedelta, before: timedelta
) -> None:
    taken = plausible_clock(None, plan(now + seen, now - before))

    assert abs(taken - (now + seen + before)) < HOUR / 60


def test_a_source_that_shows_no_clock_to_the_first_run_has_ours(now: datetime) -> None:
    assert abs(plausible_clock(None, plan(None, None)) - now) < HOUR / 60
