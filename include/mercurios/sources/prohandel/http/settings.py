"""What a client is configured with: the credentials of a tenant, its time limits and its speed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credentials:
    """Key and secret of one tenant; the secret never shows in a log, a traceback or a repr."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ClientSettings:
    """How patiently and how fast the API is read.

    Attributes:
        page_size: rows a page.
        pages_in_flight: requests under way at once.
        attempts: tries of one request, the first included.
        connect_timeout, read_timeout: seconds.
        longest_wait: cap of a single wait between tries, a server's `Retry-After` included.
        requests_per_minute: budget of this client; None sets no limit.
    """

    page_size: int = 1000
    pages_in_flight: int = 4
    attempts: int = 6
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_wait: float = 60.0
    requests_per_minute: float | None = None
