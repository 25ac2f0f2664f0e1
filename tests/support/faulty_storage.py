"""Object storage that fails when a schedule says so, as an fsspec file system over local files.

Where it fails, it fails as storage does: before anything happened, in the middle, or after everything happened
with only the answer lost. Files under `shaky://` are plain local files for whoever opens them by path.
"""

from __future__ import annotations

import errno
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

PROTOCOL = "shaky"


class StorageFault(StrEnum):
    """One kind of fault."""

    NOT_OPENED = "not opened"
    # A part of the bytes is there.
    FULL = "full"
    # A part of the bytes is there, and the upload ends with an error.
    NOT_CLOSED = "not closed"
    # Everything happened, the client hears an error.
    UNANSWERED = "unanswered"
    UNREADABLE = "unreadable"


@dataclass
class StorageFaults:
    """Decides, operation by operation, which fault strikes."""

    seed: int = 0
    rate: float = 0.0
    struck: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def next(self, *kinds: StorageFault) -> StorageFault | None:
        """Return what strikes the next operation, of the kinds that can."""
        if self._random.random() >= self.rate:
            return None
        fault = self._random.choice(kinds)
        self.struck[fault] += 1
        return fault

    def is_late(self) -> bool:
        """Return whether the next listing is old."""
        return self._random.random() < self.rate * 2

    def share(self, size: int) -> int:
        """Return how many of so many bytes arrive."""
        return self._random.randrange(size + 1)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class ShakyFileSystem(LocalFileSystem):
    """Local files behind a connection that breaks.

    Args:
        faults: decides what breaks; may be changed while it is used.
    """

    protocol = PROTOCOL
    cachable = False

    def __init__(self, faults: StorageFaults | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.faults = faults or StorageFaults()
        self._listed: dict[str, list[str]] = {}

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **options: Any) -> Any:
        if "r" in mode:
            if self.faults.next(StorageFault.UNREADABLE):
                raise _error(errno.EIO)
            return super()._open(path, mode, block_size, **options)
        fault = self.faults.next(
            StorageFault.NOT_OPENED, StorageFault.FULL, StorageFault.NOT_CLOSED, StorageFault.UNANSWERED
        )
        if fault is StorageFault.NOT_OPENED:
            raise _error(errno.EIO)
        return _Upload(super()._open(path, mode, block_size, **options), fault, self.faults)

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        fault = self.faults.next(StorageFault.NOT_OPENED, StorageFault.UNANSWERED)
        if fault is StorageFault.NOT_OPENED:
            raise _error(errno.EIO)
        super().mv(path1, path2, **options)
        if fault is StorageFault.UNANSWERED:
            raise _error(errno.EIO)

    def ls(self, path: str, detail: bool = False, **options: Any) -> Any:
        """List a folder, perhaps as it was when it was listed last."""
        found = super().ls(path, detail=detail, **options)
        names = [entry["name"] if detail else entry for entry in found]
        known = self._listed.get(path, [])
        if self.faults.is_late():
            return [entry for entry, name in zip(found, names, strict=True) if name in known]
        self._listed[path] = names
        return found


class _Upload:
    """A file being written, which may break at the chosen fault."""

    def __init__(self, file: Any, fault: StorageFault | None, faults: StorageFaults) -> None:
        self._file, self._fault, self._faults = file, fault, faults
        self.closed = False

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if self._fault is StorageFault.FULL:
            self._file.write(view[: self._faults.share(view.nbytes)])
            raise _error(errno.ENOSPC)
        self._file.write(view)
        return view.nbytes

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self._fault is StorageFault.NOT_CLOSED:
            self._file.flush()
            self._file.truncate(self._faults.share(self._file.tell()))
        self._file.close()
        if self._fault in (StorageFault.NOT_CLOSED, StorageFault.UNANSWERED):
            raise _error(errno.EIO)

    def __enter__(self) -> _Upload:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


fsspec.register_implementation(PROTOCOL, ShakyFileSystem, clobber=True)
