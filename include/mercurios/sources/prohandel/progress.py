"""Progress of a long read in the log: now and then how many rows and pages were read, and how fast."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from mercurios.sources.prohandel.paging.page import Page

log = logging.getLogger(__name__)

_SECONDS = 10.0


class Progress:
    """Logs how far the read of one resource is.

    Args:
        resource: its name.
        rows: returns how many rows were read so far.
    """

    def __init__(self, resource: str, rows: Callable[[], int]) -> None:
        self._resource = resource
        self._rows = rows
        self._pages = 0
        self._started = time.monotonic()

    def watch(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Yield the pages, and log while they are taken."""
        logged = self._started
        for page in pages:
            self._pages += 1
            yield page
            if time.monotonic() - logged > _SECONDS:
                logged = time.monotonic()
                log.info("%s: %s", self._resource, self)
        log.info("%s: read to the end: %s", self._resource, self)

    def __str__(self) -> str:
        rows = self._rows()
        rate = rows / max(time.monotonic() - self._started, 1e-9)
        return f"{rows:,} rows in {self._pages:,} pages, {rate:,.0f} rows/s"
