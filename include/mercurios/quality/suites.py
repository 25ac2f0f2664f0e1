"""The suites of a gate: what must hold for each of its tables, for every engine."""

from __future__ import annotations

from mercurios.quality.checks import History, Suite
from mercurios.quality.mart_suites import mart_suite
from mercurios.quality.raw_suites import raw_suite
from mercurios.sources.contract import Contract
from mercurios.sources.registry import every_resource
from mercurios.warehouse.marts import GATES, gated_by


def suites_of(
    gate: str, tenant_id: str, history: History, contract: Contract | None = None
) -> tuple[Suite, ...]:
    """Return the suites of a gate; of the RAW tables those of a contract, of every source without one.

    Raises:
        ValueError: there is no such gate.
    """
    if gate == "raw":
        resources = every_resource() if contract is None else contract.resources
        return tuple(raw_suite(resource, tenant_id, history) for resource in resources.values())
    if gate not in GATES:
        raise ValueError(f"gate {gate!r} is unknown; gates are raw, marts and forecast")
    return tuple(mart_suite(table, tenant_id, history) for table in gated_by(gate))
