"""What an answer of the API says besides its rows: its status, its clock, whether more pages follow, how long to wait.

The headers come from servers and proxies that nobody controls, so each is read with a rule for what is missing or
absurd.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mercurios.sources.prohandel.http.errors import (
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.sources.prohandel.rows.decode import decode

MORE_PAGES_HEADER = "X-More-Pages-Available"
PAGE_SIZE_HEADER = "X-Pagesize"
_YEARS = range(2000, 2100)


def raise_for_status(status: int, headers: Mapping[str, str], context: RequestContext) -> None:
    """Do nothing for 200.

    Raises:
        TransientProHandelError: asking again later can help.
        TerminalProHandelError: it cannot.
    """
    if status == 200:
        return
    if status in (408, 425, 429) or status >= 500:
        error = TransientProHandelError(f"the API answers with status {status}", context, status=status)
        now = source_clock(headers.get("Date")) or datetime.now(UTC)
        error.retry_after = retry_after(headers.get("Retry-After"), now)
        raise error
    remedy = {
        401: "the token is refused although it is new: check what the key may read",
        403: "the key may not read this resource: check its scope",
        404: "the API has no such path: check the resource's mode in the tenant file",
    }.get(status, "the request is refused")
    raise TerminalProHandelError(f"the API answers with status {status}; {remedy}", context, status=status)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds a `Retry-After` header asks for, in either of its forms; None without a usable one."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        moment = _moment(header)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def source_clock(header: str | None) -> datetime | None:
    """Return the source's clock, which decides watermarks and business days; None where it tells no usable time.

    A year outside this century was never set. How far it is from our own clock is no reason to doubt: a source
    that is replayed or simulated lives in a time of its own.
    """
    moment = _moment(header) if header else None
    return moment.replace(microsecond=0) if moment is not None and moment.year in _YEARS else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A date without a zone is UTC by the standard; taken as local it would depend on where this runs.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def more_pages(headers: Mapping[str, str], context: RequestContext) -> bool:
    """Return whether the API says that more pages follow.

    Raises:
        TransientProHandelError: it does not say.
    """
    said = headers.get(MORE_PAGES_HEADER, "").strip().lower()
    if said not in ("true", "false"):
        raise TransientProHandelError(f"the answer has no usable {MORE_PAGES_HEADER} header", context)
    return said == "true"


def page_size(headers: Mapping[str, str], asked: int) -> int:
    """Return how many rows a full page of this list has: what the API says it used, else what was asked for."""
    said = headers.get(PAGE_SIZE_HEADER, "")
    return int(said) if said.isascii() and said.isdigit() and int(said) > 0 else asked


def rows_of(body: bytes, headers: Mapping[str, str], context: RequestContext) -> list[dict[str, Any]]:
    """Decode the rows of a page.

    Raises:
        TransientProHandelError: the body is not a list of objects.
    """
    try:
        rows = decode(body)
    except ValueError:
        kind = headers.get("Content-Type", "unknown")
        raise TransientProHandelError(
            f"the answer is not readable JSON (content type {kind})", context
        ) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TransientProHandelError("the answer is not a list of objects", context)
    return rows
