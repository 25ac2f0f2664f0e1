"""A build that fails half way: readers keep what they had, and repeating the failed step gives a full run's marts."""

from __future__ import annotations

import json

import duckdb
import pytest

from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.duckdb.publish import published_file
from mercurios.warehouse.publication import publish
from mercurios.warehouse.setup import set_up

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

PRODUCTION = ("--exclude-resource-type", "unit_test")


def published_marts(target, marts):
    with duckdb.connect(str(target), read_only=True) as readers:
        return {
            mart: readers.execute(f"select * from analytics.{mart} order by all").fetchall() for mart in marts
        }


def publish_marts(warehouse, run_id):
    marts = tuple(warehouse.marts("north"))
    with DuckDBEngine(warehouse.path) as engine:
        set_up(engine)
        publish(engine, Run("north", "pipeline__north", run_id), marts)


def test_a_build_that_fails_half_way_leaves_readers_what_they_had(built, changed, tmp_path):
    """The repeated step then gives the marts of a full run."""
    warehouse = built.copy(tmp_path / "halfway")
    target = published_file(warehouse.path, "north")
    publish_marts(warehouse, "r1")
    marts_before = warehouse.marts("north")
    before = published_marts(target, marts_before)
    tables = [f"raw.{resource.table}" for resource in RESOURCES.values()]
    warehouse.execute(
        f"attach '{changed.path}' as source (read_only)",
        *(f"create or replace table {table} as from source.{table}" for table in tables),
    )
    warehouse.build("north", "--select", "tag:staging", "tag:conformed", "tag:intermediate", *PRODUCTION)
    warehouse.execute("alter table raw.public_holiday rename to lost")

    failed = warehouse.dbt("north", "build", "--select", "tag:marts", *PRODUCTION)

    results = json.loads((warehouse.target / "run_results.json").read_text())["results"]
    assert failed.returncode == 1
    assert {"success", "error"} <= {result["status"] for result in results}
    assert warehouse.marts("north") not in (marts_before, changed.marts("north")), (
        "the build did not stop half way"
    )
    assert published_marts(target, marts_before) == before
    warehouse.execute("alter table raw.lost rename to public_holiday")
    warehouse.build("north", "--select", "tag:marts", *PRODUCTION)
    publish_marts(warehouse, "r2")
    assert warehouse.marts("north") == changed.marts("north")
    assert published_marts(target, marts_before) == changed.marts("north") != before
