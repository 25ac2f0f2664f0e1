"""What can go wrong between this client and the API, divided by whether trying again can help."""

from __future__ import annotations

from dataclasses import dataclass

from mercurios.sources.source import TerminalSourceError, TransientSourceError

_ACCESS_STATUSES = (401, 403)


@dataclass(frozen=True)
class RequestContext:
    """Which request an error belongs to: enough to repeat the request outside of the product, no secret in it."""

    path: str
    page: int | None = None
    page_size: int | None = None
    correlation_id: str | None = None

    def __str__(self) -> str:
        parts = [self.path]
        if self.page is not None:
            parts.append(f"page={self.page}")
        if self.page_size is not None:
            parts.append(f"pagesize={self.page_size}")
        if self.correlation_id:
            parts.append(f"correlation id {self.correlation_id}")
        return ", ".join(parts)


class ProHandelError(Exception):
    """A request failed; `context` names the request."""

    def __init__(self, message: str, context: RequestContext, *, status: int | None = None) -> None:
        super().__init__(f"{message} ({context})")
        self.context = context
        self.status = status


class TransientProHandelError(ProHandelError, TransientSourceError):
    """Trying again later can help: the network, an overloaded or broken server, an unreadable response."""

    retry_after: float | None = None


class EmptyPageError(TransientProHandelError):
    """A page without rows although the API says that more follow."""


class TerminalProHandelError(ProHandelError, TerminalSourceError):
    """Trying again cannot help: wrong credentials, an unknown path, a refused request."""

    @property
    def is_about_access(self) -> bool:
        """Whether key or secret are refused: by the token service, or by a status of the API that says so."""
        return self.context.path == "token" or self.status in _ACCESS_STATUSES
