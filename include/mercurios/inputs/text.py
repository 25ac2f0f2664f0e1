"""Text of unknown origin in a message: of bounded length, and nothing in it that a terminal or a database refuses."""

from __future__ import annotations

import re

# Control characters but for tab and line feed, halves of pairs, and what turns the direction of writing round.
UNWRITTEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def shown(text: object, most: int = 80) -> str:
    """Return a text as a message can hold it: escaped where it does not print, and cut."""
    line = " ".join(str(text)[: 4 * most].split())
    printable = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in line)
    return printable if len(printable) <= most else f"{printable[: most - 1]}…"
