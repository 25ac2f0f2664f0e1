"""Reads the body of a response piece by piece, within a bound on what it becomes in memory.

A response of a kilobyte can unpack to gigabytes, a length can be a lie, and pieces can come for ever. So what is
counted are the bytes after unpacking, and of encodings only gzip is unpacked, once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

# Bytes that are read at once of a response without a length.
_PIECE = 1 << 18
# What makes zlib read gzip's frame.
_GZIP = 31
# A packed body is one member, or some where a server packs as it goes; a million empty ones cost hours.
_MOST_MEMBERS = 64


class NoResponseError(Exception):
    """There is no response; the message is the kind of error alone, for its text may repeat addresses and headers."""


class ResponseRefusedError(Exception):
    """There is a response that exceeds a bound; to ask again would bring the same."""


def body_of(response: BaseHTTPResponse, most_bytes: int) -> bytes:
    """Return the body, unpacked.

    Args:
        response: whose headers were read.
        most_bytes: bound of the body, packed and unpacked.

    Raises:
        NoResponseError: the body did not come whole, in time, or in an encoding that is read.
        ResponseRefusedError: it is longer than allowed.
    """
    if (response.length_remaining or 0) > most_bytes:
        raise _too_long(most_bytes)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    pieces = _bounded(_pieces(response), most_bytes)
    if encoding in ("gzip", "x-gzip"):
        pieces = _unzipped(pieces, most_bytes)
    elif encoding not in ("", "identity"):
        raise NoResponseError("the response has an encoding that was not asked for")
    return b"".join(pieces)


def _pieces(response: BaseHTTPResponse) -> Iterator[bytes]:
    try:
        # All at once where the length is known, which is bounded before.
        while piece := response.read(response.length_remaining or _PIECE, decode_content=False):
            yield piece
    except ReadTimeoutError:
        raise NoResponseError("the response took too long") from None
    except (HTTPError, ValueError):
        # Python takes the size of a chunk for a number to read, a negative one too.
        raise NoResponseError("the response broke off") from None


def _bounded(pieces: Iterator[bytes], most_bytes: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most_bytes:
            raise _too_long(most_bytes)
        yield piece


def _unzipped(pieces: Iterator[bytes], most_bytes: int) -> Iterator[bytes]:
    member, members, size = zlib.decompressobj(_GZIP), 1, 0
    for packed in pieces:
        rest = packed
        while rest:
            if member.eof:
                member, members = zlib.decompressobj(_GZIP), members + 1
            if members > _MOST_MEMBERS:
                raise ResponseRefusedError(f"it is packed in more than {_MOST_MEMBERS} members")
            try:
                # One byte more than is left, so that it shows when there is more.
                data = member.decompress(rest, most_bytes - size + 1)
            except zlib.error:
                raise NoResponseError("the response cannot be unpacked") from None
            size += len(data)
            if size > most_bytes:
                raise _too_long(most_bytes)
            yield data
            rest = member.unconsumed_tail or member.unused_data
    if not member.eof:
        raise NoResponseError("the response broke off")


def _too_long(most_bytes: int) -> ResponseRefusedError:
    return ResponseRefusedError(f"it has more than {most_bytes:,} bytes")
