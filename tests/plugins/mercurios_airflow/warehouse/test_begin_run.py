"""The start of a run: the source is asked first, what the params ask for is planned, and a wrong name is refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from tenacity import wait_none

from mercurios.alerts.failures import failure_kind
from mercurios.alerts.messages import headline
from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.sources.prohandel.resources import CONTRACT
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios_airflow.warehouse.operators import BeginRunOperator, SetUpOperator
from prohandel_simulator.testing import RunningSimulator

pytestmark = pytest.mark.simulator
SECRET = "synthetic-secret-of-the-begin-tests"


def begin(resync: list[str], accept_deletes: list[str] | None = None, **more: Any) -> Any:
    params = {"resync": resync, "accept_deletes": accept_deletes or [], **more}
    with DAG(dag_id="pipeline__mini", schedule=None):
        task = BeginRunOperator(task_id="begin", tenant_id="mini")
    return task.execute({"run_id": "manual__1", "params": params})


def test_resync_is_recorded_for_the_resources_it_names(mini: Path) -> None:
    begin(["sale"])

    with DuckDBEngine(mini / "warehouse" / "mini.duckdb") as engine:
        found = engine.fetch_arrow("select resource, requested_by from ops.resync_request").to_pylist()
    assert found == [{"resource": "sale", "requested_by": "pipeline__mini, run manual__1"}]


def test_accepted_deletes_are_recorded_with_the_complete_read_they_need(mini: Path) -> None:
    begin([], ["voucher"])

    with DuckDBEngine(mini / "warehouse" / "mini.duckdb") as engine:
        approved = engine.fetch_arrow("select resource, approved_by from ops.delete_approval").to_pylist()
        read = engine.fetch_arrow("select resource from ops.resync_request").to_pylist()
    assert approved == [{"resource": "voucher", "approved_by": "pipeline__mini, run manual__1"}]
    assert read == [{"resource": "voucher"}]


def test_a_reconciliation_is_recorded_as_a_complete_read_of_every_resource(mini: Path) -> None:
    begin([], reconcile=True)

    with DuckDBEngine(mini / "warehouse" / "mini.duckdb") as engine:
        found = engine.fetch_arrow("select resource from ops.resync_request order by resource")
    assert found["resource"].to_pylist() == sorted(CONTRACT.collections)


def test_an_unknown_resource_to_replay_is_refused_by_its_param(mini: Path) -> None:
    """A nested resource is not refused."""
    begin([], replay=["order.positions"])

    with pytest.raises(AirflowFailException, match="param replay: unknown resource positions"):
        begin([], replay=["positions"])


def test_an_unknown_resource_to_accept_deletes_of_is_refused_by_its_param(mini: Path) -> None:
    with pytest.raises(AirflowFailException, match="param accept_deletes: unknown resource vouchers"):
        begin([], ["vouchers"])


def test_an_unknown_resource_fails_for_good_before_the_warehouse_is_touched(mini: Path) -> None:
    said = (
        r"tenant mini, run manual__1, param resync: unknown resource sales; known resources: article, .*sale"
    )

    with pytest.raises(AirflowFailException, match=said):
        begin(["article", "sales"])

    assert not (mini / "warehouse").exists()


@pytest.fixture
def outage(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tenant's API answers 503 to everything."""
    monkeypatch.setattr(
        "mercurios.sources.prohandel.http.sender.wait_random_exponential", lambda **_: wait_none()
    )
    simulator.post("/_simulator/mini/outage", {"on": True})
    yield
    simulator.post("/_simulator/mini/outage", {"on": False})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"password": SECRET},
            "connection 'prohandel_mini': the token service refuses the credentials with .* 401",
        ),
        ({"password": SECRET}, "check API key and secret"),
        ({"login": ""}, "connection 'prohandel_mini' has no login; set login to the API key"),
        ({"password": ""}, "connection 'prohandel_mini' has no password"),
        ({"extra": {}}, "connection 'prohandel_mini' has no hash_key; set the extra field"),
        ({"host": "auth.example"}, "connection 'prohandel_mini' has a host without scheme"),
    ],
)
def test_an_unusable_connection_fails_for_good_before_the_warehouse_is_touched(
    mini: Path,
    monkeypatch: pytest.MonkeyPatch,
    prohandel_connection: Callable[..., str],
    changes: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PROHANDEL_MINI", prohandel_connection(**changes))

    with pytest.raises(AirflowFailException, match=f"tenant mini, run manual__1, .*{said}") as raised:
        begin([])

    assert "***" not in headline(raised.value), "the remedy reaches the alert unmasked"
    assert failure_kind(raised.value, "begin").name == "credentials-refused"
    assert not (mini / "warehouse").exists()


def test_a_missing_connection_fails_for_good_and_says_what_to_define(
    mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PROHANDEL_MINI")

    with pytest.raises(
        AirflowFailException, match=r"'prohandel_mini' is not defined: .* set AIRFLOW_CONN_PROHANDEL_MINI"
    ):
        begin([])


def test_a_key_that_may_not_read_fails_for_good(
    mini: Path, monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    monkeypatch.setattr("mercurios.sources.prohandel.client.CHECKED_PATH", "nothing")

    with pytest.raises(
        AirflowFailException, match=r"status 404; .*\(nothing, page=1, pagesize=1, correlation id"
    ):
        begin([])


@pytest.mark.usefixtures("outage")
def test_an_outage_is_left_to_the_retries_of_begin(mini: Path) -> None:
    with pytest.raises(TransientProHandelError, match="503"):
        begin([])

    assert not (mini / "warehouse").exists()


def test_no_secret_of_a_refused_connection_is_logged(
    mini: Path,
    monkeypatch: pytest.MonkeyPatch,
    prohandel_connection: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PROHANDEL_MINI", prohandel_connection(password=SECRET))
    caplog.set_level(logging.DEBUG)

    with pytest.raises(AirflowFailException) as raised:
        begin([])

    shown = f"{raised.value!r} {raised.value.__cause__!r} {caplog.text}" + "".join(capfd.readouterr())
    assert SECRET not in shown
    assert "plugin-tests-hash-key" not in shown


def other_tenant(mini: Path, monkeypatch: pytest.MonkeyPatch, warehouse: str) -> None:
    """Make a second tenant known beside `mini`, which reads the same source."""
    folder = mini / "tenants"
    folder.mkdir()
    text = (Path(__file__).parents[3] / "tenants" / "mini.yaml").read_text()
    (folder / "mini.yaml").write_text(text)
    text = text.replace("id: mini", "id: other").replace("duckdb_mini", warehouse)
    (folder / "other.yaml").write_text(text)
    monkeypatch.setenv("MERCURIOS_TENANTS_DIR", str(folder))


def execute_for(tenant_id: str, operator: Any) -> Any:
    with DAG(dag_id=f"pipeline__{tenant_id}", schedule=None):
        task = operator(task_id="task", tenant_id=tenant_id)
    return task.execute({"run_id": "manual__1", "params": {}})


def test_a_second_tenant_that_names_a_warehouse_does_not_begin(
    mini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_tenant(mini, monkeypatch, "duckdb_mini")

    with pytest.raises(AirflowFailException, match=r"tenant other, run manual__1: .*of tenant mini"):
        execute_for("other", BeginRunOperator)

    assert execute_for("mini", BeginRunOperator)


@pytest.mark.parametrize("operator", [BeginRunOperator, SetUpOperator])
def test_a_connection_that_leads_to_anothers_file_is_refused_and_writes_nothing(
    mini: Path, monkeypatch: pytest.MonkeyPatch, operator: Any
) -> None:
    other_tenant(mini, monkeypatch, "duckdb_other")
    execute_for("mini", BeginRunOperator)
    host = str(mini / "warehouse" / "mini.duckdb")
    monkeypatch.setenv("AIRFLOW_CONN_DUCKDB_OTHER", json.dumps({"conn_type": "duckdb", "host": host}))

    with pytest.raises(WarehouseError, match="belongs to tenant mini"):
        execute_for("other", operator)

    tables = ("ops.run", "ops.hash_key", "ops.owner", "raw.tenant", "raw.public_holiday")
    with DuckDBEngine(mini / "warehouse" / "mini.duckdb") as engine:
        for table in tables:
            assert engine.fetch_rows(f"select * from {table} where tenant_id <> 'mini'") == [], table
