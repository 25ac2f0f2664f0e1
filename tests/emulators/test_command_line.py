"""The commands of a person, on a tenant whose file names a Snowflake connection: no file is named, none is needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from contracts import refused
from running_emulators import S3, KeyPair, Snowflake, airflow_connections
from snowflake_retailer import SnowflakeRetailer, forget
from typer.testing import CliRunner

from mercurios.cli.main import app

# The log of the test's process; in its own process a command keeps it apart (`test_a_command_prints_its_own_output`).
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[.*\n", re.MULTILINE)
VARIABLE = "AIRFLOW_CONN_SNOWFLAKE_MINI"
FOR_A_RESOURCE = ("replay", "resync", "accept-deletes")


def run(command: str, *arguments: str) -> tuple[int, str]:
    line = [command, "--tenant", "mini", *arguments]
    if command in FOR_A_RESOURCE and "--resource" not in arguments:
        line += ["--resource", "article"]
    result = CliRunner().invoke(app, line, env={"COLUMNS": "250"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, LOG_LINE.sub("", result.output)


def as_uri(connection: str) -> str:
    """Return a connection's JSON as the URI that Airflow takes as well."""
    fields = json.loads(connection)
    return f"snowflake://{fields['login']}@/?__extra__={quote(json.dumps(fields['extra']), safe='')}"


