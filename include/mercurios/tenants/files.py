"""Tenant files: one YAML file per tenant, validated by one typed model.

Adding a retailer is adding a file. A file that is wrong must break that tenant alone and say what is wrong, so
loading never raises for one file: it returns the good tenants and the errors side by side, and the caller
decides where each becomes visible.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from mercurios.sources.registry import SETTINGS
from mercurios.tenants.model import Tenant

TENANTS_DIR_VARIABLE = "MERCURIOS_TENANTS_DIR"

# Keys of earlier versions, and what a file says instead.
_MOVED = {
    "ingestion": "write 'source: {kind: prohandel, connection: …}' instead",
    "extraction": "write its settings below 'source', beside 'kind: prohandel'",
    "connections.prohandel": "write it as 'source.connection', beside 'kind: prohandel'",
}


@dataclass(frozen=True)
class TenantFileError:
    """One tenant file that cannot be used, with the key and what was expected there."""

    path: Path
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path.name}: " + "; ".join(self.problems)


@dataclass(frozen=True)
class Tenants:
    """What a folder of tenant files holds: the usable tenants by id, and the files that are not usable."""

    tenants: tuple[Tenant, ...]
    errors: tuple[TenantFileError, ...]

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self.tenants)

    def get(self, tenant_id: str) -> Tenant:
        """Return one tenant.

        Raises:
            KeyError: no usable file names this tenant; the message says what is wrong with its file, or lists
                the tenants that exist.
        """
        for tenant in self.tenants:
            if tenant.id == tenant_id:
                return tenant
        for error in self.errors:
            if error.path.stem == tenant_id:
                raise KeyError(f"tenant {tenant_id!r} cannot be used: {error}")
        known = ", ".join(tenant.id for tenant in self.tenants) or "none"
        raise KeyError(f"tenant {tenant_id!r} has no usable file in {tenants_dir().name}/ (known: {known})")


def tenants_dir() -> Path:
    """Return the folder of tenant files: `MERCURIOS_TENANTS_DIR`, or `include/tenants`."""
    return Path(os.environ.get(TENANTS_DIR_VARIABLE) or Path(__file__).resolve().parents[2] / "tenants")


def load_tenants(directory: Path | None = None, only: str | None = None) -> Tenants:
    """Read every tenant file, in the order of file names.

    Args:
        directory: folder of `*.yaml` files; the configured one by default.
        only: read the file of this tenant alone, for a task that needs no other.
    """
    directory = directory or tenants_dir()
    pattern = f"{only}.yaml" if only else "*.yaml"
    tenants: list[Tenant] = []
    errors: list[TenantFileError] = []
    for path in sorted(directory.glob(pattern)):
        result = _read(path)
        if isinstance(result, Tenant):
            tenants.append(result)
        else:
            errors.append(result)
    return Tenants(tuple(tenants), tuple(errors))


def _read(path: Path) -> Tenant | TenantFileError:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return TenantFileError(path, (f"not readable as YAML: {' '.join(str(error).split())}",))
    if not isinstance(document, dict):
        return TenantFileError(path, ("expected a mapping of settings such as 'id: …' at the top level",))
    try:
        tenant = Tenant.model_validate(document)
    except ValidationError as error:
        return TenantFileError(path, tuple(_problem(item) for item in error.errors()))
    if tenant.id != path.stem:
        return TenantFileError(
            path, (f"key 'id': expected {path.stem!r}, the file's name, got {tenant.id!r}",)
        )
    return tenant


def _problem(item: Mapping[str, Any]) -> str:
    key = _key(item["loc"])
    if key in _MOVED:
        return f"key {key!r}: no longer read; {_MOVED[key]}"
    match item["type"]:
        case "extra_forbidden":
            return f"key {key!r}: unknown; remove it or correct its spelling"
        case "missing":
            return f"key {key!r}: missing"
        case "union_tag_not_found":
            return f"key '{key}.kind': missing; expected {_kinds()}"
        case "union_tag_invalid":
            return f"key '{key}.kind': expected {_kinds()} (got {item['ctx']['tag']!r})"
    given = repr(item.get("input"))
    return f"key {key!r}: {item['msg']} (got {given[:80]})"


def _key(place: tuple[str | int, ...]) -> str:
    """Return the key as it is written in the file: below `source` the model also names the kind."""
    if place[:1] == ("source",) and len(place) > 1 and place[1] in SETTINGS:
        place = ("source", *place[2:])
    return ".".join(str(part) for part in place) or "(file)"


def _kinds() -> str:
    return " or ".join(map(repr, SETTINGS))
