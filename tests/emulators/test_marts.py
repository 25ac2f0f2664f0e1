"""dbt on Snowflake: the marts of DuckDB row for row, first built and built again, and tenants who share a database.

Builds cost seconds, so they are made once, in this order, and the tests read what each left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from dbt_builds import Dbt, Table, copy_tenant, table_of, write_tenant
from running_emulators import S3, Snowflake
from snowflake_retailer import SnowflakeRetailer, Twin

from mercurios.marts import PIPELINE_MARTS
from mercurios.prohandel.resources import RESOURCES
from prohandel_simulator.testing import running_simulator

pytestmark = [
    pytest.mark.dbt,
    pytest.mark.simulator,
    pytest.mark.slow,
    # The first test waits for all builds.
    pytest.mark.timeout(600),
]

NEIGHBOUR = "neighbour"
OF_TENANTS = [f"raw.{each.table}" for each in RESOURCES.values()] + [
    "raw.tenant",
    "raw.public_holiday",
    "ops.run",
]
AS_A_TASK = ("--exclude-resource-type", "unit_test")
MODELS_ALONE = ("--exclude-resource-type", "unit_test", "test")

State = dict[str, Table]


@dataclass
class Built:
    """What the builds left behind, by their names."""

    dbt: Dbt
    statuses: dict[str, str] = field(default_factory=dict)
    duckdb: dict[str, State] = field(default_factory=dict)
    snowflake: dict[str, State] = field(default_factory=dict)
    neighbour: dict[str, State] = field(default_factory=dict)


@pytest.fixture(scope="module")
def built(s3: S3, running_emulator: Snowflake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """A tenant on both engines and, on Snowflake, a neighbour in the same database, built in turn."""
    home = tmp_path_factory.mktemp("marts")
    with pytest.MonkeyPatch.context() as trust, running_simulator(["mini"]) as source:
        trust.setenv("REQUESTS_CA_BUNDLE", str(running_emulator.certificate))
        changed = {"resources": {"sale": {"mode": "changed"}}}
        on_snowflake = SnowflakeRetailer(source, home / "snowflake", s3, running_emulator, **changed)
        on_duckdb = Twin(source, home / "duckdb")
        yield _build(Dbt(home), on_snowflake, on_duckdb)


def _build(dbt: Dbt, on_snowflake: SnowflakeRetailer, on_duckdb: Twin) -> Built:
    built = Built(dbt)

    def run(run_id: str) -> None:
        urls = on_snowflake.extract(on_snowflake.begin(run_id))
        on_snowflake.load(*urls)
        on_duckdb.load_copies(on_snowflake, urls)

    def keep(name: str) -> None:
        tables = dbt.tables("standard", "analytics")
        marts = dbt.tables("analytics")
        built.snowflake[name] = {table: table_of(on_snowflake, table) for table in tables}
        built.duckdb[name] = {table: table_of(on_duckdb, table) for table in marts}

    def keep_neighbour(name: str) -> None:
        tables = dbt.tables("standard", "analytics")
        built.neighbour[name] = {table: table_of(on_snowflake, table, NEIGHBOUR) for table in tables}

    run("r1")
    for retailer in (on_snowflake, on_duckdb):
        write_tenant(retailer)
    copy_tenant(on_snowflake, NEIGHBOUR, OF_TENANTS)
    built.statuses = dbt.build(on_snowflake)
    dbt.build(on_duckdb, *AS_A_TASK)
    keep("first")
    dbt.build(on_snowflake, *MODELS_ALONE, tenant=NEIGHBOUR, blind=True)
    keep("after the neighbour's first")
    keep_neighbour("first")
    on_snowflake.simulator.advance(48)
    run("r2")
    dbt.build(on_snowflake, *AS_A_TASK)
    dbt.build(on_duckdb, *AS_A_TASK)
    keep("second")
    keep_neighbour("after the tenant's second")
    dbt.build(on_snowflake, *MODELS_ALONE, "--full-refresh", tenant=NEIGHBOUR)
    keep("after the neighbour's refresh")
    keep_neighbour("refreshed")
    return built


def differing(left: State, right: State) -> dict[str, list[str]]:
    return {name: found for name in left if (found := left[name].differences(right[name]))}


def test_every_node_passes_on_snowflake(built: Built) -> None:
    assert set(built.statuses.values()) == {"success", "pass"}
    assert sum(node.startswith("unit_test.") for node in built.statuses) >= 10


@pytest.mark.parametrize("name", ["first", "second"])
def test_marts_are_the_same_on_both_engines(built: Built, name: str) -> None:
    marts = built.duckdb[name]

    assert {f"analytics.{mart}" for mart in PIPELINE_MARTS} <= marts.keys()
    assert [mart for mart in marts if not marts[mart].rows and mart.split(".")[1] in PIPELINE_MARTS] == []
    assert differing(marts, built.snowflake[name]) == {}


def test_the_second_run_changed_what_it_had_to(built: Built) -> None:
    changed = differing(built.snowflake["first"], built.snowflake["second"])

    assert {"analytics.fct_sales", "analytics.dim_date", "standard.int_stock_weekly"} <= changed.keys()


def test_a_first_build_leaves_the_rows_of_tenants_who_came_while_it_was_at_work(built: Built) -> None:
    assert differing(built.snowflake["first"], built.snowflake["after the neighbour's first"]) == {}


def test_a_neighbour_with_the_same_rows_has_the_same_marts(built: Built) -> None:
    assert differing(built.snowflake["first"], built.neighbour["first"]) == {}


def test_a_second_run_leaves_the_neighbours_rows(built: Built) -> None:
    assert differing(built.neighbour["first"], built.neighbour["after the tenant's second"]) == {}


def test_a_full_refresh_leaves_the_neighbours_rows(built: Built) -> None:
    assert differing(built.snowflake["second"], built.snowflake["after the neighbour's refresh"]) == {}
    assert differing(built.neighbour["first"], built.neighbour["refreshed"]) == {}
