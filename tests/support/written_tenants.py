"""Tenant files to read: a good one, and how to change it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mercurios.tenants import Tenants

GOOD: dict[str, Any] = {
    "id": "good",
    "name": "Good",
    "time_zone": "Europe/Berlin",
    "country": "DE",
    "currency": "EUR",
    "owner": "data",
    "source": {"kind": "prohandel", "connection": "prohandel_good"},
    "connections": {"warehouse": "duckdb_good"},
}


BUDGET = {"season": 261, "category": 10, "month": "2026-03", "amount": 500}
GROSS: dict[str, Any] = {"include_tax": True, "tax_rates": {1: [{"from": "2021-01-01", "rate": 19}]}}


def write(folder: Path, stem: str, /, **changes: Any) -> None:
    """Write a tenant file; a value of `...` leaves the key out, a dotted key reaches into sections."""
    document = json.loads(json.dumps({**GOOD, "id": stem, "connections": {"warehouse": f"duckdb_{stem}"}}))
    for key, value in changes.items():
        *sections, last = key.split("__")
        place = document
        for section in sections:
            place = place.setdefault(section, {})
        if value is ...:
            del place[last]
        else:
            place[last] = value
    (folder / f"{stem}.yaml").write_text(json.dumps(document, indent=1))


def only_error(found: Tenants) -> str:
    [error] = found.errors
    return str(error)
