"""What gates, findings and recovery read and write on Snowflake is what they read and write on DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from io import StringIO
from typing import Any

import pyarrow as pa
import pytest
from retailer import Retailer
from rich.console import Console
from running_emulators import S3, Snowflake
from snowflake_retailer import SnowflakeRetailer, Twin

from mercurios.jobs.findings import forecast_findings, gate_findings, load_findings
from mercurios.jobs.replay import replay
from mercurios.quality import sources
from mercurios.quality.gate import run_gate
from mercurios.tenants.run import Run
from mercurios.warehouse.counting import listed
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.requests import approve_deletes, forget_source, request_resync
from mercurios.warehouse.setup import write_reference
from mercurios.warehouse.sql import render
from mercurios_demo.follow import RunOutcome
from mercurios_demo.report import print_tenant
from prohandel_simulator.testing import running_simulator

Pair = tuple[SnowflakeRetailer, Twin]
NAMES = ("sale", "order")
RUN = Run("mini", "pipeline__mini", "r2")


@pytest.fixture(scope="module")
def both(s3: S3, running_emulator: Snowflake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The same two runs on both engines; the second brought rows that cannot be read and an unknown field."""
    home = tmp_path_factory.mktemp("both")
    with running_simulator(["mini"]) as source, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(running_emulator.certificate))
        pair = (
            SnowflakeRetailer(source, home / "snowflake", s3, running_emulator),
            Twin(source, home / "duckdb"),
        )
        for run_id in ("r1", "r2"):
            urls = pair[0].extract(pair[0].begin(run_id), *NAMES)
            pair[0].load(*urls)
            pair[1].load_copies(pair[0], urls)
            source.post("/_simulator/mini/dirty", {"resource": "sale", "unparsable": 3, "unknown_field": 2})
            source.advance(48)
        yield pair


def asked(retailers: Pair, question: Callable[[Engine, Retailer], Any]) -> list[Any]:
    """Return what both engines answer."""
    answers = []
    for retailer in retailers:
        with retailer.engine() as engine:
            answers.append(question(engine, retailer))
    return answers


