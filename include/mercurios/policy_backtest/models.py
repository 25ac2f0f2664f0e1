"""The product's own order formula: its dbt models, compiled by dbt and run on tables that a replay fills.

A second formula would drift from the first. So dbt compiles the models of `models/marts/replenishment`, and what they
read is filled here: the forecast by the same engine, stock by the replay, everything else empty.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

TENANT = "backtest"
DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt"
_MODELS = (
    "article_class",
    "replenishment_policy",
    "demand_outlook",
    "replenishment_level",
    "replenishment_position",
    "replenishment_proposal",
)
_MEMORY = ":memory:"
_COMPILE_SECONDS = 300

# What the models read that has no contract, in the types of the sources.
_WITHOUT_CONTRACT = {
    "int_tenant_as_of": {
        "tenant_id": "varchar",
        "as_of_date": "date",
        "current_week": "date",
        "last_complete_week": "date",
    },
    "int_order_positions_sized": {
        "tenant_id": "varchar",
        "order_position_id": "varchar",
        "order_id": "varchar",
        "article_number": "bigint",
        "article_size_number": "bigint",
        "branch_number": "bigint",
        "open_units": "double",
        "expected_on": "date",
        "ordered_on": "date",
        "is_without_header": "boolean",
    },
    "stg_mercurios__replenishment_policies": {
        "tenant_id": "varchar",
        "scope": "varchar",
        "scope_key": "varchar",
        "setting": "varchar",
        "setting_value": "double",
    },
}


@dataclass(frozen=True, slots=True)
class Model:
    """A relation of the dbt project.

    Attributes:
        relation: schema and name.
        columns: names and types, in the contract's order.
        sql: the compiled query; empty for what a replay fills itself.
    """

    relation: str
    columns: Mapping[str, str]
    sql: str = ""


def compile_models() -> dict[str, Model]:
    """Let dbt compile the models, and return them and what they read, by name.

    Raises:
        WarehouseError: dbt could not, or a model reads something that a replay cannot fill.
    """
    with tempfile.TemporaryDirectory(prefix="mercurios-backtest-") as name:
        environment = {
            **os.environ,
            "MERCURIOS_TENANT_ID": TENANT,
            "MERCURIOS_DUCKDB_PATH": _MEMORY,
            "DBT_TARGET_PATH": str(Path(name) / "target"),
            "DBT_LOG_PATH": str(Path(name) / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
        }
        command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "--quiet", "compile"]
        places = ["--target", "duckdb", "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
        done = subprocess.run(
            [*command, *places, "--select", *_MODELS],
            env=environment,
            cwd=name,
            capture_output=True,
            text=True,
            timeout=_COMPILE_SECONDS,
        )
        if done.returncode:
            raise WarehouseError(f"dbt could not compile the order formula:\n{done.stdout}{done.stderr}")
        return _read_manifest(json.loads((Path(name) / "target" / "manifest.json").read_text()))


def _read_manifest(manifest: Mapping[str, Any]) -> dict[str, Model]:
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    wanted = [*_MODELS]
    for name in _MODELS:
        wanted += _stored_parents(nodes, name)
    found = {}
    for name in dict.fromkeys(wanted):
        node = nodes[name]
        columns = {column: each.get("data_type") for column, each in node["columns"].items()}
        columns = _WITHOUT_CONTRACT.get(name, columns)
        if not columns or None in columns.values():
            raise WarehouseError(f"{name} has no contract, and the backtest does not know its columns")
        sql = node["compiled_code"] if name in _MODELS else ""
        found[name] = Model(f"{node['schema']}.{node['alias']}", columns, sql)
    return found


def _stored_parents(nodes: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """Return the models whose tables a model reads, also through ephemeral models: those are part of its query."""
    found = []
    for parent in nodes[name]["depends_on"]["nodes"]:
        kind, *_, parent_name = parent.split(".")
        if kind != "model":
            continue
        if nodes[parent_name]["config"]["materialized"] == "ephemeral":
            found += _stored_parents(nodes, parent_name)
        else:
            found.append(parent_name)
    return found


class OrderModels:
    """The models on a database of their own, in memory.

    Args:
        compiled: what `compile_models` returned.
    """

    def __init__(self, compiled: Mapping[str, Model]) -> None:
        self._models = compiled
        self._folder = tempfile.TemporaryDirectory(prefix="mercurios-backtest-")
        # One thread: sums of doubles depend on their order.
        self._engine = DuckDBEngine(_MEMORY, threads=1)
        set_up(self._engine)
        for model in compiled.values():
            self._engine.execute(
                render("duckdb", "backtest_create", relation=model.relation, columns=model.columns)
            )

    def __enter__(self) -> OrderModels:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.close()
        self._folder.cleanup()

    def fill(self, name: str, rows: pa.Table, *, add: bool = False) -> None:
        """Replace the rows of a model that is read, or of a source `schema.name`, or add to them.

        Columns that the relation does not have are left out, those that the rows do not have stay empty.
        """
        import pyarrow.parquet as pq

        relation = self._models[name].relation if name in self._models else name
        if not add:
            self._engine.execute(render("duckdb", "backtest_clear", relation=relation))
        rows = rows.append_column("tenant_id", _repeated(TENANT, rows.num_rows))
        known = self._columns(relation)
        rows = rows.select([column for column in rows.column_names if column in known])
        path = Path(self._folder.name) / "rows.parquet"
        pq.write_table(rows, path, compression="none")
        self._engine.copy_files(relation, rows.column_names, [str(path)])

    def forget(self, source: str, origin_week: date) -> None:
        """Delete the forecasts of a source `schema.name` that were made before a week."""
        self._engine.execute(
            render("duckdb", "backtest_forget", relation=source), {"origin_week": origin_week}
        )

    def build(self, *names: str) -> None:
        """Rebuild models, as dbt would: all rows, in the types of the contract."""
        for name in names:
            model = self._models[name]
            self._engine.execute(render("duckdb", "backtest_clear", relation=model.relation))
            self._engine.execute(
                render(
                    "duckdb",
                    "backtest_build",
                    relation=model.relation,
                    columns=list(model.columns),
                    query=model.sql,
                )
            )

    def read(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Return columns of a model's rows, by article and branch."""
        keys = [key for key in ("article_number", "branch_number") if key in self._models[name].columns]
        return self._engine.fetch_arrow(
            render(
                "duckdb",
                "backtest_read",
                relation=self._models[name].relation,
                columns=list(columns),
                keys=keys,
            )
        )

    def _columns(self, relation: str) -> list[str]:
        schema, table = relation.split(".")
        found = self._engine.fetch_arrow(
            render("duckdb", "quality_columns"), {"table_schema": schema, "table_name": table}
        )
        names: list[str] = found.column(0).to_pylist()
        return names


def _repeated(value: str, count: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(value, count)
