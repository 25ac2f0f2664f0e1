"""A panel is one rectangle, and its shards are the same series."""

from __future__ import annotations

import numpy as np
import pytest

from mercurios.forecasting.panel.panel import Panel, PanelError, shards


def test_arrays_that_do_not_belong_together_are_refused(seasonal_panel: Panel) -> None:
    with pytest.raises(PanelError, match="mask, keys and group must fit"):
        Panel(
            seasonal_panel.y,
            seasonal_panel.mask[:5],
            seasonal_panel.week_starts,
            seasonal_panel.group,
            article_number=seasonal_panel.article_number,
            branch_number=seasonal_panel.branch_number,
        )


def test_shards_hold_every_series_once_in_key_order(seasonal_panel: Panel) -> None:
    shuffled = seasonal_panel.take(np.random.default_rng(3).permutation(seasonal_panel.n_series))
    parts = list(shards(shuffled, 50))
    assert [part.n_series for part in parts] == [50, 50, 50, 50, 40]
    assert (
        np.concatenate([part.article_number for part in parts]).tolist()
        == seasonal_panel.article_number.tolist()
    )
    assert np.array_equal(np.concatenate([part.y for part in parts]), seasonal_panel.y)
