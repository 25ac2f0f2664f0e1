"""ProHandel as a source: a client of the API with the settings of one tenant."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore
from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.request import ExtractRequest
from mercurios.sources.prohandel.settings import ProHandelSettings


class ProHandelSource:
    """Reads one tenant's API.

    Args:
        client: an open client; it is closed with the source.
        settings: how the API is read.
        hash_key: key of the hash that replaces persons' numbers.
    """

    def __init__(self, client: ProHandelClient, settings: ProHandelSettings, hash_key: bytes) -> None:
        self._client = client
        self._settings = settings
        self._hash_key = hash_key

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    @property
    def hash_key(self) -> bytes:
        """The key of the hashes that replace persons' numbers."""
        return self._hash_key

    def check(self) -> str:
        """Request a token and one row, and return the address of the tenant's API.

        Raises:
            TerminalProHandelError: the credentials are refused, or the token may not read.
            TransientProHandelError: the service does not answer.
        """
        return self._client.check()

    def extract(self, resource: str, plan: RunPlan, store: LandingStore) -> str:
        """Read one resource into the landing area and return the URL of its manifest.

        Raises:
            ProHandelError: the API could not be read to its end.
            LandingError: the landing area could not be written.
        """
        # It loads the libraries that type rows: a task that only asks for access has no use for them.
        from mercurios.sources.prohandel.extract import extract

        return extract(self._client, store, ExtractRequest(resource, plan, self._settings, self._hash_key))
