"""How long a series is wanted: what ended is forecast 0, and a season's goods fade as those of earlier seasons did.

A week after the end is known when there was stock: what was sold in it is what was wanted. It is measured, but nothing
is learned from it, since it says how demand ends and nothing of how it varies. A week after the end without stock says
as little about demand as any other week that ran out.

A backtest knows of its origin what was known then: ends that lie behind it, and the fading of seasons that were over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool

NO_END = np.iinfo(np.int32).max
# Weeks after a season whose demand is learned, and as many weeks at a time as a step is long.
FADING_WEEKS, STEP = 16, 4


@dataclass(frozen=True, slots=True)
class Life:
    """Ends of the series of a panel.

    Attributes:
        over: Weeks after a series' end, series x weeks.
        after: Units sold in those of them that had stock; NaN in all other weeks.
        season_end: Column of the last week of each series' season, which may lie ahead; `NO_END` without one.
        fades: Demand in each step after a season's end, as a share of the step before it, as known after 0, 1, ...
            weeks of the history.
    """

    over: Bool
    after: F64
    season_end: I64
    fades: F64

    def take(self, rows: I64 | Bool | slice) -> Life:
        """Return the ends of the given series."""
        return replace(self, over=self.over[rows], after=self.after[rows], season_end=self.season_end[rows])

    def until(self, weeks: int) -> Life:
        """Return what was known after the first `weeks` weeks."""
        return replace(
            self,
            over=np.ascontiguousarray(self.over[:, :weeks]),
            after=np.ascontiguousarray(self.after[:, :weeks]),
            fades=self.fades[: weeks + 1],
        )

    def has_ended(self) -> Bool:
        """Series whose end lies behind the last week."""
        return self.over[:, -1]

    def factor(self, horizon: int) -> F64:
        """Share of a series' demand that is left in each week of the horizon, series x horizon."""
        now = self.over.shape[1] - 1
        ahead = self._left(now + np.arange(1, horizon + 1)[None, :] - self.season_end[:, None])
        today = self._left(now - self.season_end[:, None])
        factor = np.where(today > 0, np.minimum(ahead / np.where(today > 0, today, 1.0), 1.0), 1.0)
        factor[self.has_ended()] = 0.0
        return factor

    def _left(self, weeks: I64) -> F64:
        """Share that is left so many weeks after the end of a season."""
        steps = np.concatenate([[1.0], self.fades[-1], [0.0]])
        left: F64 = steps[np.clip(-(-weeks // STEP), 0, steps.size - 1)]
        return left


def fading(units: F64, season_end: I64) -> F64:
    """Demand in each step after the end of the seasons that ended long enough ago; 0 where none has."""
    ended = np.flatnonzero(season_end + FADING_WEEKS < units.shape[1])
    ended = ended[season_end[ended] >= STEP - 1]
    if not ended.size:
        return np.zeros(FADING_WEEKS // STEP)
    offsets = np.arange(1 - STEP, FADING_WEEKS + 1)
    sold = units[ended[:, None], season_end[ended, None] + offsets].sum(axis=0).reshape(-1, STEP).sum(axis=1)
    if not sold[0] > 0:
        return np.zeros(FADING_WEEKS // STEP)
    share: F64 = np.minimum.accumulate(np.clip(sold[1:] / sold[0], 0.0, 1.0))
    return share


def fadings(units: F64, season_end: I64) -> F64:
    """What `fading` knew after each number of weeks; it learns when a season's last weeks have passed."""
    weeks = units.shape[1]
    known = np.zeros((weeks + 1, FADING_WEEKS // STEP))
    learned = np.unique(season_end) + FADING_WEEKS + 1
    for after in learned[(learned > FADING_WEEKS) & (learned <= weeks)].tolist():
        known[after:] = fading(units[:, :after], season_end)
    return known
