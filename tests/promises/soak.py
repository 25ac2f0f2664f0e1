"""Plays many seeds of the fault schedules, and prints for every seed that fails the command that replays it."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "tests" / "support")]

from schedules import REPLAY, Schedule, Stage  # noqa: E402
from seeded_source import seeded_source  # noqa: E402

PROGRESS_SECONDS = 10


def main() -> int:
    """Play the seeds and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds are played")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = said = time.monotonic()
    failing = []
    with tempfile.TemporaryDirectory() as home, seeded_source() as source:
        stage = Stage(source, Path(home))
        try:
            for number, seed in enumerate(range(options.start, options.start + options.seeds), start=1):
                if not plays(stage, seed):
                    failing.append(seed)
                if time.monotonic() - said > PROGRESS_SECONDS:
                    said = time.monotonic()
                    print(
                        f"{number} of {options.seeds} seeds in {said - began:.0f} s, {len(failing)} failed",
                        flush=True,
                    )
        finally:
            stage.holder.close()
    seconds = time.monotonic() - began
    print(f"{options.seeds} seeds in {seconds:.0f} s, {len(failing)} failed")
    for seed in failing:
        print(REPLAY.format(seed=seed))
    return 1 if failing else 0


def plays(stage: Stage, seed: int) -> bool:
    """Play one seed; say what is wrong with it."""
    schedule = Schedule(stage, seed)
    try:
        found = schedule.play()
    except Exception:
        found = [traceback.format_exc()]
    if found:
        print(f"seed {seed}: {schedule.describe()}", *found, REPLAY.format(seed=seed), sep="\n  ", flush=True)
    return not found


if __name__ == "__main__":
    sys.exit(main())
