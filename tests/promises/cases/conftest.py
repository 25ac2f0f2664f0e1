"""A small source that is set back before every test, and a retailer that reads it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from quick_retailer import QuickRetailer
from schedules import Stage
from seeded_source import TENANT, seeded_source

from prohandel_simulator.testing import RunningSimulator

OpenRetailer = Callable[..., QuickRetailer]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The source and an empty warehouse that all cases share."""
    with seeded_source() as source:
        shared = Stage(source, tmp_path_factory.mktemp("cases"))
        yield shared
        shared.close()


@pytest.fixture
def source(stage: Stage) -> RunningSimulator:
    """The source as it was in the beginning."""
    stage.source.reset()
    return stage.source.running


@pytest.fixture
def open_retailer(stage: Stage, source: RunningSimulator, tmp_path: Path) -> Iterator[OpenRetailer]:
    """Open retailers with an empty warehouse and extraction settings of their own."""
    opened: list[QuickRetailer] = []

    def open_one(place: str = "home", **extraction: Any) -> QuickRetailer:
        retailer = QuickRetailer(source, tmp_path / place, TENANT, **extraction)
        retailer.warehouse.parent.mkdir(parents=True)
        shutil.copy(stage.empty, retailer.warehouse)
        opened.append(retailer)
        return retailer

    yield open_one
    for retailer in opened:
        retailer.close()


@pytest.fixture
def retailer(open_retailer: OpenRetailer) -> QuickRetailer:
    """A retailer that reads every list completely."""
    return open_retailer()


@pytest.fixture
def incremental(open_retailer: OpenRetailer) -> QuickRetailer:
    """A retailer that reads the changes of sales and customers, an hour of overlap included."""
    return open_retailer(
        "incremental", resources={name: {"mode": "changed"} for name in ("sale", "customer")}
    )
