"""Plays many seeds of the fault schedules, and prints for every seed that fails the command that replays it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "tests" / "support")]

from players import play_here, players  # noqa: E402
from schedules import REPLAY  # noqa: E402

PROGRESS_SECONDS = 10


def main() -> int:
    """Play the seeds and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds are played")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=0, help="processes at once; 0: one for each core")
    options = parser.parse_args()
    began = said = time.monotonic()
    failing = []
    jobs = min(options.seeds, options.jobs or os.cpu_count() or 1)
    with players(jobs) as pool:
        waiting = [
            pool.submit(play_here, seed) for seed in range(options.start, options.start + options.seeds)
        ]
        for number, played in enumerate(as_completed(waiting), start=1):
            if played.result().found:
                failing.append(played.result().seed)
                print(played.result(), flush=True)
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                print(
                    f"{number} of {options.seeds} seeds in {said - began:.0f} s, {len(failing)} failed",
                    flush=True,
                )
    print(f"{options.seeds} seeds in {time.monotonic() - began:.0f} s, {len(failing)} failed")
    for seed in sorted(failing):
        print(REPLAY.format(seed=seed))
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
