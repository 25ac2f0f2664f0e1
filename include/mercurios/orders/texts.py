"""Texts of a source in files that spreadsheets open: they stay texts.

Names and reasons come from a source. A spreadsheet runs what begins with `=`, `+`, `-` or `@` as a formula, and skips
control characters before it.
"""

from __future__ import annotations

import re

# Wide forms too; a cell also begins behind a separator inside a text, since spreadsheets of some countries separate
# by semicolon.
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
# Tabs and line ends among them, and the separators of lines and paragraphs: a cell is one line. The marks that turn
# the direction of writing let a text look like another.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")


def clean(text: str) -> str:
    """Return a text of one line, without control characters."""
    return _CONTROL.sub(" ", text).strip()


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a cleaned text for a formula."""
    return _FORMULA.search(text) is not None


def quoted(text: str) -> str:
    """Return a cleaned text with a quotation mark wherever a spreadsheet would begin a formula."""
    return _FORMULA.sub(r"\1\2'", text)
