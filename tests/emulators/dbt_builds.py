"""dbt on a retailer's warehouse, whichever engine it is on, and what a build leaves there, ready to be compared."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from dbt_runs import parsed_by_tests, run_dbt
from retailer import Retailer
from running_emulators import ROLE, USER, WAREHOUSE
from snowflake_retailer import SnowflakeRetailer

from mercurios.warehouse.engine import Engine
from mercurios.warehouse.marts import MANIFEST
from mercurios.warehouse.setup import write_reference


@dataclass
class Dbt:
    """Runs dbt in processes of their own, as tasks do.

    Attributes:
        home: folder for what dbt writes.
    """

    home: Path

    def build(
        self,
        retailer: Retailer,
        *arguments: str,
        command: str = "build",
        tenant: str = "mini",
        blind: bool = False,
    ) -> dict[str, str]:
        """Build or test without failures and return the status of every node that ran.

        Args:
            retailer: its warehouse.
            arguments: further arguments of the command.
            command: `build` or `test`.
            tenant: for whom.
            blind: dbt looks into the database before anything is in it.
        """
        target, database, variables = self._place(retailer)
        environment = {
            "HOME": str(self.home),
            "DBT_TARGET_PATH": str(self.home / target),
            "MERCURIOS_TENANT_ID": tenant,
            **variables,
        }
        done = run_dbt([command, *arguments], self.home, environment, target, database, blind)
        assert done.returncode == 0, done.stdout
        results = json.loads((self.home / target / "run_results.json").read_text(encoding="utf-8"))["results"]
        return {result["unique_id"]: result["status"] for result in results}

    def _place(self, retailer: Retailer) -> tuple[str, str, dict[str, str]]:
        if not isinstance(retailer, SnowflakeRetailer):
            return "duckdb", retailer.warehouse.stem, {"MERCURIOS_DUCKDB_PATH": str(retailer.warehouse)}
        key = self.home / "key.pem"
        key.write_text(retailer.snowflake.key.pem, encoding="utf-8")
        return (
            "snowflake",
            retailer.database,
            {
                "REQUESTS_CA_BUNDLE": str(retailer.snowflake.certificate),
                "SNOWFLAKE_ACCOUNT": "emulator",
                "SNOWFLAKE_DATABASE": retailer.database,
                "SNOWFLAKE_HOST": "127.0.0.1",
                "SNOWFLAKE_PORT": str(retailer.snowflake.port),
                "SNOWFLAKE_PRIVATE_KEY_PATH": str(key),
                "SNOWFLAKE_ROLE": ROLE,
                "SNOWFLAKE_USER": USER,
                "SNOWFLAKE_WAREHOUSE": WAREHOUSE,
            },
        )

    def statements(self) -> dict[str, str]:
        """Return what the last build on Snowflake ran for each table, by the table's name."""
        files = (self.home / "snowflake" / "run").rglob("*.sql")
        return {path.stem: path.read_text(encoding="utf-8") for path in files}

    def tables(self, database: str, *schemas: str) -> list[str]:
        """Return the tables that a build on Snowflake makes in some schemas, more than on DuckDB."""
        manifest = parsed_by_tests("snowflake", database) / "manifest.json"
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
        return sorted(
            f"{node['schema']}.{node['name']}"
            for node in nodes
            if node["resource_type"] == "model"
            and node["schema"] in schemas
            and node["config"]["materialized"] == "incremental"
        )


def write_tenant(retailer: Retailer) -> None:
    """Write what the tenant's file says into its warehouse, as the first task of a run does."""
    with retailer.engine() as engine:
        write_reference(engine, retailer.tenant, date(2026, 3, 4))


