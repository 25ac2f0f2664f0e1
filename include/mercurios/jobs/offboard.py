"""A tenant that leaves: what is kept of it is counted, then removed, place by place.

Every place is asked what it still holds, so that a removal that was stopped goes on when it is asked for again. Nothing
of another tenant is touched: rows and files are chosen by the tenant's id, and what is removed whole was looked
through for rows of others first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mercurios.landing.store import LandingStore
from mercurios.warehouse.removal import Place


@dataclass(frozen=True)
class LandedFiles:
    """A tenant's folder of the landing area: rows, quarantine, plans, forecasts, records of alerts."""

    store: LandingStore
    tenant_id: str

    def remains(self) -> dict[str, int]:
        """Return the number of files."""
        count = self.store.count_files(self.tenant_id)
        return {f"files in {self.store.address(f'tenant={self.tenant_id}')}": count} if count else {}

    def also(self) -> list[str]:
        """Return nothing: the folder is all there is."""
        return []

    def remove(self) -> None:
        """Remove the folder."""
        self.store.remove_tenant(self.tenant_id)


def survey(places: Sequence[Place]) -> dict[str, int]:
    """Return what is left of a tenant in all places."""
    return {name: count for place in places for name, count in place.remains().items()}


def remove(places: Sequence[Place]) -> dict[str, int]:
    """Remove a tenant from all places, in their order, and return what is left all the same."""
    for place in places:
        place.remove()
    return survey(places)
