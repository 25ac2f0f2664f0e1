"""What the DAGs of all tenants share, and that nothing of it is shared between tenants."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID

from mercurios.tenants import Tenant, load_tenants
from mercurios_airflow import tenancy
from mercurios_airflow.tenancy import (
    START,
    dag_settings,
    forecast_asset,
    marts_asset,
    tenants_to_build,
    week_closed_asset,
)


@pytest.mark.parametrize(
    ("wanted", "built"),
    [
        (None, ["mini", "mini_models", "mini_refused"]),
        ("pipeline__mini", ["mini"]),
        ("pipeline__mini_models", ["mini_models"]),
        ("pipeline__nobody", []),
        ("forecast__mini", []),
        ("pipeline__", []),
        ("warehouse_setup", []),
    ],
)
def test_a_parse_builds_the_tenants_it_needs(
    mini: Path, monkeypatch: pytest.MonkeyPatch, wanted: str | None, built: list[str]
) -> None:
    monkeypatch.delenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, raising=False)
    if wanted is not None:
        monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, wanted)

    assert [tenant.id for tenant in tenants_to_build("pipeline")] == built


def test_no_two_tenants_share_an_asset(mini: Path) -> None:
    assets = [
        asset(tenant)
        for tenant in load_tenants()
        for asset in (marts_asset, week_closed_asset, forecast_asset)
    ]

    assert len(assets) == 9
    assert len({asset.name for asset in assets}) == len({asset.uri for asset in assets}) == len(assets)


def test_no_setting_moves_with_the_clock(mini: Path) -> None:
    tenant = load_tenants(only="mini").get("mini")

    first, second = (dag_settings(tenant, "pipeline", "doc") for _ in range(2))

    # Hold notifiers, objects of their own each time.
    moving = {"default_args", "on_failure_callback"}
    assert {key: first[key] for key in first.keys() - moving} == {
        key: second[key] for key in second.keys() - moving
    }
    assert first["start_date"] == START


@pytest.mark.parametrize("kind", ["pipeline", "forecast"])
def test_a_tenant_whose_dag_cannot_be_built_takes_no_other_along(
    mini: Path, root: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Its DAG says so in a task that fails; half a DAG would run as if it were whole."""
    notifier = tenancy.failure_notifier

    def odd(tenant: Tenant) -> object:
        if tenant.id == "mini_models":
            raise RuntimeError("an error that was not foreseen\x00")
        return notifier(tenant)

    monkeypatch.setattr(tenancy, "failure_notifier", odd)

    bag = DagBag(root / "dags" / f"tenant_{kind}.py", bundle_path=root / "dags")

    assert bag.import_errors == {}
    assert set(bag.dags) == {f"{kind}__{each}" for each in ("mini", "mini_models", "mini_refused")}
    assert [*bag.dags[f"{kind}__mini_models"].task_ids] == ["cannot_be_built"]
    assert "RuntimeError: an error that was not foreseen\\u0000" in str(
        bag.dags[f"{kind}__mini_models"].doc_md
    )
    assert len(bag.dags[f"{kind}__mini"].task_ids) > 3


def test_a_dag_that_breaks_off_half_way_is_not_registered(
    mini: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(tenant: Tenant) -> object:
        raise RuntimeError("an error that was not foreseen")

    monkeypatch.setattr("mercurios_airflow.tenancy.findings_notifier", odd)

    bag = DagBag(root / "dags" / "tenant_pipeline.py", bundle_path=root / "dags")

    assert {len(dag.task_ids) for dag in bag.dags.values()} == {1}
