"""What one extraction reads, and how: the request that a task makes."""

from __future__ import annotations

from dataclasses import dataclass

from mercurios.landing.plan import RunPlan
from mercurios.sources.prohandel.settings import ProHandelSettings


@dataclass(frozen=True)
class ExtractRequest:
    """What to read and how.

    Attributes:
        resource: name of the collection.
        plan: the run's plan.
        settings: the tenant's settings of this source.
        hash_key: key of the hash that replaces persons' numbers.
    """

    resource: str
    plan: RunPlan
    settings: ProHandelSettings
    hash_key: bytes
