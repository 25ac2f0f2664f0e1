"""Numbers and keys derived from what an export says: always the same ones for the same content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

# A code of so many digits is its own number; other codes get one beyond, still small enough for a double.
_MOST_DIGITS = 15
_FIRST_DERIVED = 1_000_000_000_000_000
_DERIVED = 8 * _FIRST_DERIVED


def number_of(code: str | None) -> int | None:
    """Return the number of a code: `4711` is 4711, and `A-47` one that no code of digits has.

    Of a hundred thousand codes two share a number with a chance of less than one in a million.
    """
    if not code:
        return None
    if code.isascii() and code.isdigit() and len(code) <= _MOST_DIGITS and (code[0] != "0" or code == "0"):
        return int(code)
    digest = hashlib.blake2b(code.encode(), digest_size=8).digest()
    return _FIRST_DERIVED + int.from_bytes(digest, "big") % _DERIVED


def size_number(article: str | None, size: str | None) -> int | None:
    """Return the number of an article's size; goods without sizes have one size, with the number of the article."""
    return number_of(f"{article}\x1f{size}") if article and size else number_of(article)


def key_of(values: Iterable[Any], occurrence: int) -> str:
    """Return the key of a row.

    Args:
        values: what identifies it.
        occurrence: how many rows before it in the same file are alike.
    """
    content = orjson.dumps([*values, occurrence], default=str)
    return hashlib.blake2b(content, digest_size=12).hexdigest()
