"""The registry: a connection id leads to one engine, and every engine brings along what the others do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mercurios.sources.contract import ColumnType
from mercurios.warehouse.backend import Backend
from mercurios.warehouse.registry import BACKENDS, backend_named, backend_of_connection

EVERY = pytest.mark.parametrize("backend", BACKENDS.values(), ids=list(BACKENDS))


@pytest.mark.parametrize("connection_id", ["duckdb_giftware", "duckdb_a_b.c-1"])
def test_a_connection_id_leads_to_the_engine_it_begins_with(connection_id: str) -> None:
    assert backend_of_connection(connection_id) is BACKENDS["duckdb"]


@pytest.mark.parametrize("connection_id", ["postgres_x", "duckdb", "duckdb_", "duckdbx_y", "_x", ""])
def test_a_connection_id_of_no_engine_is_refused_with_those_there_are(connection_id: str) -> None:
    with pytest.raises(ValueError, match="begin the connection id with 'duckdb_' or 'snowflake_'"):
        backend_of_connection(connection_id)


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="'oracle' is unknown; known engines: duckdb, snowflake"):
        backend_named("oracle")


@EVERY
def test_the_engine_of_a_backend_is_found_again_by_its_dialect(backend: Backend) -> None:
    assert backend_named(backend.engine().dialect) is backend


@EVERY
def test_a_backend_has_a_word_for_every_type_of_the_contract(backend: Backend) -> None:
    assert set(backend.column_types) == set(ColumnType)


@EVERY
def test_a_backend_has_sql_and_a_dbt_target(backend: Backend, root: Path) -> None:
    profiles = yaml.safe_load((root / "include" / "dbt" / "profiles.yml").read_text(encoding="utf-8"))

    assert (root / "include" / "sql" / backend.name).is_dir()
    assert backend.dbt_target in profiles["mercurios"]["outputs"]


def test_asking_the_registry_loads_no_driver() -> None:
    script = (
        "import sys, mercurios.warehouse.registry\n"
        "print(sorted({'duckdb', 'snowflake.connector', 'pyarrow'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=900, check=True
    )

    assert done.stdout == "[]\n"
