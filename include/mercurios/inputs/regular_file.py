"""Reading a small file of unknown origin: never one that does not end or does not answer."""

from __future__ import annotations

import os
import stat
from pathlib import Path

# A device may do something when it is opened, a FIFO waits for a writer, a terminal takes the process over.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class RegularFileError(ValueError):
    """A file that cannot be read; the message says why, without the file's name."""


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file; a link to one is followed, as a mounted configuration is a link.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        RegularFileError: it is no regular file, is larger, or cannot be read.
    """
    try:
        _check(os.stat(path))
        handle = os.open(path, _FLAGS)
        try:
            # What the path leads to may have been changed between the two.
            _check(os.fstat(handle))
            return _bounded(handle, most)
        finally:
            os.close(handle)
    except OSError as error:
        raise RegularFileError(f"cannot be read: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        if isinstance(error, RegularFileError):
            raise
        raise RegularFileError("cannot be read: no file can have this name") from None


def _check(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise RegularFileError("is no regular file")


def _bounded(handle: int, most: int) -> bytes:
    found = bytearray()
    # Some files have no size until they are read, and some no end.
    while len(found) <= most:
        piece = os.read(handle, most + 1 - len(found))
        if not piece:
            return bytes(found)
        found += piece
    raise RegularFileError(f"has more than {most:,} bytes")
