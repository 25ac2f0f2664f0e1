"""The knobs of a forecast run in one frozen, validated object, so that a run can be repeated from its record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """Settings of a forecast run.

    Attributes:
        horizon: Periods (weeks, or days of a daily panel) to forecast.
        protection: Periods of lead time and review that a file of sums is written for; at most the horizon's.
        quantiles: Probabilities of the published quantiles, ascending.
        windows: Rolling backtest origins to use; fewer when history is short.
        window_step: Weeks between two origins.
        min_train_weeks: Weeks of panel history an origin needs.
        fourier_order: Harmonics of the yearly season.
        changepoints: Slope changes of the trend; none lies in the last `1 - changepoint_range` of the history.
        changepoint_range: Share of the history that may hold changepoints.
        damping: Factor by which the slope shrinks each week of the forecast.
        correction_weeks: Last residuals that correct the level.
        correction_weight: Share of their mean that is added; the rest is taken for noise.
        max_ratio: Upper bound of a mean forecast as a multiple of the series' greatest week.
        sample_series: Series backtested for what the shards share, picked by a hash of their keys.
        pool_series: Series whose errors make the quantiles, picked in the same way.
        block_series: Series worked on at a time; bounds memory, never changes a number.
    """

    horizon: int = 13
    protection: int = 3
    quantiles: tuple[float, ...] = (0.5, 0.8, 0.95)
    windows: int = 4
    window_step: int = 4
    min_train_weeks: int = 26
    fourier_order: int = 6
    changepoints: int = 15
    changepoint_range: float = 0.8
    damping: float = 0.8
    correction_weeks: int = 8
    correction_weight: float = 0.5
    max_ratio: float = 3.0
    sample_series: int = 20_000
    pool_series: int = 5_000
    block_series: int = 8_192

    @property
    def protected(self) -> int:
        """Periods of the protection period that the horizon reaches."""
        return min(self.protection, self.horizon)

    def __post_init__(self) -> None:
        """Reject a value that would make a run meaningless, naming it and the accepted range."""
        for name in (
            "horizon",
            "protection",
            "window_step",
            "min_train_weeks",
            "correction_weeks",
            "sample_series",
            "pool_series",
            "block_series",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"ForecastSettings.{name} must be at least 1, got {getattr(self, name)}")
        for name in ("windows", "fourier_order", "changepoints"):
            if getattr(self, name) < 0:
                raise ValueError(f"ForecastSettings.{name} must not be negative, got {getattr(self, name)}")
        if not 0.0 <= self.damping <= 0.9:
            raise ValueError(f"ForecastSettings.damping must lie in 0..0.9, got {self.damping}")
        if not 0.0 < self.changepoint_range <= 0.8:
            raise ValueError(
                f"ForecastSettings.changepoint_range must lie in 0..0.8, got {self.changepoint_range}"
            )
        if not 0.0 <= self.correction_weight <= 1.0:
            raise ValueError(
                f"ForecastSettings.correction_weight must lie in 0..1, got {self.correction_weight}"
            )
        ordered = tuple(sorted(set(self.quantiles)))
        if not ordered or ordered != self.quantiles or ordered[0] <= 0.0 or ordered[-1] >= 1.0:
            raise ValueError(f"ForecastSettings.quantiles must ascend within 0..1, got {self.quantiles}")
