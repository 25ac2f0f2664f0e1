"""Synthetic panels with known structure, seeded, so that a failing forecast can be reproduced."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mercurios.forecasting.panel.cadence import WEEKLY, Cadence
from mercurios.forecasting.panel.panel import Panel

FIRST_MONDAY = np.datetime64("2021-01-04", "D")


def build_panel(
    y: np.ndarray,
    mask: np.ndarray | None = None,
    group: np.ndarray | None = None,
    cadence: Cadence = WEEKLY,
    x: np.ndarray | None = None,
) -> Panel:
    n, weeks = y.shape
    mask = np.ones(y.shape, dtype=bool) if mask is None else mask
    return Panel(
        y=np.where(mask, y, 0.0),
        mask=mask,
        article_number=np.arange(100, 100 + n, dtype=np.int64),
        branch_number=np.arange(n, dtype=np.int64) % 3,
        week_starts=FIRST_MONDAY + cadence.days * np.arange(weeks),
        group=np.zeros(n, dtype=np.int64) if group is None else group,
        cadence=cadence,
        x=x,
        x_names=() if x is None else tuple(f"x_{column}" for column in range(x.shape[2])),
    )


def seasonal_demand(n: int, weeks: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Poisson counts around a level times one of two yearly seasons; returns units and group codes."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % 2
    phase = 2 * np.pi * np.arange(weeks) / 52.18
    season = np.exp(0.8 * np.cos(phase[None, :] - np.array([0.0, 2.5])[group][:, None]))
    level = rng.lognormal(0.5, 1.2, n)
    return rng.poisson(level[:, None] * season).astype(float), group.astype(np.int64)


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    return build_panel


@pytest.fixture(scope="session")
def make_demand() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    return seasonal_demand


@pytest.fixture(scope="session")
def seasonal_panel() -> Panel:
    y, group = seasonal_demand(240, 130, seed=7)
    rng = np.random.default_rng(8)
    first = np.where(rng.random(240) < 0.6, 0, rng.integers(0, 125, 240))
    mask = np.arange(130)[None, :] >= first[:, None]
    mask &= rng.random(y.shape) > 0.04
    return build_panel(y, mask, group)
