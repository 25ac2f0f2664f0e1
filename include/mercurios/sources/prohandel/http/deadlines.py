"""A time limit of a whole response.

A read time-out begins again with every byte, so a server that sends one now and then is never too late by it. Here each
read of the connection looks at the time, from the first line of the response to the last byte of its body.
"""

from __future__ import annotations

import http.client
import io
import time
from functools import partial
from typing import Any

from urllib3.connection import HTTPConnection


class _TimedResponse(http.client.HTTPResponse):
    """A response whose connection ends at a moment.

    Args:
        ends: monotonic seconds.
    """

    def __init__(self, *arguments: Any, ends: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), ends))


class _TimedReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, ends: float) -> None:
        self._raw = raw
        self._ends = ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._is_late():
            raise TimeoutError
        return self._raw.readinto(buffer)

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedConnection:
    """What a class of connections gets in front of it."""

    longest_response: float

    def request(self, *arguments: Any, **options: Any) -> None:
        ends = time.monotonic() + self.longest_response
        self.response_class = partial(_TimedResponse, ends=ends)
        super().request(*arguments, **options)  # type: ignore[misc]


def timed(kind: type[HTTPConnection], longest_response: float) -> type[HTTPConnection]:
    """Return a class of connections whose responses end within so many seconds."""
    return type(f"Timed{kind.__name__}", (_TimedConnection, kind), {"longest_response": longest_response})