def rows(engine: Engine, name: str, parameters: dict[str, Any], **context: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.fetch_arrow(
        render(engine.dialect, name, **context), parameters
    ).to_pylist()
    return found


def test_gates_come_to_the_same_outcomes_and_record_them(both: Pair) -> None:
    def gated(engine: Engine, _: Retailer) -> Any:
        for run in (replace(RUN, run_id="r1"), RUN):
            result = run_gate(engine, run, "raw", [RAW_TABLES[name] for name in NAMES])
        key = RUN.parameters()
        history = [rows(engine, name, key) for name in ("quality_history", "quality_gaps")]
        return [str(outcome) for outcome in result.outcomes], history

    on_snowflake, on_duckdb = asked(both, gated)

    assert len(on_snowflake[0]) > 15
    assert on_snowflake == on_duckdb
    recorded = [
        sorted(map(repr, retailer.query("select suite, expectation, success, observed from ops.dq_result")))
        for retailer in both
    ]
    metrics = [
        sorted(map(repr, retailer.query("select run_id, table_name, metric, value from ops.dq_metric")))
        for retailer in both
    ]
    assert recorded[0] == recorded[1]
    assert len(recorded[0]) > 30
    assert metrics[0] == metrics[1]


RAW_TABLES = {"sale": "sale", "order": "purchase_order"}

FORECAST = """
create table if not exists analytics.dim_article (tenant_id varchar, article_number integer);
create table if not exists analytics.dim_branch (tenant_id varchar, branch_number integer);
delete from analytics.dim_article;
delete from analytics.dim_branch;
insert into analytics.dim_article values ('mini', 1), ('mini', 2);
insert into analytics.dim_branch values ('mini', 1);
delete from analytics.forecast_weekly
"""


def forecasts(engine: Engine, *changes: dict[str, object]) -> None:
    """Leave forecasts of two articles, and one more for each set of changed columns."""
    for statement in FORECAST.strip().split(";\n"):
        engine.execute(statement)
    good: dict[str, object] = {
        "tenant_id": "mini",
        "article_number": 1,
        "branch_number": 1,
        "origin_week": date(2026, 3, 2),
        "week_start": date(2026, 3, 9),
        "horizon": 1,
        "method": "additive",
        **dict.fromkeys(("mean", "quantile_50", "quantile_80", "quantile_95"), 2.5),
        **{f"part_{name}": 0.5 for name in ("level", "trend", "season", "holiday", "regressor")},
        "run_id": "r2",
        "created_at": datetime(2026, 3, 8, 5),
    }
    for row in ({}, {"article_number": 2}, *changes):
        values = {**good, **row}
        marks = ", ".join("?" * len(values))
        engine.execute(
            f"insert into analytics.forecast_weekly ({', '.join(values)}) values ({marks})",
            [*values.values()],
        )


BROKEN: list[dict[str, object]] = [
    # The key of another row.
    {"article_number": 2, "horizon": 2},
    {"article_number": 1, "week_start": date(2026, 3, 16), "mean": float("nan")},
    {"article_number": 1, "week_start": date(2026, 3, 23), "quantile_50": -1.0},
    {"article_number": 2, "week_start": date(2026, 3, 16), "quantile_80": 9.0},
    {"article_number": 2, "week_start": date(2026, 3, 23), "horizon": 54},
]


@pytest.mark.parametrize("changes", [[], BROKEN], ids=["good", "broken"])
def test_many_rows_are_checked_where_they_are_and_come_to_the_same_outcomes(
    both: Pair, changes: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "IN_SESSION_FROM_ROWS", 1)
    moved: list[str] = []
    kept = sources.SessionSource._kept
    # Nothing else reads rows.
    monkeypatch.setattr(sources.SessionSource, "rows", None)
    monkeypatch.setattr(
        sources.SessionSource, "_kept", lambda source, suite: moved.append(suite.name) or kept(source, suite)
    )

    def gated(engine: Engine, retailer: Retailer) -> Any:
        forecasts(engine, *changes)
        result = run_gate(engine, RUN, "forecast", ["forecast_weekly"])
        share = "select value from ops.dq_metric where table_name like '%forecast_weekly' and metric = 'null_share'"
        return [str(outcome) for outcome in result.outcomes], engine.fetch_arrow(share).to_pylist()

    on_snowflake, on_duckdb = asked(both, gated)

    assert on_snowflake == on_duckdb
    assert moved == (["analytics.forecast_weekly"] if changes else [])
    said = "\n".join(on_snowflake[0])
    found = [
        text
        for text in ("null on mean: 1 of 7", "between on quantile_50: 1 of 7", "on horizon: 1 of 7")
        if text in said
    ]
    assert len(found) == (3 if changes else 0)


def test_findings_are_the_same(both: Pair) -> None:
    def found(engine: Engine, retailer: Retailer) -> list[str]:
        run_gate(engine, RUN, "raw", ["sale"])
        return [
            str(finding)
            for finding in (
                *load_findings(engine, retailer.tenant, RUN),
                *gate_findings(engine, RUN, "raw"),
            )
        ]

    on_snowflake, on_duckdb = asked(both, found)

    assert len(on_snowflake) >= 2
    assert on_snowflake == on_duckdb


def test_a_forecast_that_became_worse_is_the_same_news(both: Pair) -> None:
    weeks = [(date(2026, 2, 2), 0.8, 0), (date(2026, 2, 9), 0.9, 0), (date(2026, 2, 16), 1.5, 1)]

    def found(engine: Engine, _: Retailer) -> list[str]:
        for week, ratio, alarm in weeks:
            at = datetime.combine(week, datetime.min.time())
            stamp = {"tenant_id": "mini", "run_id": f"{week}", "origin_week": week, "measured_at": at}
            for metric, value in (("live_ratio_smooth", ratio), ("live_drift_smooth", float(alarm))):
                engine.execute(
                    render(engine.dialect, "monitor_insert"), stamp | {"metric": metric, "value": value}
                )
        return [
            str(finding)
            for finding in forecast_findings(engine, Run("mini", "forecast__mini", f"{weeks[-1][0]}"))
        ]

    on_snowflake, on_duckdb = asked(both, found)

    assert len(on_snowflake) == 1
    assert (
        "smooth articles: the error is 1.50 times that of the 13-week mean, usually 0.85" in on_snowflake[0]
    )
    assert on_snowflake == on_duckdb


def test_quarantine_and_ledger_are_listed_the_same(both: Pair) -> None:
    def listing(engine: Engine, _: Retailer) -> Any:
        groups = rows(engine, "quarantine_groups", {"tenant_id": "mini", "resource": None})
        newest = rows(engine, "ledger_newest", {"tenant_id": "mini", "runs": 1})
        hide = ("newest_at", "loaded_at")
        return [
            {name: value for name, value in row.items() if name not in hide}
            for row in [*({**group, "examples": listed(group["examples"])} for group in groups), *newest]
        ]

    on_snowflake, on_duckdb = asked(both, listing)

    assert on_snowflake == on_duckdb
    assert {row["run_id"] for row in on_snowflake} == {"r2"}


def test_quarantined_rows_are_typed_again(both: Pair) -> None:
    def mended(engine: Engine, _: Retailer) -> None:
        payload = "replace(payload, '31.02.2026', '2026-02-27T00:00:00')"
        engine.execute(
            f"update ops.quarantine set payload = {payload} where source_id in"
            " (select min(source_id) from ops.quarantine)"
        )

    asked(both, mended)

    def replayed(engine: Engine, retailer: Retailer) -> Any:
        result = replay(engine, retailer.store, retailer.tenant, "sale")
        return result.waiting, result.ledger and result.ledger.counts()

    on_snowflake, on_duckdb = asked(both, replayed)

    assert on_snowflake == on_duckdb
    waiting, ledger = on_snowflake
    assert waiting > 1
    assert ledger["loaded"] == 1
    states = [
        sorted(
            map(
                repr,
                retailer.query(
                    "select row_number, source_id, reason, replayed_at is not null as done from ops.quarantine"
                ),
            )
        )
        for retailer in both
    ]
    assert states[0] == states[1]


def test_the_demos_summary_is_the_same(both: Pair) -> None:
    outcomes = [RunOutcome("mini", "pipeline__mini", name, name, "success", 1.0) for name in ("r1", "r2")]
    none = pa.table({"action": pa.array([], pa.string())})
    for column in ("supplier_number", "cost"):
        none = none.append_column(column, pa.array([], pa.int64()))
    none = none.append_column("is_minor", pa.array([], pa.bool_()))

    def summary(engine: Engine, _: Retailer) -> str:
        for metric, value in {"wape_model": 0.412, "wape_seasonal_naive": 0.6}.items():
            row = {"tenant_id": "mini", "run_id": "r2", "origin_week": date(2026, 3, 2), "metric": metric}
            measured = {"value": value, "measured_at": datetime(2026, 3, 8, 5)}
            engine.execute(render(engine.dialect, "monitor_insert"), {**row, **measured})
        console = Console(file=StringIO(), width=200)
        print_tenant(console, "mini", engine, outcomes, none)
        return console.file.getvalue()

    on_snowflake, on_duckdb = asked(both, summary)

    assert on_snowflake == on_duckdb
    assert "holds for every run and resource" in on_snowflake
    assert (
        "forecast error (WAPE, backtest): 0.412; seasonal naive 0.600, 13-week mean not measurable"
        in on_snowflake
    )


def test_requests_approvals_and_reference_rows_are_kept_the_same(both: Pair) -> None:
    def reported(engine: Engine, retailer: Retailer) -> Any:
        request_resync(engine, "mini", ["sale"], "tests")
        approve_deletes(engine, "mini", ["order"], "tests")
        write_reference(engine, retailer.tenant, date(2026, 3, 4))
        standing = rows(engine, "watermarks", {"tenant_id": "mini"})
        holidays = rows(engine, "forecast_holidays", {"tenant_id": "mini"})
        tenant = engine.fetch_arrow("select * from raw.tenant").to_pylist()
        forgotten = forget_source(engine, "mini")
        return (
            [(row["resource"], row["cursor_value"], row["resync_pending"]) for row in standing],
            holidays,
            tenant,
            forgotten,
            rows(engine, "source_known", {"tenant_id": "mini"}),
            rows(engine, "last_complete_week", {"tenant_id": "mini"}),
        )

    on_snowflake, on_duckdb = asked(both, reported)

    assert on_snowflake == on_duckdb
    assert len(on_snowflake[1]) > 100
    assert on_snowflake[3] is not None
