"""What a person asks of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SERVICE_LEVELS = (0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for.

    Attributes:
        panel: Parquet or CSV file.
        weeks: weeks that count, the last of the panel.
        policy: YAML file; the defaults of the models when omitted.
        out: folder for what is written; made when missing. Nothing is written when omitted.
        warm_up: weeks before them that are replayed and not counted; when omitted, twice the protection period, and
            none where the file says with what stock the replay begins.
        initial_state: file with the stock at the beginning.
        group: column to pool by.
        frequency: `W` or `D`; found out when omitted.
        planned: whether the regressors of the weeks to come are known.
        country: country of the public holidays; none when omitted.
        region: region of the public holidays.
        service_levels: levels of the sweep.
    """

    panel: Path
    weeks: int
    policy: Path | None = None
    out: Path | None = None
    warm_up: int | None = None
    initial_state: Path | None = None
    group: str | None = None
    frequency: str | None = None
    planned: bool = True
    country: str | None = None
    region: str | None = None
    service_levels: tuple[float, ...] = SERVICE_LEVELS

    def __post_init__(self) -> None:
        """Reject what makes no sense before a file is read."""
        if self.weeks < 1:
            raise ValueError(f"--weeks: {self.weeks} must be at least 1")
        if self.warm_up is not None and self.warm_up < 0:
            raise ValueError(f"--warm-up: {self.warm_up} must not be negative")
        levels = self.service_levels
        if not levels or not all(0.5 <= level <= 0.999 for level in levels):
            raise ValueError(f"--service-levels: {levels} must lie within 0.5 and 0.999")
