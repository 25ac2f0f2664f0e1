"""Everything one process simulates: worlds, the clock they share, tokens and the switches tests turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from prohandel_simulator import schema
from prohandel_simulator.auth import ACCESS_SECONDS, Tokens
from prohandel_simulator.changes.engine import ChangeEngine
from prohandel_simulator.clock import SimulatedClock
from prohandel_simulator.rendering import TICKS
from prohandel_simulator.world import DEFAULT_SEED, World, open_world

CHANGEABLE = frozenset(schema.RESOURCES) - {"order"}
"""Resources that carry `lastChange`, so that `changed/<ts>` can mean something."""


@dataclass
class Tenant:
    """A world with its switches.

    Attributes:
        changed: resources that answer `changed/<ts>`.
        outage: every request is answered with 503.
        longest_page: rows of the longest page the server gives, however many are asked for.
    """

    world: World
    engine: ChangeEngine
    changed: set[str] = field(default_factory=set)
    outage: bool = False
    longest_page: int = 1000


class Simulator:
    """The state behind the HTTP surface."""

    def __init__(
        self,
        tenants: list[str],
        today: date | None = None,
        seed: int = DEFAULT_SEED,
        cache_dir: Path | None = None,
        changed: set[str] | None = None,
        access_seconds: int = ACCESS_SECONDS,
        instants_in: str = "UTC",
    ) -> None:
        self.tokens = Tokens(access_seconds)
        self.tenants: dict[str, Tenant] = {}
        switched_on = set(CHANGEABLE if changed is None else changed)
        unknown = switched_on - CHANGEABLE
        if unknown:
            raise ValueError(
                f"changed/<ts> exists for no {', '.join(sorted(unknown))}; choose among {sorted(CHANGEABLE)}"
            )
        today = today or date.today()
        for name in tenants:
            world = open_world(name, seed, today, cache_dir, instants_in)
            self.tenants[name] = Tenant(world, ChangeEngine(world), set(switched_on))
        self.clock = SimulatedClock((today - date(1970, 1, 1)).days)
        for tenant in self.tenants.values():
            tenant.engine.advance(self.clock.ticks)

    def advance_to(self, ticks: int) -> dict[str, Any]:
        """Move the clock and let every tenant live through the time between; return what happened."""
        self.clock.move(ticks)
        return {name: tenant.engine.advance(ticks) for name, tenant in self.tenants.items()}

    def advance_hours(self, hours: float) -> dict[str, Any]:
        """Move the clock by some hours."""
        return self.advance_to(self.clock.ticks + int(hours * 3600 * TICKS))
