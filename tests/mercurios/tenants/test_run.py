"""A run: the words that messages name it by, and those that statements bind."""

from __future__ import annotations

from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine

RUN = Run("mini", "pipeline__mini", "scheduled__2026-03-04T05:00:00+00:00")


def test_a_message_names_tenant_and_run() -> None:
    assert str(RUN) == "tenant mini, run scheduled__2026-03-04T05:00:00+00:00"


def test_a_statement_binds_what_it_names_of_a_run(tmp_path) -> None:
    with DuckDBEngine(tmp_path / "mini.duckdb") as engine:
        [of_all] = engine.fetch_rows("select $tenant_id as a, $dag_id as b, $run_id as c", RUN.parameters())
        [of_one] = engine.fetch_rows("select $run_id as run_id", RUN.parameters())

    assert tuple(of_all.values()) == (RUN.tenant_id, RUN.dag_id, RUN.run_id)
    assert of_one == {"run_id": RUN.run_id}
