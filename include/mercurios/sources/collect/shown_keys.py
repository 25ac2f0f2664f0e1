"""Which keys the scans of a list have shown: the scan under way, and all before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mercurios.sources.collect.keys import KeySet
from mercurios.sources.rows.arrow_buffers import flags
from mercurios.sources.rows.typed_page import TypedPage


class ShownKeys:
    """Keeps the keys that were shown, and leaves out rows that an earlier scan has shown.

    Args:
        hashes_of: returns 64 bits for each id.
    """

    def __init__(self, hashes_of: Callable[[Sequence[str]], np.ndarray]) -> None:
        self.hashes_of = hashes_of
        self._current = KeySet()
        self._earlier: KeySet | None = None

    @property
    def is_first_scan(self) -> bool:
        """Whether no scan came before the one under way."""
        return self._earlier is None

    def begin_scan(self) -> None:
        """Begin another scan."""
        self._earlier = self._earlier or KeySet()
        self._earlier.add_all(self._current)
        self._current = KeySet()

    def add(self, pages: Sequence[np.ndarray]) -> list[bool]:
        """Note the keys of pages.

        Returns:
            For each page whether this scan had shown every one of its keys before these pages.
        """
        repeated = [bool(keys.size) and self._current.holds_all(keys) for keys in pages]
        self._current.add(np.concatenate(pages))
        return repeated

    def show_all(self, keys: np.ndarray) -> bool:
        """Return whether each of these keys was shown by some scan."""
        shown = self._current.hold(keys)
        if self._earlier is not None:
            shown |= self._earlier.hold(keys)
        return bool(shown.all())

    def without_earlier(self, page: TypedPage) -> TypedPage:
        """Leave out rows that an earlier scan has shown."""
        if self._earlier is None:
            return page
        keys = self.hashes_of(page.table["id"].to_pylist())
        table = page.table.filter(flags(~self._earlier.hold(keys)))
        # A row without an id cannot be distinguished from the same row of an earlier scan.
        rejected = [
            row
            for row in page.rejected
            if row.source_id and not self._earlier.holds_all(self.hashes_of([row.source_id]))
        ]
        return TypedPage(table, rejected, page.unknown_fields, page.missing_fields)
