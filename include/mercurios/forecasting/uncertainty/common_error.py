"""What all series of an origin have in common: a market that sold more or less than was forecast.

The ratio of all demand to all forecasts is one number an origin, however many series there are. Its spread over
the origins, with a prior for what the few origins cannot know, shows how far the next weeks may be off as a whole;
its mean, shrunk to zero, corrects a bias that lasts. The prior is ten percent where two years of history show the
market's season, and twenty-five where not even one does: the season is then part of what has never been observed.

What the latest origins were off by lasts where the season is unknown, since it is the rise or fall of that, which goes
on. Where it is known it is mostly an error of the season of their weeks, and the next weeks are others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64

SEASON_KNOWN, SEASON_UNKNOWN = 0.10, 0.25
# Standard deviation of a bias that lasts into the next weeks, where the season is known and where it is not.
LASTING_KNOWN, LASTING_UNKNOWN = 0.03, 0.10
PRIOR_WEIGHT = 3.0
# Quantiles of Student's distribution that represent it in the pools; symmetric, so that the mean stays, and enough of
# them for its tails: the outermost of seven would be the 0.93 quantile.
POINTS = 31
_POINTS = tuple((2 * point + 1) / (2 * POINTS) for point in range(POINTS))
_LIMIT = 0.7


@dataclass(frozen=True, slots=True)
class CommonErrors:
    """Common errors of the origins.

    Attributes:
        factors: For each origin, what its actual demand is multiplied by to take its common error out and one of
            the next origin's in, one entry a possible error.
        deviation: Standard deviation of a further origin's common error.
        bias: Logarithm of what the mean is multiplied by.
    """

    factors: list[F64]
    deviation: float
    bias: float


@dataclass(frozen=True, slots=True)
class Total:
    """All demand and all forecasts of one origin, and the variance of the former that the series' own noise explains.

    Where one outlier makes up the market, that variance is great and little is concluded.
    """

    actual: float
    forecast: float
    noise: float

    @property
    def log_ratio(self) -> float:
        """Logarithm of demand over forecasts."""
        if self.actual <= 0 or self.forecast <= 0:
            return 0.0
        return float(np.clip(np.log(self.actual / self.forecast), -_LIMIT, _LIMIT))

    @property
    def relative_noise(self) -> float:
        """Variance of the logarithm of demand that noise explains; one says that nothing is known."""
        square = self.forecast * self.forecast
        return min(self.noise / square, 1.0) if square > self.noise else 1.0


def fit_common_errors(totals: list[Total], independent: float, years: float) -> CommonErrors:
    """Measure the origins' common errors.

    Args:
        totals: Demand and forecasts of each origin.
        independent: How many origins' worth of separate periods there are; overlapping ones share theirs.
        years: Years of history.
    """
    from scipy.special import stdtrit

    ratio = np.array([total.log_ratio for total in totals])
    noise = float(np.mean([total.relative_noise for total in totals] or [1.0]))
    count = max(independent, 1.0)
    mean = float(ratio.mean()) if ratio.size else 0.0
    around = max(float(((ratio - mean) ** 2).mean()) - noise, 0.0) if ratio.size else 0.0
    freedom = PRIOR_WEIGHT + count - 1.0
    season_known = min(max(years - 1.0, 0.0), 1.0)
    prior = SEASON_UNKNOWN - (SEASON_UNKNOWN - SEASON_KNOWN) * season_known
    lasting = (LASTING_UNKNOWN - (LASTING_UNKNOWN - LASTING_KNOWN) * season_known) ** 2
    variance = (PRIOR_WEIGHT * prior**2 + (count - 1.0) * around) / freedom
    unsure = (variance + noise) / count
    trust = lasting / (lasting + unsure)
    bias = trust * mean
    deviation = float(np.sqrt(variance + trust * unsure))
    points = stdtrit(freedom, np.array(_POINTS)) * deviation
    factors = [np.exp(np.clip(points + bias - error, -_LIMIT, _LIMIT)) for error in ratio.tolist()]
    return CommonErrors(factors, deviation, bias)
