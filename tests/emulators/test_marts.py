"""dbt on Snowflake: the marts of DuckDB row for row, first built and built again, and tenants who share a database.

Builds cost seconds, so they are made once, in this order, and the tests read what each left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from dbt_builds import (
    Dbt,
    State,
    copy_tenant,
    differing,
    sources,
    tables_of,
    write_tenant,
    written_per_engine,
)
from running_emulators import S3, Snowflake
from snowflake_retailer import SnowflakeRetailer, Twin, forget

from mercurios.quality.gate import run_gate
from mercurios.tenants.run import Run
from mercurios.warehouse.marts import gated_by
from prohandel_simulator.testing import running_simulator

pytestmark = [pytest.mark.dbt, pytest.mark.long, pytest.mark.simulator, pytest.mark.slow]

# The database for which other tests parse the project too.
DATABASE = "MERCURIOS_DATA"
NEIGHBOUR = "neighbour"
AS_A_TASK = ("--exclude-resource-type", "unit_test")
MODELS_ALONE = ("--exclude-resource-type", "unit_test", "test")
# All tables are filled by one strategy: these are of each layer, replaced as a whole, by day and by what sold.
REFRESHED = ("+inventory_daily", "+fct_sales")


@dataclass
class Built:
    """What the builds left behind, by their names."""

    dbt: Dbt
    statuses: dict[str, str] = field(default_factory=dict)
    duckdb: dict[str, State] = field(default_factory=dict)
    snowflake: dict[str, State] = field(default_factory=dict)
    neighbour: dict[str, State] = field(default_factory=dict)
    gates: dict[str, list[list[str]]] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    refreshed: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def built(s3: S3, running_emulator: Snowflake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """A tenant on both engines and, on Snowflake, a neighbour in the same database, built in turn."""
    home = tmp_path_factory.mktemp("marts")
    with pytest.MonkeyPatch.context() as trust, running_simulator(["mini"]) as source:
        trust.setenv("REQUESTS_CA_BUNDLE", str(running_emulator.certificate))
        changed = {"resources": {"sale": {"mode": "changed"}}}
        forget(running_emulator, DATABASE)
        on_snowflake = SnowflakeRetailer(
            source, home / "snowflake", s3, running_emulator, database=DATABASE, **changed
        )
        on_duckdb = Twin(source, home / "duckdb")
        yield _build(Dbt(home), on_snowflake, on_duckdb)


def _outcomes(run_id: str, *retailers: SnowflakeRetailer | Twin) -> list[list[str]]:
    """Check the marts of each retailer, and return what each check found."""
    found = []
    for retailer in retailers:
        with retailer.engine() as engine:
            done = run_gate(engine, Run("mini", "pipeline__mini", run_id), "marts")
        found.append(sorted(map(str, done.outcomes)))
    return found


def _build(dbt: Dbt, on_snowflake: SnowflakeRetailer, on_duckdb: Twin) -> Built:
    built = Built(dbt)

    def run(run_id: str) -> None:
        urls = on_snowflake.extract(on_snowflake.begin(run_id))
        on_snowflake.load(*urls)
        on_duckdb.load_copies(on_snowflake, urls)

    def keep(name: str) -> None:
        with on_snowflake.engine() as engine:
            tables = dbt.tables(DATABASE, "standard", "analytics")
            built.snowflake[name] = tables_of(engine, tables, "mini")
            built.neighbour[name] = tables_of(engine, tables, NEIGHBOUR)
        with on_duckdb.engine() as engine:
            built.duckdb[name] = tables_of(engine, tables, "mini")

    run("r1")
    for retailer in (on_snowflake, on_duckdb):
        write_tenant(retailer)
    copy_tenant(on_snowflake, NEIGHBOUR, sources())
    built.statuses = dbt.build(on_snowflake, *AS_A_TASK)
    built.created = dbt.statements()
    unit_tests = [f"test_type:unit,{model}" for model in written_per_engine()]
    # `dbt build` runs a unit test only together with its model.
    built.statuses |= dbt.build(on_snowflake, "--select", *unit_tests, command="test")
    dbt.build(on_duckdb, *AS_A_TASK)
    built.gates["r1"] = _outcomes("r1", on_snowflake, on_duckdb)
    keep("first")
    dbt.build(on_snowflake, *MODELS_ALONE, tenant=NEIGHBOUR, blind=True)
    keep("neighbour's first")
    on_snowflake.simulator.advance(48)
    run("r2")
    # The tests of these rows run on DuckDB, and its tables are compared with Snowflake's.
    dbt.build(on_snowflake, *MODELS_ALONE)
    dbt.build(on_duckdb, *AS_A_TASK)
    built.gates["r2"] = _outcomes("r2", on_snowflake, on_duckdb)
    keep("second")
    built.refreshed = dbt.build(
        on_snowflake, *MODELS_ALONE, "--full-refresh", "--select", *REFRESHED, tenant=NEIGHBOUR
    )
    keep("neighbour's refresh")
    return built


def test_every_node_passes_on_snowflake(built: Built) -> None:
    # What reads the marts outside dbt is no node that is run.
    made = {name: status for name, status in built.statuses.items() if not name.startswith("exposure.")}
    assert set(made.values()) <= {"success", "pass", "warn"}
    assert sum(node.startswith("unit_test.") for node in built.statuses) >= 40


def test_only_history_that_cannot_be_built_again_is_kept_beyond_a_day(built: Built) -> None:
    kinds = {
        name: found[1]
        for name, text in built.created.items()
        if (found := re.search(r"create (transient table|table) if not exists", text))
    }

    assert len(kinds) > 30
    assert [name for name, kind in kinds.items() if kind == "table"] == ["int_stock_snapshots"]


@pytest.mark.parametrize("name", ["first", "second"])
def test_every_table_is_the_same_on_both_engines(built: Built, name: str) -> None:
    tables = built.duckdb[name]

    assert [mart for mart in gated_by("marts") if not tables[f"analytics.{mart}"].rows] == []
    assert differing(tables, built.snowflake[name]) == {}


@pytest.mark.parametrize("run_id", ["r1", "r2"])
def test_the_gate_of_the_marts_says_the_same_on_both_engines(built: Built, run_id: str) -> None:
    on_snowflake, on_duckdb = built.gates[run_id]

    assert len(on_duckdb) > 40
    assert on_snowflake == on_duckdb


def test_the_second_run_changed_what_it_had_to(built: Built) -> None:
    changed = differing(built.snowflake["first"], built.snowflake["second"])

    assert {"analytics.fct_sales", "analytics.dim_date", "standard.int_stock_weekly"} <= changed.keys()


def test_a_first_build_leaves_the_rows_of_tenants_who_came_while_it_was_at_work(built: Built) -> None:
    assert differing(built.snowflake["first"], built.snowflake["neighbour's first"]) == {}


def test_a_neighbour_with_the_same_rows_has_the_same_marts(built: Built) -> None:
    assert differing(built.snowflake["first"], built.neighbour["neighbour's first"]) == {}


def test_a_second_run_leaves_the_neighbours_rows(built: Built) -> None:
    assert differing(built.neighbour["neighbour's first"], built.neighbour["second"]) == {}


def test_a_full_refresh_leaves_the_neighbours_rows(built: Built) -> None:
    assert {"model.mercurios.inventory_daily", "model.mercurios.fct_sales"} <= built.refreshed.keys()
    assert differing(built.snowflake["second"], built.snowflake["neighbour's refresh"]) == {}
    assert differing(built.neighbour["second"], built.neighbour["neighbour's refresh"]) == {}
