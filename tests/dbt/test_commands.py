"""The commands that tasks and the image build run, and what they say when something is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "include" / "dbt"
PLACES = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT))
SNOWFLAKE = ("ACCOUNT", "USER", "PRIVATE_KEY_PATH", "ROLE", "WAREHOUSE", "DATABASE")

# Longer than dbt needs to start, so that it meets the lock.
HOLD = (
    "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(12)"
)

pytestmark = pytest.mark.dbt


def test_a_run_without_a_tenant_names_the_missing_variable(built, tmp_path):
    done = built.copy(tmp_path / "copy").dbt(None, "build", "--select", "dim_article")

    assert done.returncode != 0
    assert "MERCURIOS_TENANT_ID" in done.stdout


def test_a_tenant_id_that_could_end_a_string_is_refused(built, tmp_path):
    done = built.copy(tmp_path / "copy").dbt("north' or 'a' = 'a", "build", "--select", "dim_article")

    assert done.returncode != 0
    assert "expected lower-case letters" in done.stdout


def test_a_build_waits_for_another_process_that_holds_the_warehouse(built, tmp_path):
    warehouse = built.copy(tmp_path / "copy")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(warehouse.path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"

        statuses = warehouse.build(
            "north", "--select", "int_tenant_as_of", "--exclude-resource-type", "unit_test"
        )

    assert statuses["model.mercurios.int_tenant_as_of"] == "success"


def test_a_tenant_is_stale_however_fresh_its_neighbours_are(built, tmp_path):
    warehouse = built.copy(tmp_path / "copy")
    warehouse.execute(
        "update raw.sale set _loaded_at = now()::timestamp where tenant_id = 'north'",
        "update raw.articlesize set _loaded_at = now()::timestamp where tenant_id = 'north'",
        "update ops.run set started_at = now()::timestamp where tenant_id = 'north'",
    )

    stale = warehouse.dbt("south", "source", "freshness")

    assert stale.returncode != 0
    assert "ERROR STALE freshness of ops.run" in stale.stdout
    assert "ERROR STALE freshness of raw.sale" in stale.stdout


def test_what_was_read_is_fresh_without_a_change_and_a_till_that_is_silent_is_not(built, tmp_path):
    warehouse = built.copy(tmp_path / "copy")
    warehouse.execute(
        "update ops.run set started_at = now()::timestamp where tenant_id = 'south'",
        "delete from ops.load_ledger where tenant_id = 'south'",
        "insert into ops.load_ledger (tenant_id, run_id, resource, is_complete, extracted_at)"
        " select 'south', 'r', unnest(['sale', 'season', 'order.positions']), true, now()::timestamp",
    )

    asked = warehouse.dbt("south", "source", "freshness")

    assert "PASS freshness of raw.season" in asked.stdout
    assert "PASS freshness of raw.purchase_order_position" in asked.stdout
    assert "ERROR STALE freshness of raw.sale" in asked.stdout


def test_a_tenant_is_not_stale_in_a_source_that_it_is_not_read_from(built, tmp_path):
    warehouse = built.copy(tmp_path / "copy")
    warehouse.execute(
        "update ops.run set started_at = now()::timestamp where tenant_id = 'south'",
        "update raw.tenant set source = 'files' where tenant_id = 'south'",
    )

    asked = warehouse.dbt("south", "source", "freshness")

    assert asked.returncode == 0, asked.stdout
    assert "PASS freshness of raw.sale" in asked.stdout


def test_the_project_parses_for_snowflake_without_a_warehouse_or_a_tenant(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        **{f"SNOWFLAKE_{name}": "unused" for name in SNOWFLAKE},
    }
    command = [sys.executable, "-m", "dbt.cli.main", "parse", "--target", "snowflake", *PLACES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)

    assert done.returncode == 0, done.stdout
    assert (tmp_path / "target" / "manifest.json").is_file()
