"""The sources that exist, by kind: the one place where a new source is entered."""

from __future__ import annotations

from collections.abc import Mapping

from mercurios.sources.contract import Contract, Resource
from mercurios.sources.prohandel.resources import CONTRACT as PROHANDEL

CONTRACTS: Mapping[str, Contract] = {contract.source: contract for contract in (PROHANDEL,)}
"""What each kind of source declares. Names of resources and tables are unique over all of them."""


def every_resource() -> Mapping[str, Resource]:
    """Return the resources of all sources by name: what a warehouse must be able to hold."""
    return {name: each for contract in CONTRACTS.values() for name, each in contract.resources.items()}


def contract_of(resource: str) -> Contract:
    """Return the contract that declares a resource.

    Raises:
        KeyError: none does.
    """
    for contract in CONTRACTS.values():
        if resource in contract.resources:
            return contract
    raise KeyError(f"resource {resource!r} is declared by no source")
