"""Whether the clock that a source shows can be right: it decides the business day, and no one here keeps it.

A source may live years away from us, as a replayed or a simulated one does; then it goes on from where it stood. A
clock that is near ours, or that has gone on as time has, is followed. Any other is a mistake of a server, and a run
that followed it would end every article's life, or begin a calendar of decades: it is taken to be where the last run
saw it, and as much later as has passed since.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mercurios.landing.plan import RunPlan

APART = timedelta(days=2)
"""How far two clocks that are kept in time may show different days: zones, a night without a run."""

_LEAP = timedelta(days=31)
"""How far the clock of a source that never was near ours may go on between two runs: a simulated one has no pace."""


def plausible_clock(shown: datetime | None, plan: RunPlan) -> datetime:
    """Return the source's clock: what it shows, or where it must be if it shows nothing, or what cannot be right.

    Args:
        shown: by the source, UTC; None where it shows nothing.
        plan: says what the last run saw, and when.
    """
    now = datetime.now(UTC)
    if plan.source_seen is None or plan.seen_at is None or (shown and abs(shown - now) <= APART):
        return shown or now
    passed = max(plan.moment() - plan.seen_at, timedelta(0))
    expected = plan.source_seen + passed
    if shown is None:
        return now if abs(expected - now) <= APART else expected
    ahead = APART if abs(plan.source_seen - plan.seen_at) <= APART else _LEAP
    return shown if plan.source_seen - APART <= shown <= expected + ahead else expected
