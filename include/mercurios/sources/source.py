"""What reads a source, whatever kind it is, and how it fails."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from mercurios.landing.plan import RunPlan
from mercurios.landing.store import LandingStore


class TransientSourceError(Exception):
    """Trying again later can help: the source does not answer, or not with what it should."""


class TerminalSourceError(Exception):
    """Trying again cannot help: settings, a connection or an export must be corrected first."""

    @property
    def is_about_access(self) -> bool:
        """Whether the source refuses who asks, rather than what is asked."""
        return False


class SourceAccessError(TerminalSourceError):
    """Who asks may not read: a connection is missing or lacks what belongs in it, or a folder is closed to it."""

    @property
    def is_about_access(self) -> bool:
        """Always."""
        return True


class Source(Protocol):
    """A tenant's source, open for one task."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release what was opened."""

    @property
    def hash_key(self) -> bytes | None:
        """The key of the hashes that replace persons' numbers; None where the source knows no persons."""

    def check(self) -> str:
        """Make sure that the source may be read, and return its address.

        Raises:
            TerminalSourceError: it may not, until something is corrected.
            TransientSourceError: it does not answer now.
        """

    def extract(self, resource: str, plan: RunPlan, store: LandingStore) -> str | None:
        """Read one resource into the landing area.

        Returns:
            URL of the manifest, which exists only when everything was read and landed; None where the tenant's source
            does not deliver this resource.

        Raises:
            TerminalSourceError: trying again cannot help.
            TransientSourceError: trying again later can.
            LandingError: the landing area could not be written.
        """
