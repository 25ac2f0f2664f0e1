"""Plays many seeds of the fault schedules, and prints for every seed that fails the command that replays it."""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import time
from concurrent.futures import as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "tests" / "support")]

from schedules import REPLAY  # noqa: E402
from workers import Played, workers  # noqa: E402

PROGRESS_SECONDS = 20


class Progress:
    """Counts what was played and says so from time to time, always by a line that is complete.

    Args:
        seeds: how many are to be played.
    """

    def __init__(self, seeds: int) -> None:
        self.seeds, self.played = seeds, 0
        self.failing: list[int] = []
        self._began = self._said = time.monotonic()

    def note(self, played: Played) -> None:
        """Take note of a seed."""
        self.played += 1
        if played.found:
            self.failing.append(played.seed)
            print(played, flush=True)
        now = time.monotonic()
        if now - self._said > PROGRESS_SECONDS:
            self._said = now
            left = (now - self._began) / self.played * (self.seeds - self.played)
            print(f"{self}; about {left / 60:.0f} min left", flush=True)

    def __str__(self) -> str:
        """Return how far it is."""
        seconds = time.monotonic() - self._began
        return f"{self.played} of {self.seeds} seeds in {seconds:.0f} s, {len(self.failing)} failed"

    def conclude(self) -> None:
        """Print the results, what they cost, and how to see again what failed."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = used.ru_utime + used.ru_stime
        each = seconds / max(self.played, 1)
        most = used.ru_maxrss / 1024
        print(
            f"{self}; {seconds:.0f} CPU seconds, {each:.2f} a seed; at most {most:.0f} MiB a process",
            flush=True,
        )
        for seed in sorted(self.failing):
            print(REPLAY.format(seed=seed), flush=True)


def main() -> int:
    """Play the seeds and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds are played")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    # A seed now and then waits for a process that it kills; one more than there are cores uses that time.
    parser.add_argument("--jobs", type=int, default=0, help="processes at once; 0: one more than cores")
    options = parser.parse_args()
    # What was found is printed however it ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = Progress(options.seeds)
    jobs = min(options.seeds, options.jobs or (os.cpu_count() or 1) + 1)
    try:
        with workers(jobs) as pool:
            seeds = range(options.start, options.start + options.seeds)
            for played in as_completed([pool.submit(seed) for seed in seeds]):
                progress.note(played.result())
    except KeyboardInterrupt:
        print("ended before all seeds were played", flush=True)
    progress.conclude()
    return 1 if progress.failing or progress.played < options.seeds else 0


if __name__ == "__main__":
    sys.exit(main())
