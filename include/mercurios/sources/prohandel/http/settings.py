"""What a client is configured with: the credentials of a tenant, its time limits, its bounds and its speed."""

from __future__ import annotations

from dataclasses import dataclass, field

PROHANDELS_HOSTS = (".prohandel.cloud", ".prohandel.de")
"""Where tenants' APIs are; a name that begins with a dot stands for all hosts below it."""


@dataclass(frozen=True)
class Credentials:
    """Key and secret of one tenant; the secret never shows in a log, a traceback or a repr."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ClientSettings:
    """How patiently and how fast the API is read, and how much of it.

    Attributes:
        page_size: rows a page.
        pages_in_flight: requests under way at once.
        attempts: tries of one request, the first included.
        connect_timeout, read_timeout: seconds to connect, and to wait for the next bytes.
        longest_response: seconds from a request to the last byte of its response, whatever trickles meanwhile.
        longest_wait: cap of a single wait between tries, a server's `Retry-After` included.
        requests_per_minute: budget of this client; None sets no limit.
        most_bytes: bound of a response, unpacked.
        most_pages: bound of a list; what has more pages never ends.
        api_hosts: hosts beside the token service's own that may get the token; one that begins with a dot stands for
            all hosts below it.
    """

    page_size: int = 1000
    pages_in_flight: int = 4
    attempts: int = 6
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_response: float = 300.0
    longest_wait: float = 60.0
    requests_per_minute: float | None = None
    most_bytes: int = 64 * 1024 * 1024
    most_pages: int = 100_000
    api_hosts: tuple[str, ...] = PROHANDELS_HOSTS
