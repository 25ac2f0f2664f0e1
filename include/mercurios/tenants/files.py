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

from pydantic import ValidationError

from mercurios.inputs.keys import similar_to
from mercurios.inputs.problems import problems_of
from mercurios.inputs.text import shown
from mercurios.inputs.yaml_file import Document, Place, YamlError, read_yaml
from mercurios.sources.registry import SETTINGS
from mercurios.tenants.model import Tenant
from mercurios.tenants.sharing import shared_places

TENANTS_DIR_VARIABLE = "MERCURIOS_TENANTS_DIR"

SUFFIX = ".yaml"
_SUFFIXES = (SUFFIX, ".yml")

# Keys of earlier versions, and what a file says instead.
_MOVED = {key: said for settings in SETTINGS.values() for key, said in settings.moved_keys.items()}


@dataclass(frozen=True)
class TenantFileError:
    """One tenant file that cannot be used, with the key and what was expected there."""

    path: Path
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return f"{shown(self.path.name)}: " + "; ".join(self.problems)


@dataclass(frozen=True)
class Tenants:
    """What a folder of tenant files holds: the usable tenants by id, and the files that are not usable.

    Attributes:
        tenants: the usable ones that were asked for.
        errors: the files that are not usable.
        directory: the folder.
    """

    tenants: tuple[Tenant, ...]
    errors: tuple[TenantFileError, ...]
    directory: Path

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self.tenants)

    def get(self, tenant_id: str) -> Tenant:
        """Return one tenant.

        Raises:
            KeyError: no usable file names this tenant; the message says what is wrong with its file, or lists
                the tenants that exist, those with a similar id first.
        """
        for tenant in self.tenants:
            if tenant.id == tenant_id:
                return tenant
        for error in self.errors:
            if error.path.stem == tenant_id:
                raise KeyError(f"tenant {tenant_id!r} cannot be used: {error}")
        known = [path.stem for path in _files(self.directory) if path.suffix == SUFFIX]
        raise KeyError(
            f"tenant {shown(tenant_id)!r} has no usable file in {self.directory.name}/ ({similar_to(tenant_id, known)})"
        )


def tenants_dir() -> Path:
    """Return the folder of tenant files: `MERCURIOS_TENANTS_DIR`, or `include/tenants`."""
    return Path(os.environ.get(TENANTS_DIR_VARIABLE) or Path(__file__).resolve().parents[2] / "tenants")


def load_tenants(directory: Path | None = None, only: str | None = None) -> Tenants:
    """Read every tenant file, in the order of file names.

    Args:
        directory: folder of `*.yaml` files; the configured one by default. A file that ends in `.yml` is an error.
        only: read the file of this tenant alone, for a task that needs no other. What it shares with another one that
            it may not share does not show then.
    """
    directory = directory or tenants_dir()
    tenants: list[Tenant] = []
    errors: list[TenantFileError] = []
    for path in _files(directory, only):
        result = _read(path)
        if isinstance(result, Tenant):
            tenants.append(result)
        else:
            errors.append(result)
    for tenant_id, problems in shared_places(tenants).items():
        errors.append(TenantFileError(directory / f"{tenant_id}{SUFFIX}", tuple(problems)))
    refused = {error.path.stem for error in errors}
    return Tenants(tuple(each for each in tenants if each.id not in refused), tuple(errors), directory)


def _files(directory: Path, only: str | None = None) -> list[Path]:
    """Return what may be meant as a tenant file, in the order of names: also what ends in `.yml`, to be named."""
    if only is None:
        found = directory.iterdir() if directory.is_dir() else iter(())
        return sorted(path for path in found if path.suffix.lower() in _SUFFIXES)
    names = [f"{only}{suffix}" for suffix in _SUFFIXES if Path(only).name == only and "\0" not in only]
    return [path for path in (directory / name for name in names) if os.path.lexists(path)][:1]


def _read(path: Path) -> Tenant | TenantFileError:
    if path.suffix != SUFFIX:
        return TenantFileError(path, (f"rename it so that it ends in {SUFFIX!r}; it is not read",))
    try:
        return _tenant(path, read_yaml(path))
    except YamlError as error:
        return TenantFileError(path, (str(error),))
    # Whatever a file brings about is its own tenant's fault, and no other's.
    except Exception as error:
        return TenantFileError(path, (f"cannot be used: {type(error).__name__}: {shown(error)}",))


def _tenant(path: Path, document: Document) -> Tenant | TenantFileError:
    if not isinstance(document.value, dict):
        return TenantFileError(path, ("expected a mapping of settings such as 'id: …' at the top level",))
    try:
        tenant = Tenant.model_validate(document.value)
    except ValidationError as error:
        return TenantFileError(path, problems_of(document, error, place_of=_place, wording=_wording))
    if tenant.id != path.stem:
        problem = f"key 'id': expected {shown(path.stem)!r}, the file's name, got {tenant.id!r}"
        return TenantFileError(path, (f"line {document.line_of(('id',))}, {problem}",))
    return tenant


def _wording(item: Mapping[str, Any], key: str) -> str | None:
    """Return what to say of what is particular to tenant files: keys of earlier versions, kinds of sources."""
    if key in _MOVED:
        return f"key {key!r}: no longer read; {_MOVED[key]}"
    match item["type"]:
        case "union_tag_not_found":
            return f"key '{key}.kind': missing; expected {_kinds()}"
        case "union_tag_invalid":
            return f"key '{key}.kind': expected {_kinds()} (got {shown(item['ctx']['tag'])!r})"
    return None


def _place(place: Place) -> Place:
    """Return the place in the file: below `source` the model also names the kind."""
    if place[:1] == ("source",) and len(place) > 1 and place[1] in SETTINGS:
        return ("source", *place[2:])
    return place


def _kinds() -> str:
    return " or ".join(map(repr, SETTINGS))
