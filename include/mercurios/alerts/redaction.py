"""What keeps a secret out of an alert: masking by pattern, always before a text is cut to its limit."""

from __future__ import annotations

import re

_MASK = "***"

_NAMES = r"[\w.-]*(?:password|passwd|secret|token|api[_-]?key|hash[_-]?key|credential|private[_-]?key)[\w.-]*"
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", rf"\1 {_MASK}"),
        (r"(://)[^/\s@]+@", rf"\1{_MASK}@"),
        (r"(hooks\.slack\.com/services/)\S+", rf"\1{_MASK}"),
        (r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?", _MASK),
        (rf"(['\"]?\b{_NAMES}['\"]?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}}\]]+)", rf"\1{_MASK}"),
    )
)


def redact(text: str) -> str:
    """Mask what looks like a secret: tokens, passwords in URLs, webhook paths, `key=value` pairs of secret names."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def shorten(text: str, limit: int) -> str:
    """Cut a text, already redacted, to a length; the last character shows that it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
