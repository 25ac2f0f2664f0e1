"""What the shards of one run share, learned once from the whole panel and carried as plain arrays.

A shard forecast with this context gives the same numbers as the full panel, so a run may be split over any number of
tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from mercurios.forecasting.arrays import F64
from mercurios.forecasting.effects.profiles import Profile
from mercurios.forecasting.effects.regressors import Effects, stored_effects
from mercurios.forecasting.methods.cold_start import Levels
from mercurios.forecasting.methods.pool import Shared
from mercurios.forecasting.panel.closing import Closed, never_closed
from mercurios.forecasting.selection.combine import Scores
from mercurios.forecasting.uncertainty.quantiles import ErrorPool

_LEARNED = {"profile": Profile, "effects": Effects, "levels": Levels, "closed": Closed}
# What arrays begin with in contexts that were stored before they were renamed.
_EARLIER_NAMES = {
    "pool_shock": "pool_common_error",
    "levels_kinds": "levels_combinations",
    "levels_kind_level": "levels_combination_level",
}


@dataclass(frozen=True, slots=True)
class SharedContext:
    """What every shard of a run must know.

    Attributes:
        weeks: Periods of history.
        shared: Profiles, effects and levels by origin (periods of history).
        scores: How well each method did by class and group.
        pool: What the published combination got wrong.
        bias: Logarithm of what means are multiplied by.
        coverage: Coverage of each quantile at the latest origin, with pools of the other origins; NaN when untested.
    """

    weeks: int
    shared: dict[int, Shared]
    scores: Scores
    pool: ErrorPool
    bias: float
    coverage: F64

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Flat arrays, ready for `numpy.savez`."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "weeks": np.array([self.weeks]),
            "cuts": np.array(sorted(self.shared), dtype=np.int64),
            "score_groups": self.scores.groups,
            "score_ratio": self.scores.ratio,
            "score_available": self.scores.available,
            "pool_offsets": self.pool.offsets,
            "pool_common_error": np.array([self.pool.common_error]),
            "bias": np.array([self.bias]),
            "coverage": self.coverage,
        }
        for cut, shared in self.shared.items():
            for name, kind in _LEARNED.items():
                for field in fields(kind):
                    arrays[f"{name}_{field.name}_{cut}"] = getattr(getattr(shared, name), field.name)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> SharedContext:
        """Inverse of `to_arrays`; accepts what `numpy.load` returns."""
        arrays = {_current(name): arrays[name] for name in arrays}
        shared = {}
        for cut in arrays["cuts"].tolist():
            profile = Profile(*(arrays[f"profile_{field.name}_{cut}"] for field in fields(Profile)))
            levels = Levels(*(arrays[f"levels_{field.name}_{cut}"] for field in fields(Levels)))
            effects = {
                name[len("effects_") : -len(f"_{cut}")]: array
                for name, array in arrays.items()
                if name.startswith("effects_") and name.endswith(f"_{cut}")
            }
            closed = never_closed()
            if f"closed_days_{cut}" in arrays:
                closed = Closed(*(arrays[f"closed_{field.name}_{cut}"] for field in fields(Closed)))
            shared[cut] = Shared(profile, stored_effects(effects), levels, closed)
        scores = Scores(arrays["score_groups"], arrays["score_ratio"], arrays["score_available"])
        pool = ErrorPool(arrays["pool_offsets"], float(arrays["pool_common_error"][0]))
        bias = float(arrays["bias"][0])
        return cls(int(arrays["weeks"][0]), shared, scores, pool, bias, arrays["coverage"])


def _current(name: str) -> str:
    stem, _, cut = name.rpartition("_")
    if cut.isdigit():
        return f"{_EARLIER_NAMES.get(stem, stem)}_{cut}"
    return _EARLIER_NAMES.get(name, name)
