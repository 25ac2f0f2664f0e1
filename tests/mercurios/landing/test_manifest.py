"""Manifests as documents: what is written can be read, and what older versions wrote too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from mercurios.landing.manifest import Manifest

NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "tenant_id": "mini",
    "resource": "sale",
    "run_id": "r1",
    "attempt": 1,
    "fence": 1,
    "mode": "scan",
    "complete": False,
    "extracted_at": NOW,
    "source_now": NOW,
    "cursor_from": None,
    "cursor_to": None,
    "counts": {},
    "drift": [],
    "parts": [],
}


@pytest.mark.parametrize("stable", [True, False])
def test_a_written_manifest_is_read_as_it_was(stable: bool) -> None:
    manifest = Manifest(stable=stable, **FACTS)

    written = manifest.model_dump_json()

    assert orjson.loads(written)["stable"] is stable
    assert Manifest.model_validate_json(written) == manifest


@pytest.mark.parametrize("older", [True, False])
def test_a_manifest_landed_under_the_older_name_of_a_field_is_read(older: bool) -> None:
    written = orjson.dumps({**FACTS, "settled": older})

    assert Manifest.model_validate_json(written).stable is older
