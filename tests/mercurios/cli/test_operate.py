"""The recovery commands, as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from contracts import refused
from retailer import Retailer
from typer.testing import CliRunner

from mercurios.cli.main import app

COMMANDS = ("ledger", "quarantine", "replay", "resync", "accept-deletes", "reconcile", "accept-source")
FOR_A_RESOURCE = ("replay", "resync", "accept-deletes")


@pytest.fixture(autouse=True)
def tenants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(root / "tests" / "tenants"))
    monkeypatch.setenv("MERCURIOS_HOME", str(tmp_path))


def run(command: str, retailer: Retailer, *arguments: str, tenant: str = "mini") -> tuple[int, str]:
    line = [command, "--tenant", tenant, "--warehouse", str(retailer.warehouse), *arguments]
    if command in FOR_A_RESOURCE and "--resource" not in arguments:
        line += ["--resource", "sale"]
    result = CliRunner().invoke(app, line, env={"COLUMNS": "250"})
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_the_ledger_shows_the_newest_runs_the_identity_and_the_watermarks(retailer: Retailer) -> None:
    for run_id in ("first", "second"):
        retailer.run(run_id, "article")

    code, output = run("ledger", retailer, "--runs", "1")

    assert code == 0
    assert "second" in output
    assert "first" not in output
    assert "holds" in output
    assert str(retailer.watermark("article")) in output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_warehouse_of_an_older_release_is_brought_up_to_date_first(
    retailer: Retailer, command: str
) -> None:
    """After an update a command needs no run of the pipeline first."""
    retailer.run("r1", "article")
    retailer.query("update ops.load_ledger set held_for_review = 8765")
    retailer.query("alter table ops.load_ledger rename column held_for_review to withheld")
    retailer.query("alter table ops.load_ledger rename column is_stable to is_settled")

    code, output = run(command, retailer)

    assert code == 0, output
    assert "8,765" in run("ledger", retailer)[1]


def test_the_quarantine_shows_reasons_and_ids_and_never_a_payload(own_retailer: Retailer) -> None:
    plan = own_retailer.begin("r1")
    bad = {}
    for name in ("sale", "customer"):
        [bad[name]] = own_retailer.simulator.post(
            "/_simulator/mini/dirty", {"resource": name, "unparsable": 1}
        )["unparsable"]
    own_retailer.load(*own_retailer.extract(plan, "sale", "customer"))
    [secret] = own_retailer.query("select payload from ops.quarantine where resource = 'customer'")
    values = [v for v in json.loads(secret["payload"]).values() if isinstance(v, str) and len(v) > 12]

    code, output = run("quarantine", own_retailer)
    _, only_sale = run("quarantine", own_retailer, "--resource", "sale")

    assert code == 0
    assert all(key in output for key in bad.values())
    assert "field '" in output
    assert values
    assert [value for value in values if value in output] == [bad["customer"]]
    assert bad["sale"] in only_sale
    assert bad["customer"] not in only_sale


def test_a_replay_loads_what_fits_by_now_and_a_second_one_has_nothing_to_do(retailer: Retailer) -> None:
    refused(retailer, "article", "supplier_number")
    assert run("quarantine", retailer)[1].count("supplierNumber") >= 1

    first, again = (run("replay", retailer, "--resource", "article") for _ in range(2))

    assert first[0] == again[0] == 0
    assert "article: 40 rows now fit; 40 loaded, 0 superseded" in first[1]
    assert again[1].startswith("article: nothing to load; 0 rows in quarantine do not fit.")
    assert retailer.differences("article") == []
    assert (retailer.landing / "tenant=mini" / "resource=article").is_dir()


def test_a_resync_makes_the_next_plan_complete_and_the_ledger_says_so(
    retailer: Retailer, tmp_path: Path
) -> None:
    retailer = Retailer(retailer.simulator, tmp_path, resources={"article": {"mode": "changed"}})
    retailer.run("r1", "article")

    code, output = run("resync", retailer, "--resource", "article")

    assert (code, output) == (0, "article: the next run of the pipeline of mini reads it completely.\n")
    assert "complete (resync)" in run("ledger", retailer)[1]
    assert retailer.begin("r2").resources["article"].since is None


def test_a_reconciliation_finds_lost_and_superfluous_rows_in_every_resource(
    retailer: Retailer, tmp_path: Path
) -> None:
    settings = {name: {"mode": "changed"} for name in ("article", "label")}
    retailer = Retailer(retailer.simulator, tmp_path, resources=settings)
    retailer.run("r1", "article", "label")
    retailer.query("delete from raw.article where number = (select min(number) from raw.article)")
    retailer.query("insert into raw.label select * replace ('x' || id as id) from raw.label limit 1")

    code, output = run("reconcile", retailer)

    assert (code, output) == (
        0,
        "The next run of the pipeline of mini reads all 19 resources completely.\n",
    )
    rows = retailer.run("r2", "article", "label")
    assert (rows["article"].loaded, rows["label"].deleted) == (1, 1)
    assert retailer.differences("article", "label") == []


def test_accepted_deletes_are_made_by_the_next_run_and_shown_by_the_ledger(
    retailer: Retailer,
) -> None:
    retailer.run("r1", "article")
    count = len(retailer.raw("article"))
    retailer.query("insert into raw.article select * replace ('x' || id as id) from raw.article")
    retailer.query("insert into raw.article select * replace ('y' || id as id) from raw.article")
    retailer.run("r2", "article")
    assert f" {2 * count + count} " in run("ledger", retailer, "--runs", "1")[1]

    code, output = run("accept-deletes", retailer, "--resource", "article")

    assert code == 0
    assert "article: the next run of the pipeline of mini reads it completely and deletes" in output
    assert retailer.run("r3", "article")["article"].deleted == 3 * count
    assert retailer.differences("article") == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file_is_named_and_not_created(command: str, retailer: Retailer) -> None:
    code, output = run(command, retailer)

    assert code == 1
    assert f"warehouse file {retailer.warehouse} does not exist: check --warehouse" in output
    assert not retailer.warehouse.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_locked_file_is_named_with_its_holder(command: str, retailer: Retailer) -> None:
    with retailer.engine():
        pass
    holder = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(retailer.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        code, output = run(command, retailer, "--wait", "0")
    finally:
        process.communicate("\n", timeout=20)

    assert code == 1
    assert "mini.duckdb stayed locked for 0 s: held by " in output
    assert f"(PID {process.pid}). Run the command again when that process is done" in output


def test_a_wrong_tenant_or_resource_is_named_with_the_known_ones(retailer: Retailer) -> None:
    retailer.run("r1", "article")

    assert "holds no run of tenant 'other' (it knows: mini)" in run("ledger", retailer, tenant="other")[1]
    for command in ("quarantine", *FOR_A_RESOURCE):
        code, output = run(command, retailer, "--resource", "sales")
        assert code == 1
        assert "unknown resource sales; known resources: " in output


def test_a_file_that_is_no_warehouse_is_left_alone(retailer: Retailer) -> None:
    import duckdb

    retailer.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(retailer.warehouse)) as connection:
        connection.execute("create table mine (a integer)")

    code, output = run("resync", retailer)

    assert code == 1
    assert "is not a warehouse file (it has no ops.watermark)" in output
    with duckdb.connect(str(retailer.warehouse)) as connection:
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == [("mine",)]
