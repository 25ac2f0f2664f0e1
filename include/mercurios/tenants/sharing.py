"""What two tenants may not share: a warehouse that holds one tenant, as a file does, and a folder of the landing area.

Tenant files alone are compared, since connections may not be read while DAGs are parsed. That a file on disk is another
tenant's shows when a run begins: the file knows its owner (`Engine.claim`).
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mercurios.tenants.model import Tenant


def shared_places(tenants: Sequence[Tenant]) -> dict[str, list[str]]:
    """Return what is wrong with tenants that would write where another one writes, by tenant id.

    Of tenants that name one connection to such a warehouse the one that it is named after (`<engine>_<id>`) keeps it,
    or else the first.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for tenant_id, problem in [*_shared_files(tenants), *_nested_landings(tenants)]:
        found[tenant_id].append(problem)
    return dict(found)


def _shared_files(tenants: Iterable[Tenant]) -> Iterator[tuple[str, str]]:
    users: dict[str, list[Tenant]] = defaultdict(list)
    for tenant in tenants:
        if tenant.backend.holds_one_tenant:
            users[tenant.connections.warehouse].append(tenant)
    for connection, sharing in users.items():
        backend = sharing[0].backend
        named = (each for each in sharing if connection == f"{backend.name}_{each.id}")
        owner = next(named, sharing[0])
        for each in sharing:
            if each is not owner:
                yield (
                    each.id,
                    f"key 'connections.warehouse': {connection!r} is the warehouse of tenant {owner.id}, and a "
                    f"{backend.title} file holds one tenant; name one that no other tenant has, such as "
                    f"'{backend.name}_{each.id}'",
                )


def _nested_landings(tenants: Sequence[Tenant]) -> Iterator[tuple[str, str]]:
    owners = {f"{_landing(each)}/tenant={each.id}": each.id for each in tenants}
    for each in tenants:
        for folder in _upwards(_landing(each)):
            owner = owners.get(folder)
            if owner is not None and owner != each.id:
                yield (
                    each.id,
                    f"key 'landing': lies in the folder of tenant {owner}, who would own what is landed there; name a "
                    "folder outside of it",
                )


def _landing(tenant: Tenant) -> str:
    """Return the address of a tenant's landing area, as it is written where a variable of it is not set."""
    try:
        url = tenant.landing_url()
    except ValueError:
        url = tenant.landing or tenant.backend.landing
    scheme, _, path = url.partition("://")
    return f"{scheme}://{posixpath.normpath(path)}"


def _upwards(url: str) -> Iterator[str]:
    while "/" in url.partition("://")[2]:
        yield url
        url = url.rpartition("/")[0]
