"""Extraction: from the API's pages to the landing area, with flat memory.

Rows whose content the warehouse already holds are left out here, before they cost anything further; their keys
are kept, because a complete read that no longer shows a key means that the row is deleted at the source.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from mercurios.landing.store import LandingStore
from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.reading import Reading
from mercurios.sources.prohandel.request import ExtractRequest


def extract(client: ProHandelClient, store: LandingStore, request: ExtractRequest) -> str:
    """Read one resource into the landing area.

    Returns:
        URL of the manifest, which exists only when everything was read and landed.

    Raises:
        ProHandelError: the API could not be read to its end.
        LandingError: the landing area could not be written.
    """
    plan = request.plan
    attempt = store.reserve_attempt(plan.tenant_id, request.resource, plan.run_id, after=plan.attempts)
    prefix = store.prefix(plan.tenant_id, request.resource, plan.run_id, attempt)
    reading = Reading(request, store, prefix)
    with reading, _young_objects_only():
        reading.read(client)
        manifest = reading.manifest(attempt)
    return store.write_manifest(prefix, manifest)


@contextmanager
def _young_objects_only() -> Iterator[None]:
    """Keep the garbage collector from objects that existed before: rows come by the million, and each look costs."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
