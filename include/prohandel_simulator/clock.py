"""The simulated clock: it stands still until someone moves it, and never backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from prohandel_simulator.rendering import TICKS
from prohandel_simulator.worlds.calendar import EPOCH

START_HOUR_UTC = 4


def parse_instant(text: str) -> int:
    """Return the UTC ticks of an ISO timestamp; without a zone it is UTC.

    Raises:
        ValueError: the text is not an ISO timestamp.
    """
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * TICKS + since.microseconds * 10


class SimulatedClock:
    """Now, in 100-nanosecond ticks of UTC; starts before the shops open.

    Attributes:
        header_ahead: seconds by which the web server's clock, which writes the `Date` header, is ahead of the
            database's, which stamps rows; negative when it is behind.
    """

    def __init__(self, starts_on: int) -> None:
        self.ticks = (starts_on * 86_400 + START_HOUR_UTC * 3600) * TICKS
        self.header_ahead = 0

    @property
    def now(self) -> datetime:
        """Now as a UTC time."""
        seconds, ticks = divmod(self.ticks, TICKS)
        midnight = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=UTC)
        return midnight + timedelta(seconds=seconds, microseconds=ticks // 10)

    @property
    def http_date(self) -> str:
        """Now as the `Date` header writes it."""
        return format_datetime(
            self.now.replace(microsecond=0) + timedelta(seconds=self.header_ahead), usegmt=True
        )

    def move(self, ticks: int) -> None:
        """Set the clock.

        Raises:
            ValueError: the instant is in the clock's past.
        """
        if ticks < self.ticks:
            raise ValueError("The simulated clock only moves forward; restart the simulator to begin again.")
        self.ticks = ticks
