"""What is derived from a tenant's `hash_key`: the key of row contents, and a short name by which a key is known.

Persons' numbers are hashed with `hash_key` itself. Whoever knows everything else of a row could try all numbers a
person may have against a hash of its content, so that hash is keyed too, with a key of its own (decision 0043).
"""

from __future__ import annotations

import hashlib
from binascii import hexlify
from collections.abc import Iterable
from functools import lru_cache

LEAST_LENGTH = 32
DIGEST_BYTES = 16
"""Of a hash of a row's content."""

_LEAST_CHARACTERS = 8
# The most that BLAKE2 takes; a longer text counts up to here.
_KEY_BYTES = 64
_MARK = "."


def weakness(hash_key: str) -> str | None:
    """Return why a text is too weak for a key; None where it is not."""
    if len(hash_key) < LEAST_LENGTH:
        return f"has {len(hash_key)} characters of at least {LEAST_LENGTH}"
    if len(set(hash_key)) < _LEAST_CHARACTERS:
        return f"repeats fewer than {_LEAST_CHARACTERS} different characters"
    return None


@lru_cache(maxsize=64)
def key_id(hash_key: bytes) -> str:
    """Return the short name of a key: a fingerprint from which the key cannot be found."""
    return hashlib.blake2b(key=hash_key[:_KEY_BYTES], person=b"hash-key-id", digest_size=6).hexdigest()


@lru_cache(maxsize=64)
def content_key(hash_key: bytes) -> bytes:
    """Return the key of row contents."""
    return hashlib.blake2b(key=hash_key[:_KEY_BYTES], person=b"row-contents", digest_size=32).digest()


def keyed_contents(hashes: Iterable[str], hash_key: bytes) -> list[str]:
    """Return content hashes, written in hexadecimal, keyed, each with the name of its key behind it.

    They are made from the unkeyed ones, so that a warehouse of a release that kept those can be brought up to date
    without asking the source, and rows that have not changed stay unchanged.
    """
    digests, mark = keyed_digests(map(bytes.fromhex, hashes), hash_key)
    return [digest.hex() + mark for digest in digests]


def keyed_digests(digests: Iterable[bytes], hash_key: bytes) -> tuple[list[bytes], str]:
    """Return digests of contents, keyed, and what is written behind each: a mark and the name of the key."""
    # A copy has taken in the key, which is a third of the work.
    begun = hashlib.blake2b(key=content_key(hash_key), digest_size=DIGEST_BYTES).copy
    keyed = []
    for each in digests:
        state = begun()
        state.update(hexlify(each))
        keyed.append(state.digest())
    return keyed, _MARK + key_id(hash_key)
