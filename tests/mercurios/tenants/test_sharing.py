"""Two tenants that name one DuckDB file, or one's landing area within another's: one of them is refused and named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mercurios.tenants import Tenants, load_tenants


def write(folder: Path, name: str, warehouse: str, **more: Any) -> None:
    settings = {
        "id": name,
        "name": name.title(),
        "time_zone": "Europe/Berlin",
        "country": "DE",
        "currency": "EUR",
        "owner": "data",
        "source": {"kind": "prohandel", "connection": f"prohandel_{name}"},
        "connections": {"warehouse": warehouse},
    }
    (folder / f"{name}.yaml").write_text(json.dumps(settings | more))


def refused(found: Tenants) -> dict[str, str]:
    return {error.path.stem: str(error) for error in found.errors}


def test_a_duckdb_file_stays_with_the_tenant_it_is_named_after(tmp_path: Path) -> None:
    write(tmp_path, "alpha", "duckdb_shop")
    write(tmp_path, "other", "duckdb_other")
    write(tmp_path, "shop", "duckdb_shop")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["other", "shop"]
    assert refused(found) == {
        "alpha": "alpha.yaml: key 'connections.warehouse': 'duckdb_shop' is the warehouse of tenant shop, and a DuckDB "
        "file holds one tenant; name one that no other tenant has, such as 'duckdb_alpha'"
    }


def test_a_duckdb_file_named_after_none_stays_with_the_first_tenant(tmp_path: Path) -> None:
    for name in ("beta", "alpha", "gamma"):
        write(tmp_path, name, "duckdb_main")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["alpha"]
    assert refused(found).keys() == {"beta", "gamma"}


def test_a_tenant_that_is_refused_says_so_when_it_is_asked_for(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        write(tmp_path, name, "duckdb_alpha")

    with pytest.raises(KeyError, match=r"tenant 'beta' cannot be used: beta\.yaml: .* of tenant alpha"):
        load_tenants(tmp_path).get("beta")


def test_tenants_share_a_snowflake_connection(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        write(tmp_path, name, "snowflake_main", landing="s3://lake/landing")

    assert refused(load_tenants(tmp_path)) == {}


@pytest.mark.parametrize(
    "nested",
    [
        "file://${ROOT_OF_ALL}/landing/tenant=alpha",
        "file://${ROOT_OF_ALL}/landing/tenant=alpha/plans",
        "file://${ROOT_OF_ALL}/elsewhere/..//landing/tenant=alpha/",
        "file:///data/landing/tenant=alpha/resource=sale",
    ],
)
def test_a_landing_area_within_another_tenants_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nested: str
) -> None:
    monkeypatch.setenv("ROOT_OF_ALL", "/data")
    write(tmp_path, "alpha", "duckdb_alpha", landing="file:///data/landing")
    write(tmp_path, "beta", "duckdb_beta", landing=nested)
    write(tmp_path, "gamma", "duckdb_gamma", landing="file:///data/landing")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["alpha", "gamma"]
    assert "key 'landing': lies in the folder of tenant alpha" in refused(found)["beta"]


def test_a_landing_area_whose_variable_is_not_set_is_compared_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    write(tmp_path, "alpha", "duckdb_alpha", landing="s3://${NOT_SET}/landing")
    write(tmp_path, "beta", "duckdb_beta", landing="s3://${NOT_SET}/landing/tenant=alpha")

    assert refused(load_tenants(tmp_path)).keys() == {"beta"}
