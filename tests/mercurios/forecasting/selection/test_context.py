"""What shards share survives being written and read, also from runs before arrays were renamed."""

from __future__ import annotations

import numpy as np
import pytest

from mercurios.forecasting import SharedContext, fit_shared
from mercurios.forecasting.panel.panel import Panel
from mercurios.forecasting.settings import ForecastSettings

EARLIER = {"pool_common_error": "pool_shock"}
EARLIER_BY_ORIGIN = {"levels_combinations": "levels_kinds", "levels_combination_level": "levels_kind_level"}


@pytest.fixture(scope="module")
def context(seasonal_panel: Panel) -> SharedContext:
    return fit_shared(seasonal_panel.take(np.arange(40)), (), ForecastSettings(horizon=4, windows=2))


def earlier(name: str) -> str:
    stem, _, cut = name.rpartition("_")
    if stem in EARLIER_BY_ORIGIN:
        return f"{EARLIER_BY_ORIGIN[stem]}_{cut}"
    return EARLIER.get(name, name)


@pytest.mark.parametrize("rename", [str, earlier], ids=["as written", "as written before"])
def test_a_context_that_was_written_is_read_with_all_its_numbers(
    context: SharedContext, rename: type
) -> None:
    written = context.to_arrays()

    restored = SharedContext.from_arrays({rename(name): array for name, array in written.items()})

    assert (restored.weeks, restored.bias) == (130, context.bias)
    assert restored.pool.common_error == context.pool.common_error
    assert sorted(restored.shared) == written["cuts"].tolist() == [122, 126, 130]
    again = restored.to_arrays()
    assert again.keys() == written.keys()
    for name, array in written.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)
