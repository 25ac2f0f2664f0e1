"""Limits of a whole response, from its first line to the last byte of its body: in seconds, and in bytes as they come.

A read time-out begins again with every byte, so a server that sends one now and then is never too late by it. Python
reads interim responses, sizes of chunks and trailers by itself and without a bound, and a chunk of size -1 to the end
of the connection. So each read of the connection looks at the time, and counts.
"""

from __future__ import annotations

import http.client
import io
import time
from functools import partial
from typing import Any

from urllib3.connection import HTTPConnection

from mercurios.sources.prohandel.http.bodies import ResponseRefusedError

# Bytes of a response besides its body.
_FRAME = 1 << 20


class _LimitedResponse(http.client.HTTPResponse):
    """A response whose connection ends at a moment.

    Args:
        ends: monotonic seconds.
        most_bytes: of the response, as they come.
    """

    def __init__(self, *arguments: Any, ends: float, most_bytes: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp = io.BufferedReader(_LimitedReader(self.fp.detach(), ends, most_bytes))


class _LimitedReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, ends: float, most_bytes: int) -> None:
        self._raw = raw
        self._ends = ends
        self._left = most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._is_late():
            raise TimeoutError
        size = self._raw.readinto(buffer)
        self._left -= size or 0
        if self._left < 0:
            raise ResponseRefusedError("it has more bytes than its body may need")
        return size

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends

    def close(self) -> None:
        self._raw.close()
        super().close()


class _LimitedConnection:
    """What a class of connections gets in front of it."""

    longest_response: float
    most_bytes: int

    def request(self, *arguments: Any, **options: Any) -> None:
        ends = time.monotonic() + self.longest_response
        # Room for headers, and for the sizes of chunks that are not much smaller than they are.
        most_bytes = 2 * self.most_bytes + _FRAME
        self.response_class = partial(_LimitedResponse, ends=ends, most_bytes=most_bytes)
        super().request(*arguments, **options)  # type: ignore[misc]


def limited(kind: type[HTTPConnection], longest_response: float, most_bytes: int) -> type[HTTPConnection]:
    """Return a class of connections whose responses end.

    Args:
        kind: the class that they are else.
        longest_response: seconds.
        most_bytes: bound of a body.
    """
    limits = {"longest_response": longest_response, "most_bytes": most_bytes}
    return type(f"Limited{kind.__name__}", (_LimitedConnection, kind), limits)
