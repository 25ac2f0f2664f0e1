"""The order of test files between pytest-xdist's processes: the longest first, so that none is left alone at the end.

What a file took is kept in pytest's cache by the process that hands out the files. Files that were not measured yet
count a second a test, and half a minute where it is marked slow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import pytest

KEY = "mercurios/seconds-by-file"
SLOW_SECONDS = 30.0


def file_of(nodeid: str) -> str:
    """Return the file of a test."""
    return nodeid.partition("::")[0]


def longest_first(files: Iterable[tuple[str, bool]], measured: Mapping[str, float]) -> list[str]:
    """Return files in the order in which they are to be handed out.

    Args:
        files: the file of every test, and whether the test is marked slow.
        measured: seconds that files took the last time.
    """
    guessed: dict[str, float] = defaultdict(float)
    for file, slow in files:
        guessed[file] += SLOW_SECONDS if slow else 1.0
    return sorted(guessed, key=lambda file: (-measured.get(file, guessed[file]), file))


class LongestFirst:
    """Orders what is collected, and measures it for the next time.

    Attributes:
        seconds: what the files of this session took so far, by file.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.seconds: dict[str, float] = defaultdict(float)
        # Otherwise pytest-xdist hands out the files with the most tests first, however short these are.
        config.option.loadscopereorder = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the files in order; the tests of a file stay as they are."""
        if not hasattr(self._config, "workerinput"):
            return
        marked = ((file_of(item.nodeid), item.get_closest_marker("slow") is not None) for item in items)
        order = {file: place for place, file in enumerate(longest_first(marked, self._measured()))}
        items.sort(key=lambda item: order[file_of(item.nodeid)])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what a phase of a test took."""
        self.seconds[file_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Keep what was measured; files that did not run keep what they had."""
        cache = getattr(self._config, "cache", None)
        if cache is not None and not hasattr(self._config, "workerinput"):
            cache.set(KEY, {**self._measured(), **self.seconds})

    def _measured(self) -> dict[str, float]:
        cache = getattr(self._config, "cache", None)
        found: dict[str, float] = cache.get(KEY, {}) if cache is not None else {}
        return found