def test_a_manifest_is_loaded_and_the_ledger_shows_it_whatever_the_connections_form(
    retailer: SnowflakeRetailer, snowflake_emulator: Snowflake, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    [url] = retailer.extract(retailer.begin("r1"), "article")

    first, again = run("load", url), run("load", url)
    shown = run("ledger")
    monkeypatch.setenv(VARIABLE, as_uri(airflow_connections(s3, snowflake_emulator)[VARIABLE]))

    assert first == again
    assert first[0] == 0, first[1]
    assert retailer.differences("article") == []
    assert shown == run("ledger")
    assert (shown[0], "holds" in shown[1], "r1" in shown[1]) == (0, True, True)


def test_a_command_prints_its_own_output(retailer: SnowflakeRetailer) -> None:
    """Neither Airflow nor the connector writes between the lines; what has to be said goes to standard error."""
    retailer.run("r1", "article")

    done = subprocess.run(
        [sys.executable, "-m", "mercurios", "ledger", "--tenant", "mini"],
        env={**os.environ, "COLUMNS": "250"},
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith("Ledger of mini")
    assert "[info" not in done.stdout + done.stderr
    assert "[warning" not in done.stdout + done.stderr


def test_quarantined_rows_are_shown_and_loaded_again(retailer: SnowflakeRetailer) -> None:
    refused(retailer, "article", "supplier_number")

    listed = run("quarantine", "--resource", "article")
    first, again = run("replay"), run("replay")

    assert listed[1].count("supplierNumber") >= 1
    assert "article: 40 rows now fit; 40 loaded, 0 superseded" in first[1], first[1]
    assert again[1].startswith("article: nothing to load; 0 rows in quarantine do not fit.")
    assert retailer.differences("article") == []


def test_what_the_next_run_should_do_is_noted(retailer: SnowflakeRetailer) -> None:
    retailer.run("r1", "article")

    said = {name: run(name) for name in ("resync", "reconcile", "accept-deletes", "accept-source")}

    assert {name: code for name, (code, _) in said.items()} == dict.fromkeys(said, 0)
    assert "was read from 127.0.0.1" in said["accept-source"][1]
    assert "complete (resync)" in run("ledger")[1]
    assert retailer.query("select count(*) as n from ops.delete_approval where resource = 'article'") == [
        {"n": 1}
    ]
    assert retailer.begin("r2").resources["article"].since is None


def test_a_database_without_a_run_is_named(
    retailer: SnowflakeRetailer, snowflake_emulator: Snowflake
) -> None:
    forget(snowflake_emulator, "MERCURIOS_DATA")

    code, output = run("ledger")

    assert code == 1
    assert "database MERCURIOS_DATA has no ops.watermark: run the pipeline of tenant mini first" in output


def test_a_refused_sign_in_shows_its_remedy_and_never_the_key(
    retailer: SnowflakeRetailer, snowflake_emulator: Snowflake, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = KeyPair().pem
    monkeypatch.setenv(
        VARIABLE, airflow_connections(s3, snowflake_emulator, private_key_content=other)[VARIABLE]
    )
    wrong_key = run("ledger")
    monkeypatch.setenv(
        VARIABLE, airflow_connections(s3, snowflake_emulator, role="MERCURIOS_DEVELOPER")[VARIABLE]
    )
    wrong_role = run("ledger")

    assert (wrong_key[0], wrong_role[0]) == (1, 1)
    assert "set the user's RSA_PUBLIC_KEY" in wrong_key[1]
    assert "set the connection's role to MERCURIOS_LOADER" in wrong_role[1]
    assert "PRIVATE KEY" not in wrong_key[1]


def test_proposals_come_from_what_was_published_under_whatever_role_may_read_it(
    retailer: SnowflakeRetailer,
    snowflake_emulator: Snowflake,
    s3: S3,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retailer.run("r1", "article")
    out = tmp_path / "orders.csv"
    monkeypatch.setenv(
        VARIABLE, airflow_connections(s3, snowflake_emulator, role="MERCURIOS_DEVELOPER")[VARIABLE]
    )
    before = run("propose", "--out", str(out))
    publish_an_order(retailer)

    after = run("propose", "--out", str(out))

    assert before[0] == 1
    assert "no replenishment_action was published yet: run the pipeline of tenant mini first" in before[1]
    assert after[0] == 0, after[1]
    assert after[1].startswith("1 lines to 1 suppliers for 60.00 EUR in ")
    assert "Scarf" in out.read_text(encoding="utf-8")
    assert "of another tenant" not in out.read_text(encoding="utf-8")


# One line of replenishment_action and what is published beside it, as SQL.
_TEXTS = (
    "from_branch_name",
    "order_number",
    "order_line_id",
    "reason_de",
    "supply_note",
    "cost_note",
    "forecast_error_source",
)
_NUMBERS = (
    "from_branch_number",
    "value_at_stake",
    "sold_4_weeks",
    "sold_13_weeks",
    "free_stock",
    "on_order",
    "forecast_error",
    "forecast_bias",
)
_DAYS = ("next_arrival_on", "stock_out_on", "demand_until")
_COLUMNS = {
    **dict.fromkeys(_TEXTS, "cast(null as varchar)"),
    **dict.fromkeys((*_NUMBERS, "demand_units", "level_units", "forgone_units"), "cast(null as double)"),
    **dict.fromkeys(_DAYS, "cast(null as date)"),
    "action": "'order'",
    "urgency_rank": "1",
    "is_minor": "false",
    "due_on": "cast('2026-03-04' as date)",
    "supplier_number": "7",
    "supplier_name": "'Weaver'",
    "article_number": "1",
    "article_size_number": "1",
    "size": "'M'",
    "branch_number": "1",
    "branch_name": "'High Street'",
    "units": "10",
    "cost": "60.00",
    "units_at_stake": "2",
    "margin_at_risk": "12.00",
    "arrives_on": "cast('2026-03-18' as date)",
    "reason": "'sells 5 a week'",
}
_BESIDE = {
    "proposal": "1 as article_size_number, 1 as branch_number, '4000000000001' as ean, false as is_late,"
    " 1 as priority, true as is_within_budget, false as is_below_supplier_minimum, 'high' as confidence",
    "policy": "5 as pack_size, 'policy' as pack_source, 0 as minimum_order_units, 'none' as minimum_source, "
    "1000 as budget, 0 as minimum_order_value",
}
_ARTICLE = (
    "'W-1' as supplier_article_number, 'red' as supplier_colour, 'Spring' as season_name,"
    " 'Scarves' as category_name, 6.00 as purchase_price, 15.00 as label_price"
)


def publish_an_order(retailer: SnowflakeRetailer) -> None:
    """Publish one order of the tenant and one of another."""
    values = ", ".join(f"{value} as {name}" for name, value in _COLUMNS.items())
    with retailer.engine() as engine:
        engine.execute(
            "insert into raw.tenant (tenant_id, name, time_zone, country, currency)"
            " values ('mini', 'Mini', 'UTC', 'DE', 'EUR')"
        )
        engine.execute(
            "create or replace table published.replenishment_action as"
            f" select 'mini' as tenant_id, 'Scarf' as article_name, {values}"
            f" union all select 'other', 'of another tenant', {values}"
        )
        for name, more in _BESIDE.items():
            engine.execute(
                f"create or replace table published.replenishment_{name} as"
                f" select 'mini' as tenant_id, 1 as article_number, {more}"
            )
        engine.execute(
            "create or replace table published.dim_article as"
            f" select 'mini' as tenant_id, 1 as article_number, {_ARTICLE}"
        )
        engine.execute(
            "create or replace table published.markup_by_level as"
            " select 'mini' as tenant_id, 'article' as markup_level, 1 as article_number, 1.1 as entry_markup"
        )