def sources() -> list[str]:
    """Return the tables that models read and others fill, but for what is computed from marts."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    read = {parent for node in models for parent in node["depends_on"]["nodes"]}
    found = [node for key, node in sorted(manifest["sources"].items()) if key in read]
    return [f"{node['schema']}.{node['name']}" for node in found if node["schema"] in ("raw", "ops")]


def written_per_engine() -> list[str]:
    """Return the models whose text is another on Snowflake, because a macro in it is written for each engine."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    macros: dict[str, Any] = manifest["macros"]
    apart = {name for name in macros if name.startswith("macro.mercurios.snowflake__")}

    def reaches(name: str, met: set[str]) -> bool:
        project, _, short = name.rpartition(".")
        if f"{project}.snowflake__{short}" in apart:
            return True
        further = set(macros[name]["depends_on"]["macros"]) - met if name in macros else set()
        return any(reaches(each, met | further) for each in further)

    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return sorted(
        node["name"]
        for node in models
        if any(reaches(macro, set()) for macro in node["depends_on"]["macros"])
    )


def copy_tenant(retailer: SnowflakeRetailer, neighbour: str, tables: Sequence[str]) -> None:
    """Give another tenant of the same database the rows of the retailer's."""
    with retailer.engine() as engine:
        for table in tables:
            rows = f"select * replace ('{neighbour}' as tenant_id) from {table} where tenant_id = $tenant_id"
            engine.execute(f"insert into {table} {rows}", {"tenant_id": retailer.tenant.id})


@dataclass(frozen=True)
class Table:
    """The rows of a tenant in a table.

    Attributes:
        kinds: columns in order, with the kind of their type.
        rows: in an order of their own.
    """

    kinds: dict[str, str]
    rows: list[tuple[Any, ...]]

    def differences(self, other: Table) -> list[str]:
        """Return what distinguishes two tables, the first few; floating numbers may differ by 1e-9 of their size."""
        if self.kinds != other.kinds:
            return [f"columns {self.kinds} and {other.kinds}"]
        if len(self.rows) != len(other.rows):
            return [f"{len(self.rows)} and {len(other.rows)} rows"]
        return [text for pair in zip(self.rows, other.rows, strict=True) for text in self._between(*pair)][:5]

    def _between(self, mine: tuple[Any, ...], others: tuple[Any, ...]) -> Iterator[str]:
        for name, left, right in zip(self.kinds, mine, others, strict=True):
            if not _equal(left, right):
                yield f"{name}: {left!r} and {right!r} in {mine}"


State = dict[str, Table]


def _equal(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return bool(left == right)


def table_of(engine: Engine, table: str, tenant: str, *, loads: bool = True) -> Table:
    """Return a tenant's rows of a table without the moment they were loaded, which differs from engine to engine.

    Args:
        engine: where the table is.
        table: its name, with schema.
        tenant: whose rows.
        loads: put the run that loaded a row in place of the moment.
    """
    found = engine.fetch_arrow(f"select * from {table} where tenant_id = '{tenant}'").drop_columns(
        ["tenant_id"]
    )
    kinds = {field.name: _kind(field.type) for field in found.schema}
    columns = found.to_pydict()
    if moments := columns.pop("loaded_at", None):
        kinds.pop("loaded_at")
        if loads:
            runs = _runs(engine, tenant)
            columns["loaded_by"] = [runs[moment] for moment in moments]
            kinds["loaded_by"] = "string"
    return Table(kinds=kinds, rows=_sorted(columns))


def _runs(engine: Engine, tenant: str) -> dict[datetime, str]:
    question = f"select distinct _loaded_at, _run_id from raw.sale where tenant_id = '{tenant}'"
    return {row["_loaded_at"]: row["_run_id"] for row in engine.fetch_arrow(question).to_pylist()}


def tables_of(engine: Engine, tables: Iterable[str], tenant: str, *, loads: bool = True) -> State:
    """Return a tenant's rows of some tables."""
    return {table: table_of(engine, table, tenant, loads=loads) for table in tables}


def differing(left: State, right: State) -> dict[str, list[str]]:
    """Return what distinguishes the tables of one state from those of another, by table."""
    return {name: found for name in left if (found := left[name].differences(right[name]))}


def _kind(type_: pa.DataType) -> str:
    return "integer" if pa.types.is_integer(type_) else str(type_)


def _sorted(columns: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    def order(row: tuple[Any, ...]) -> list[str]:
        return [str(value) for value in row if not isinstance(value, float)]

    return sorted(zip(*columns.values(), strict=True), key=order)
