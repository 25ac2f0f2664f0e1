"""What the DAGs of all tenants share, and that nothing of it is shared between tenants."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID

from mercurios.tenants import load_tenants
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

    moving = {"default_args"}  # holds a notifier, an object of its own each time
    assert {key: first[key] for key in first.keys() - moving} == {
        key: second[key] for key in second.keys() - moving
    }
    assert first["start_date"] == START
