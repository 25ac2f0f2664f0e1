"""What is derived from a tenant's `hash_key`: the key of row contents, and a short name by which a key is known.

Persons' numbers are hashed with `hash_key` itself. Whoever knows everything else of a row could try all numbers a
person may have against a hash of its content, so that hash is keyed too, with a key of its own (decision 0043).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

LEAST_LENGTH = 32
DIGEST_BYTES = 16
"""Of a hash of a row's content: a block of AES."""

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
    digests, mark = keyed_digests(bytes.fromhex("".join(hashes)), hash_key)
    starts = range(0, len(digests), DIGEST_BYTES)
    return [digests[start : start + DIGEST_BYTES].hex() + mark for start in starts]


def keyed_digests(digests: bytes, hash_key: bytes) -> tuple[bytes, str]:
    """Return digests of contents, one behind the other, keyed, and what is written behind each: a mark, the key's name.

    A digest is as long as a block of AES, and AES of one block is a permutation that is not known without the key.
    Digests of a whole page are keyed in one call (decision 0056).
    """
    encryptor = _content_cipher(hash_key).encryptor()
    return encryptor.update(digests) + encryptor.finalize(), _MARK + key_id(hash_key)


@lru_cache(maxsize=64)
def _content_cipher(hash_key: bytes) -> Cipher[modes.ECB]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # ECB shows which blocks are equal, which is what these are for.
    return Cipher(algorithms.AES256(content_key(hash_key)), modes.ECB())  # noqa: S305
