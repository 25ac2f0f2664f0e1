"""What a response of the API says besides its rows: status, clock, page size, end of the list, how long to wait.

The headers come from servers and proxies that are not under our control, so each is read with a rule for what is
missing or absurd.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mercurios.sources.prohandel.http.errors import (
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.sources.prohandel.http.transport import Response

MORE_PAGES_HEADER = "X-More-Pages-Available"
PAGE_SIZE_HEADER = "X-Pagesize"
_YEARS = range(2000, 2100)
# More digits than any page size has; beyond some thousand Python itself refuses them.
_SIZE = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
# Servers and proxies write ids and media types so; anything else may be a text that belongs in no message.
_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}", re.ASCII)
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9.+/-]{1,80}", re.ASCII)


def raise_for_status(status: int, headers: Mapping[str, str], context: RequestContext) -> None:
    """Do nothing for 200.

    Raises:
        TransientProHandelError: requesting again later can help.
        TerminalProHandelError: it cannot.
    """
    if status == 200:
        return
    if status in (408, 425, 429) or status >= 500:
        error = TransientProHandelError(f"the API answers with status {status}", context, status=status)
        now = source_clock(headers.get("Date")) or datetime.now(UTC)
        error.retry_after = retry_after(headers.get("Retry-After"), now)
        raise error
    if 300 <= status < 400:
        raise TerminalProHandelError(
            f"the API answers with status {status}, a redirect, which is not followed, so that tokens go nowhere else: "
            "check the host of the tenant's ProHandel connection, and proxies on the way",
            context,
            status=status,
        )
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
    """Return the source's clock, which decides watermarks and business days; None without a usable time.

    A year outside this century was never set. Whether another time can be right, `clock.plausible_clock` decides.
    """
    moment = _moment(header) if header else None
    return moment.replace(microsecond=0) if moment is not None and moment.year in _YEARS else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone is UTC by the standard; taken as local it would depend on where this runs.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def more_pages(headers: Mapping[str, str], context: RequestContext) -> bool:
    """Return whether the API says that more pages follow.

    Raises:
        TransientProHandelError: it does not say.
    """
    value = headers.get(MORE_PAGES_HEADER, "").strip().lower()
    if value not in ("true", "false"):
        raise TransientProHandelError(f"the response has no usable {MORE_PAGES_HEADER} header", context)
    return value == "true"


def page_size(headers: Mapping[str, str], requested: int) -> int:
    """Return how many rows a full page of this list has: what the API says it used, else what was requested."""
    value = headers.get(PAGE_SIZE_HEADER, "")
    return int(value) if _SIZE.fullmatch(value) else requested


def with_correlation(context: RequestContext, response: Response) -> RequestContext:
    """Return the request with the id under which the API's own log has it; without what cannot be an id."""
    written = response.headers.get("X-Correlation-ID", "")
    return replace(context, correlation_id=written if _ID.fullmatch(written) else None)


def media_type(headers: Mapping[str, str]) -> str:
    """Return the kind of content, for a message."""
    written = headers.get("Content-Type", "").partition(";")[0].strip()
    return written if _MEDIA_TYPE.fullmatch(written) else "unknown"
