"""The sources that exist, by kind: the one place where a new source is entered.

A source is a package beside this module. It declares its contract and the settings of a tenant file, which are light;
what reads it is imported when a task needs it, and the plugins' `sources` package opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from mercurios.sources.contract import Contract, Resource
from mercurios.sources.files.settings import FilesSettings
from mercurios.sources.prohandel.settings import ProHandelSettings
from mercurios.sources.settings import SourceSettings

SETTINGS: Mapping[str, type[SourceSettings]] = {
    settings.contract.source: settings for settings in (ProHandelSettings, FilesSettings)
}
"""The settings of each kind of source."""

CONTRACTS: Mapping[str, Contract] = {kind: settings.contract for kind, settings in SETTINGS.items()}
"""What each kind of source declares. Names of resources and tables are unique over all of them."""


def _not_through_fivetran(source: Any) -> Any:
    if isinstance(source, dict) and source.get("kind") == "fivetran":
        raise ValueError(
            f"kind 'fivetran' comes in a later version; expected {' or '.join(map(repr, SETTINGS))}"
        )
    return source


AnySource = Annotated[
    ProHandelSettings | FilesSettings, Field(discriminator="kind"), BeforeValidator(_not_through_fivetran)
]
"""Settings of a source of any kind; key `kind` chooses which."""


def every_resource() -> Mapping[str, Resource]:
    """Return the resources of all sources by name: what a warehouse must be able to hold."""
    return {name: each for contract in CONTRACTS.values() for name, each in contract.resources.items()}
