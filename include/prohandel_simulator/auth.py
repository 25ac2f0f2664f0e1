"""Demo credentials and bearer tokens.

Keys are derived from the tenant's name and say that they are not real. Tokens live in real time, not on the
simulated clock: a client's own timers decide when it refreshes, and they know nothing of the simulation.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

ACCESS_SECONDS = 1800
REFRESH_SECONDS = 86_400


def credentials(tenant: str) -> dict[str, str]:
    """Return the demo key and secret of a tenant."""
    return {"apiKey": f"demo-key-{tenant}", "secret": f"demo-secret-{tenant}"}


@dataclass
class Tokens:
    """Issued tokens: text -> (tenant, monotonic expiry)."""

    access_seconds: int = ACCESS_SECONDS
    _access: dict[str, tuple[str, float]] = field(default_factory=dict)
    _refresh: dict[str, tuple[str, float]] = field(default_factory=dict)

    def issue(self, tenant: str, server_url: str) -> dict[str, Any]:
        """Issue both tokens in the shape of the auth service's response."""
        now = time.monotonic()
        for issued in (self._access, self._refresh):
            for text in [text for text, (_, expiry) in issued.items() if expiry < now]:
                del issued[text]
        access, refresh = secrets.token_urlsafe(510), secrets.token_urlsafe(420)
        self._access[access] = (tenant, now + self.access_seconds)
        self._refresh[refresh] = (tenant, now + REFRESH_SECONDS)
        return {
            "token": {
                "token": {"value": access, "name": "token", "expiresIn": self.access_seconds},
                "refreshToken": {"value": refresh, "name": "refreshToken", "expiresIn": REFRESH_SECONDS},
            },
            "serverUrl": server_url,
            "requiredActions": [],
        }

    def tenant_of(self, token: str, refresh: bool = False) -> str | None:
        """Return whose token this is; None when it is unknown or expired."""
        tenant, expiry = (self._refresh if refresh else self._access).get(token, (None, 0.0))
        return tenant if expiry > time.monotonic() else None

    def expire(self, tenant: str) -> int:
        """End every access token of a tenant, as a real service does when it restarts."""
        ended = [text for text, (owner, _) in self._access.items() if owner == tenant]
        for text in ended:
            del self._access[text]
        return len(ended)


def tenant_for(tenants: list[str], api_key: str, secret: str) -> str | None:
    """Return the tenant these credentials belong to."""
    for tenant in tenants:
        known = credentials(tenant)
        if hmac.compare_digest(known["apiKey"].encode(), api_key.encode()) and hmac.compare_digest(
            known["secret"].encode(), secret.encode()
        ):
            return tenant
    return None
