"""Exports in a bucket: read with the key of the connection that the tenant file names, like those in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from airflow.sdk.exceptions import AirflowFailException
from running_emulators import REGION, S3
from shop import Shop

from mercurios.landing.plan import RunPlan
from mercurios.tenants.run import Run
from mercurios.warehouse.load import LedgerRow, load_manifest
from mercurios.warehouse.run_plan import begin_run
from mercurios_airflow.sources.connect import check_access, connected_source

RUN = Run("shop", "pipeline__shop", "r1")

FILES = {
    "articles.csv": "sku,title\n4711,Coat\nA-47,Hat\n",
    "sales-1.csv": "day,sku,units,paid\n2025-03-01,4711,2,39.90\n2025-03-02,A-47,-1,-5\n",
    "sales-2.csv": "day,sku,units,paid\n2025-03-03,4711,1,19.95\n2025-03-04,4711,much,1\n",
}
ROWS = "select date, article, quantity, amount from raw.files_sale order by date, id"


@pytest.fixture
def bucket(s3: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"exports-{uuid4().hex[:12]}"
    s3.create_bucket(name)
    extra = {"endpoint_url": s3.endpoint, "region_name": REGION}
    keys = {"conn_type": "aws", "login": "key-of-shop", "password": "synthetic", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_SHOP", json.dumps(keys))
    return name


def shop_on(bucket: str, home: Path) -> Shop:
    home.mkdir()
    return Shop(home, folder=f"s3://{bucket}/exports/shop", connection="aws_shop")


def put(s3: S3, bucket: str) -> None:
    for name, text in FILES.items():
        s3.file_system().pipe_file(f"{bucket}/exports/shop/{name}", text.encode())


def loaded_from_s3(shop: Shop) -> dict[str, LedgerRow]:
    with shop.engine() as engine:
        plan = RunPlan.read(shop.store, begin_run(engine, shop.store, shop.tenant, RUN))
    with connected_source(shop.tenant, RUN) as source:
        urls = [source.extract(name, plan, shop.store) for name in ("sales", "articles")]
    with shop.engine() as engine:
        rows = [load_manifest(engine, shop.store, url, time_zone="Europe/London") for url in urls if url]
    return {row.resource: row for found in rows for row in found}


def test_exports_in_a_bucket_load_as_those_in_a_folder_do(s3: S3, bucket: str, tmp_path: Path) -> None:
    put(s3, bucket)
    on_s3 = shop_on(bucket, tmp_path / "s3")
    (tmp_path / "folder").mkdir()
    in_folder = Shop(tmp_path / "folder")
    for name, text in FILES.items():
        in_folder.write(name, text)

    found, expected = loaded_from_s3(on_s3), in_folder.run("r1")

    assert found["sales"].counts() == expected["sales"].counts()
    assert (found["sales"].counts()["loaded"], found["sales"].counts()["quarantined"]) == (3, 1)
    assert on_s3.query(ROWS) == in_folder.query(ROWS)


def test_an_empty_bucket_fails_before_the_run_begins_and_is_named(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = shop_on(bucket, tmp_path / "s3")

    with pytest.raises(AirflowFailException, match=f"s3://{bucket}/exports/shop") as failure:
        check_access(shop.tenant, RUN)

    assert "aws_shop" in str(failure.value)
    assert "synthetic" not in str(failure.value) + "".join(capsys.readouterr())


def test_a_bucket_that_does_not_exist_is_named(bucket: str, tmp_path: Path) -> None:
    shop = shop_on(f"{bucket}-missing", tmp_path / "s3")

    with pytest.raises(
        AirflowFailException, match=f"s3://{bucket}-missing/exports/shop .*aws_shop.* not there"
    ):
        check_access(shop.tenant, RUN)
