"""The schedules can fail: with one safeguard taken out, a seed of `test_any_schedule_of_faults.py` says so.

Each seed was chosen because it needs the safeguard. No seed among the first ten needs the watching of page edges,
the overlap of incremental reads or the loader's transaction; tests of single faults hold the first and the last
(`test_extract_moving_list.py`, `test_load.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from schedules import Schedule, Stage
from seeded_source import seeded_source


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with seeded_source() as source:
        shared = Stage(source, tmp_path_factory.mktemp("safeguards"))
        yield shared
        shared.holder.close()


@pytest.mark.parametrize(
    ("safeguard", "without", "seed", "symptom"),
    [
        ("warehouse.load._check_fence", lambda *_: None, 0, "its run was started again"),
        ("prohandel.client._repeats", lambda *_: False, 2, "lost"),
    ],
)
def test_without_a_safeguard_a_schedule_finds_what_it_guards_against(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    safeguard: str,
    without: Callable[..., Any],
    seed: int,
    symptom: str,
) -> None:
    monkeypatch.setattr(f"mercurios.{safeguard}", without)

    found = Schedule(stage, seed).play()

    assert any(symptom in each for each in found)
