"""What the shards of one run share, learned once from the whole panel and carried as plain arrays.

A shard forecast with this context gives the same numbers as the full panel, so a run may be split over any number of
tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mercurios.forecasting.arrays import F64, I64
from mercurios.forecasting.backtest import Shared
from mercurios.forecasting.combine import Blend
from mercurios.forecasting.newcomers import Levels
from mercurios.forecasting.profiles import Profile
from mercurios.forecasting.quantiles import ErrorPool

_LEVELS = ("groups", "group_level", "branches", "branch_factor", "overall")


@dataclass(frozen=True, slots=True)
class SharedContext:
    """Profiles and levels by origin (weeks of history), blend weights and error pools of a panel.

    `coverage` is that of each quantile at the latest origin, with pools of the earlier origins only; NaN when untested.
    """

    weeks: int
    shared: dict[int, Shared]
    blend: Blend
    pool: ErrorPool
    coverage: F64

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Flat arrays, ready for `numpy.savez`."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "weeks": np.array([self.weeks]),
            "cuts": np.array(sorted(self.shared), dtype=np.int64),
            "blend_groups": self.blend.groups,
            "blend_weight": self.blend.weight,
            "blend_ratio": self.blend.ratio,
            "pool_offsets": self.pool.offsets,
            "coverage": self.coverage,
        }
        for cut, shared in self.shared.items():
            arrays[f"profile_codes_{cut}"] = shared.profile.codes
            arrays[f"profile_season_{cut}"] = shared.profile.season
            arrays[f"profile_holiday_{cut}"] = shared.profile.holiday
            for name in _LEVELS:
                arrays[f"levels_{name}_{cut}"] = getattr(shared.levels, name)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> SharedContext:
        """Inverse of `to_arrays`; accepts what `numpy.load` returns."""
        shared = {}
        for cut in arrays["cuts"].tolist():
            codes: I64 = arrays[f"profile_codes_{cut}"]
            season: F64 = arrays[f"profile_season_{cut}"]
            profile = Profile(codes, season, arrays[f"profile_holiday_{cut}"])
            shared[cut] = Shared(profile, Levels(*(arrays[f"levels_{name}_{cut}"] for name in _LEVELS)))
        blend = Blend(arrays["blend_groups"], arrays["blend_weight"], arrays["blend_ratio"])
        pool = ErrorPool(arrays["pool_offsets"])
        return cls(int(arrays["weeks"][0]), shared, blend, pool, arrays["coverage"])
