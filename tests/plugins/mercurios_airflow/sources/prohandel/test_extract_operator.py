"""Extraction that cannot succeed fails once, at once, and says where; one that may succeed later is left to retries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from tenacity import wait_none

from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios_airflow.sources.operators import ExtractOperator
from mercurios_airflow.warehouse.operators import BeginRunOperator
from prohandel_simulator.testing import RunningSimulator

pytestmark = pytest.mark.simulator
RUN = "manual__2026-03-04T05:00:00+00:00"
SECRET = "synthetic-secret-of-the-operator-tests"
Extract = Callable[[], Any]


@pytest.fixture
def extract(mini: Path, execute: Callable[..., Any]) -> Extract:
    """Begin a run and return the extraction of its sales."""
    plan_url = execute(BeginRunOperator, RUN, tenant_id="mini")
    return lambda: execute(ExtractOperator, RUN, tenant_id="mini", group="sales", plan_url=plan_url)


@pytest.fixture
def outage(simulator: RunningSimulator) -> Iterator[None]:
    """The tenant's API answers 503 to everything."""
    simulator.post("/_simulator/mini/outage", {"on": True})
    yield
    simulator.post("/_simulator/mini/outage", {"on": False})


def test_refused_credentials_end_the_task_and_name_tenant_run_and_resource(
    extract: Extract, monkeypatch: pytest.MonkeyPatch, prohandel_connection: Callable[..., str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PROHANDEL_MINI", prohandel_connection(password=SECRET))

    with pytest.raises(AirflowFailException) as raised:
        extract()

    message = str(raised.value)
    assert f"tenant mini, run {RUN}, resource sale:" in message
    assert "401" in message
    assert "check API key and secret" in message
    assert SECRET not in message


@pytest.mark.parametrize("missing", ["login", "password"])
def test_an_incomplete_connection_ends_the_task_and_names_connection_and_field(
    extract: Extract,
    monkeypatch: pytest.MonkeyPatch,
    prohandel_connection: Callable[..., str],
    missing: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PROHANDEL_MINI", prohandel_connection(**{missing: ""}))

    with pytest.raises(
        AirflowFailException, match=f"tenant mini, run .*, connection 'prohandel_mini' has no {missing}"
    ):
        extract()


def test_a_missing_connection_ends_the_task_and_is_named(
    extract: Extract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PROHANDEL_MINI")

    with pytest.raises(AirflowFailException, match=r"tenant mini, run .*prohandel_mini"):
        extract()


def test_an_outage_is_left_to_the_tasks_retries_and_names_tenant_run_and_resource(
    extract: Extract, outage: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mercurios.sources.prohandel.http.sender.wait_random_exponential", lambda **_: wait_none()
    )

    with pytest.raises(TransientProHandelError, match="503") as raised:
        extract()

    assert raised.value.__notes__ == [f"tenant mini, run {RUN}, resource sale"]


def test_a_manifest_comes_back_for_every_resource_of_the_group(extract: Extract, mini: Path) -> None:
    urls = extract()

    assert len(urls) == 1
    assert urls[0].startswith(f"file://{mini}/landing/tenant=mini/")
