"""What workers have before their first task."""

from __future__ import annotations

import logging
import sys

import pytest
from airflow.executors.local_executor import LocalExecutor

from mercurios_airflow import executor
from mercurios_airflow.executor import PreloadedLocalExecutor, preload

# Modules of the standard library that nothing else here imports.
SMALL = "this"


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    sys.modules.pop(SMALL, None)


def test_libraries_are_imported_before_the_workers_start(monkeypatch: pytest.MonkeyPatch) -> None:
    present: list[bool] = []
    monkeypatch.setattr(executor, "LIBRARIES", (SMALL,))
    monkeypatch.setattr(LocalExecutor, "start", lambda _: present.append(SMALL in sys.modules))

    PreloadedLocalExecutor().start()

    assert present == [True]


def test_a_library_that_cannot_be_imported_is_reported_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(executor, "LIBRARIES", ("mercurios_lost_library", SMALL))

    with caplog.at_level(logging.INFO, logger=executor.__name__):
        found = preload()

    assert found == [SMALL]
    assert "mercurios_lost_library cannot be imported before the first task" in caplog.text


def test_workers_import_libraries_and_nothing_of_this_project() -> None:
    """What is edited here is read again by the next task."""
    assert [name for name in executor.LIBRARIES if name.startswith("mercurios")] == []
