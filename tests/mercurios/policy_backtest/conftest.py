"""A small retailer's history as a file, and replays of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercurios.policy_backtest.command import run_backtest
from mercurios.policy_backtest.models import Model
from mercurios.policy_backtest.request import Request

ARTICLES, WEEKS = 6, 60
MONDAY = np.datetime64("2024-01-01", "D")


def _columns(seed: int = 1, weeks: int = WEEKS) -> dict[str, Any]:
    """Demand of a few articles in two branches, with a promotion now and then."""
    random = np.random.default_rng(seed)
    series = ARTICLES * 2
    promoted = random.random((series, weeks)) < 0.2
    level = random.gamma(2.0, 4.0, (series, 1))
    return {
        "article": np.repeat(np.arange(series) // 2 + 100, weeks),
        "branch": np.repeat(np.arange(series) % 2 + 1, weeks),
        "week": np.tile(MONDAY + 7 * np.arange(weeks), series),
        "quantity": random.poisson(level * (1.0 + 1.5 * promoted)).astype(float).ravel(),
        "in_stock": np.ones(series * weeks, dtype=bool),
        "x_promo": promoted.astype(float).ravel(),
    }


def _write(path: Path, values: dict[str, Any]) -> Path:
    """Write columns as Parquet."""
    table = {name: pa.array(column) for name, column in values.items()}
    table["week"] = table["week"].cast(pa.date32())
    pq.write_table(pa.table(table), path)
    return path


@pytest.fixture
def columns() -> Callable[..., dict[str, Any]]:
    """Makes demand of a few articles in two branches."""
    return _columns


@pytest.fixture
def write() -> Callable[[Path, dict[str, Any]], Path]:
    """Writes columns as Parquet."""
    return _write


Backtest = Callable[..., tuple[dict[str, Any], pa.Table]]


@pytest.fixture
def backtest(tmp_path: Path, compiled: Mapping[str, Model]) -> Backtest:
    """Replay columns under a policy, and return the summary and what happened in every week."""
    return _backtest_in(tmp_path, compiled)


@pytest.fixture(scope="module")
def shared_backtest(tmp_path_factory: pytest.TempPathFactory, compiled: Mapping[str, Model]) -> Backtest:
    """Replays as `backtest` does what several tests of a module compare with, which is done once."""
    run = cache(_backtest_in(tmp_path_factory.mktemp("shared"), compiled))
    return lambda policy, **options: run(None, policy, **options)


def _backtest_in(home: Path, compiled: Mapping[str, Model]) -> Backtest:
    def run(
        values: dict[str, Any] | None, policy: str = "", weeks: int = 5, **options: Any
    ) -> tuple[dict[str, Any], pa.Table]:
        folder = home / f"run{len(list(home.iterdir()))}"
        folder.mkdir()
        (folder / "policy.yaml").write_text(policy)
        request = Request(
            panel=_write(folder / "panel.parquet", _columns() if values is None else values),
            policy=folder / "policy.yaml",
            weeks=weeks,
            out=folder / "out",
            **{"service_levels": (0.8, 0.95), **options},
        )
        summary = run_backtest(request, compiled=compiled)
        return summary, pq.read_table(folder / "out" / "weekly.parquet")

    return run
