"""Findings: what a run brought to light, reported when it is new and only then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mercurios.alerts.findings import Finding
from mercurios.alerts.kinds import finding_kind
from mercurios.jobs.findings import forecast_findings, gate_findings, load_findings
from mercurios.tenants import Tenant, load_tenants
from mercurios.tenants.run import Run
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.setup import set_up
from mercurios.warehouse.sql import render

NOW = datetime(2026, 3, 4, 5, 0)
EARLIER = NOW - timedelta(hours=1)
BEFORE_THAT = NOW - timedelta(hours=2)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(tmp_path / "mini.duckdb", threads=1) as engine:
        set_up(engine)
        yield engine


@pytest.fixture(scope="module")
def tenant(root: Path) -> Tenant:
    return load_tenants(root / "tests" / "tenants").get("mini")


def run_of(run_id: str, tenant_id: str = "mini") -> Run:
    return Run(tenant_id, f"pipeline__{tenant_id}", run_id)


def _policy(tenant: Tenant, drift: str) -> Tenant:
    settings = {**tenant.source.model_dump(), "resources": {"sale": {"drift": drift}}}
    return Tenant.model_validate({**tenant.model_dump(), "source": settings})


def _drift(engine: DuckDBEngine, field: str, change: str, run_id: str, at: datetime, **changes: Any) -> None:
    row = {"tenant_id": "mini", "resource": "sale", "row_count": 12, **changes}
    values = {"column_name": field, "change": change, "run_id": run_id, "detected_at": at}
    engine.execute(render("duckdb", "drift_insert"), {**row, **values})


def _quarantine(
    engine: DuckDBEngine, source_id: str | None, run_id: str, at: datetime, **changes: Any
) -> None:
    row = {"reason": "field 'price': expected a number", "payload": "{}", "resource": "sale", **changes}
    engine.execute(
        "insert into ops.quarantine by name select 'mini' as tenant_id, $resource as resource, $run_id as run_id,"
        " 1 as attempt, 1 as row_number, $source_id as source_id, $reason as reason, $payload as payload,"
        " $at as quarantined_at",
        {**row, "source_id": source_id, "run_id": run_id, "at": at},
    )


def _read(
    engine: DuckDBEngine,
    held_for_review: int,
    run_id: str,
    at: datetime,
    *,
    complete: bool = True,
    stable: bool = True,
) -> None:
    engine.execute(
        "insert into ops.load_ledger by name select 'mini' as tenant_id, $run_id as run_id, 'sale' as resource,"
        " 1 as attempt, 'scan' as mode, $complete as is_complete, 0 as extracted, 0 as loaded, 0 as quarantined,"
        " 0 as superseded, 0 as deleted, $held_for_review as held_for_review, 'file' as manifest_url, $at as loaded_at,"
        " $stable as is_stable",
        {
            "run_id": run_id,
            "complete": complete,
            "held_for_review": held_for_review,
            "stable": stable,
            "at": at,
        },
    )


def _checked(engine: DuckDBEngine, success: bool, run_id: str, at: datetime, **changes: Any) -> None:
    run = {"tenant_id": "mini", "gate": "raw", "run_id": run_id, "checked_at": at}
    outcome = {
        "suite": "raw.sale",
        "expectation": "expect_column_values_to_be_between",
        "column_name": "last_change",
        "severity": "warning",
        "success": success,
        "observed": "freshness_hours = 31 (at most 24)",
        "details": "{}",
    }
    run |= {name: value for name, value in changes.items() if name in run}
    outcome |= {name: value for name, value in changes.items() if name in outcome}
    engine.execute(render("duckdb", "quality_result_insert"), {**run, "outcomes": [outcome]})


def test_a_run_without_news_has_no_findings(engine: DuckDBEngine, tenant: Tenant) -> None:
    assert load_findings(engine, tenant, run_of("now")) == []
    assert gate_findings(engine, run_of("now"), "raw") == []


@pytest.mark.parametrize(
    ("policy", "lost"),
    [
        ("evolve", "its values until the contract declares it"),
        ("freeze", "the values of the field, as the tenant's file asks"),
        ("quarantine", "nothing: rows with the field wait in quarantine"),
    ],
)
def test_a_field_that_appeared_is_reported_with_what_its_policy_keeps(
    engine: DuckDBEngine, tenant: Tenant, policy: str, lost: str
) -> None:
    _drift(engine, "colour", "appeared", "now", NOW)

    [finding] = load_findings(engine, _policy(tenant, policy), run_of("now"))

    assert (finding.kind, finding.table) == (finding_kind("drift"), "sale")
    assert finding.seen == "field colour appeared (up to 12 rows)"
    assert finding.lost.startswith(lost)


def test_a_changed_field_is_reported_once_and_its_return_is_not(engine: DuckDBEngine, tenant: Tenant) -> None:
    _drift(engine, "colour", "appeared", "first", BEFORE_THAT)
    _drift(engine, "colour", "returned", "second", EARLIER)
    _drift(engine, "colour", "vanished", "third", NOW)

    reported = {
        run: [f.seen for f in load_findings(engine, tenant, run_of(run))]
        for run in ("first", "second", "third")
    }

    assert reported == {
        "first": ["field colour appeared (up to 12 rows)"],
        "second": [],
        "third": ["field colour vanished (up to 12 rows)"],
    }


def test_a_retyped_field_and_many_fields_are_one_finding_each(engine: DuckDBEngine, tenant: Tenant) -> None:
    _drift(engine, "price", "retyped", "now", NOW)
    for number in range(8):
        _drift(engine, f"field{number}", "appeared", "now", NOW)

    found = load_findings(engine, tenant, run_of("now"))

    assert "kept whole in ops.quarantine" in found[1].lost
    assert [finding.seen for finding in found] == [
        "fields field0, field1, field2, field3, field4 and 3 more appeared (up to 12 rows)",
        "field price retyped (up to 12 rows)",
    ]


def test_unknown_fields_of_people_are_reported_as_dropped(engine: DuckDBEngine, tenant: Tenant) -> None:
    _drift(engine, "nickname", "appeared", "now", NOW, resource="customer")

    [finding] = load_findings(engine, tenant, run_of("now"))

    assert "unknown fields of people are never kept" in finding.lost


def test_quarantined_rows_are_counted_with_reasons_and_without_values(
    engine: DuckDBEngine, tenant: Tenant
) -> None:
    for number in range(3):
        _quarantine(engine, f"s{number}", "now", NOW, payload='{"note": "synthetic-value"}')
    _quarantine(engine, None, "now", NOW, reason="field 'id': expected a non-empty key")

    [finding] = load_findings(engine, tenant, run_of("now"))

    assert (finding.kind, finding.table) == (finding_kind("quarantine"), "sale")
    assert finding.seen == (
        "4 new rows set aside: field 'price': expected a number; field 'id': expected a non-empty key"
    )
    assert "kept whole" in finding.lost
    assert "synthetic-value" not in str(finding.to_dict())


@pytest.mark.parametrize("source_id", ["s1", None])
def test_a_row_that_every_read_sets_aside_is_reported_once(
    engine: DuckDBEngine, tenant: Tenant, source_id: str | None
) -> None:
    for run_id, at in (("first", BEFORE_THAT), ("second", EARLIER), ("third", NOW)):
        _quarantine(engine, source_id, run_id, at)
    _quarantine(engine, "another", "third", NOW)

    reported = {
        run: [f.seen[:10] for f in load_findings(engine, tenant, run_of(run))]
        for run in ("first", "second", "third")
    }

    assert reported == {"first": ["1 new rows"], "second": [], "third": ["1 new rows"]}


def test_a_row_landed_by_two_attempts_of_a_run_counts_once(engine: DuckDBEngine, tenant: Tenant) -> None:
    _quarantine(engine, "s1", "now", EARLIER)
    _quarantine(engine, "s1", "now", NOW)

    assert [finding.seen[:10] for finding in load_findings(engine, tenant, run_of("now"))] == ["1 new rows"]


def test_deletes_held_for_review_are_reported_once_and_again_after_deletes(
    engine: DuckDBEngine, tenant: Tenant
) -> None:
    for number, held_for_review in enumerate([0, 40, 40, 0, 50]):
        _read(engine, held_for_review, f"run {number}", NOW + timedelta(hours=number))
    _read(engine, 0, "changes only", NOW + timedelta(hours=2, minutes=30), complete=False)

    reported = {number: load_findings(engine, tenant, run_of(f"run {number}")) for number in range(5)}

    assert {number: len(findings) for number, findings in reported.items()} == {0: 0, 1: 1, 2: 0, 3: 0, 4: 1}
    assert reported[1] == [
        Finding(
            finding_kind("deletes-held-for-review"),
            "sale",
            "a complete read no longer shows 40 rows, so many that the response is probably broken",
            "nothing: the rows stay in RAW and the marts until the source shows them or a person accepts",
        )
    ]


def test_an_unstable_list_is_reported_once_until_it_was_stable_again(
    engine: DuckDBEngine, tenant: Tenant
) -> None:
    for number, stable in enumerate([True, False, False, True, False]):
        _read(engine, 0, f"run {number}", NOW + timedelta(hours=number), complete=False, stable=stable)

    reported = {number: load_findings(engine, tenant, run_of(f"run {number}")) for number in range(5)}

    assert {number: len(findings) for number, findings in reported.items()} == {0: 0, 1: 1, 2: 0, 3: 0, 4: 1}
    assert (reported[1][0].kind, reported[1][0].table) == (finding_kind("list-unstable"), "sale")
    assert reported[1][0].lost.startswith("nothing: ")


@pytest.mark.parametrize(
    ("drift", "lost"),
    [
        ("evolve", "the values of the field: rows that change"),
        ("freeze", "nothing: rows without the field wait"),
    ],
)
def test_what_a_vanished_field_costs_follows_the_policy(
    engine: DuckDBEngine, tenant: Tenant, drift: str, lost: str
) -> None:
    _drift(engine, "salePrice", "vanished", "now", NOW)

    [finding] = load_findings(engine, _policy(tenant, drift), run_of("now"))

    assert finding.lost.startswith(lost)


def test_an_anomaly_is_reported_with_the_time_its_check_held_last(engine: DuckDBEngine) -> None:
    _checked(engine, True, "earlier", EARLIER)
    _checked(engine, False, "now", NOW)

    [finding] = gate_findings(engine, run_of("now"), "raw")

    assert (finding.kind, finding.table) == (finding_kind("anomaly"), "raw.sale")
    assert finding.seen == (
        "last_change out of its usual range: freshness_hours = 31 (at most 24); held last on 2026-03-04 04:00 UTC"
    )


def test_an_anomaly_that_lasts_is_reported_once_and_again_when_it_returns(engine: DuckDBEngine) -> None:
    for number, success in enumerate([True, False, False, True, False]):
        _checked(engine, success, f"run {number}", NOW + timedelta(hours=number))

    reported = [len(gate_findings(engine, run_of(f"run {number}"), "raw")) for number in range(5)]

    assert reported == [0, 1, 0, 0, 1]


def test_a_check_left_out_for_lack_of_rows_does_not_count_as_held(engine: DuckDBEngine) -> None:
    _checked(engine, False, "reported", BEFORE_THAT)
    _checked(engine, True, "without rows", EARLIER, column_name="another check of that run")
    _checked(engine, False, "now", NOW)

    assert gate_findings(engine, run_of("now"), "raw") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"gate": "marts"},
        {"suite": "raw.article"},
        {"expectation": "expect_column_values_to_be_in_set"},
        {"column_name": None},
        {"tenant_id": "another"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_only_the_same_check_of_the_same_gate_makes_an_anomaly_old(
    engine: DuckDBEngine, changes: dict[str, Any]
) -> None:
    _checked(engine, False, "earlier", EARLIER, **changes)
    _checked(engine, False, "now", NOW)

    assert len(gate_findings(engine, run_of("now"), "raw")) == 1


def test_what_fails_the_gate_or_could_not_be_checked_is_no_anomaly(engine: DuckDBEngine) -> None:
    _checked(engine, False, "now", NOW, severity="critical")
    _checked(engine, False, "now", NOW, observed="not checked: missing columns: price")

    assert gate_findings(engine, run_of("now"), "raw") == []


def _monitored(engine: DuckDBEngine, run_id: str, at: datetime, **metrics: float) -> None:
    for metric, value in metrics.items():
        stamp = {"tenant_id": "mini", "run_id": run_id, "origin_week": at.date(), "measured_at": at}
        engine.execute(render("duckdb", "monitor_insert"), {**stamp, "metric": metric, "value": value})


def test_a_forecast_that_became_worse_is_reported_with_what_is_usual(engine: DuckDBEngine) -> None:
    for week, ratio in enumerate([0.8, 0.9, 1.0]):
        at = NOW - timedelta(weeks=3 - week)
        _monitored(engine, f"week {week}", at, live_ratio_lumpy=ratio, live_drift_lumpy=0, live_ratio=0.7)
    _monitored(engine, "now", NOW, live_ratio_lumpy=1.314, live_drift_lumpy=1, live_ratio=0.7, live_drift=0)

    [finding] = forecast_findings(engine, run_of("now"))

    assert (finding.kind, finding.table) == (finding_kind("forecast-drift"), "analytics.forecast_accuracy")
    assert finding.seen == "lumpy articles: the error is 1.31 times that of the 13-week mean, usually 0.90"
    assert finding.lost.startswith("nothing: ")
    assert forecast_findings(engine, run_of("now", "another")) == []


def test_a_drift_that_lasts_is_reported_once_and_again_when_it_returns(engine: DuckDBEngine) -> None:
    for number, alarm in enumerate([0, 1, 1, 0, 1]):
        at = NOW + timedelta(weeks=number)
        _monitored(engine, f"run {number}", at, live_ratio=0.8 + alarm, live_drift=alarm)

    reported = [forecast_findings(engine, run_of(f"run {number}")) for number in range(5)]

    assert [len(findings) for findings in reported] == [0, 1, 0, 0, 1]
    assert reported[1][0].seen.startswith("all articles: the error is 1.80 times")


def test_asking_again_gives_the_same_findings(engine: DuckDBEngine, tenant: Tenant) -> None:
    _drift(engine, "colour", "appeared", "now", NOW)
    _quarantine(engine, "s1", "now", NOW)
    _read(engine, 40, "now", NOW)

    first = load_findings(engine, tenant, run_of("now"))

    assert [finding.kind.name for finding in first] == [
        "drift",
        "quarantine",
        "deletes-held-for-review",
    ]
    assert load_findings(engine, tenant, run_of("now")) == first
