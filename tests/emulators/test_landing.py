"""The landing area on S3: attempts that no other run gets, a manifest that is last and whole, a tenant's own key."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from retailer import Retailer, tenant_of
from running_emulators import REGION, S3

from mercurios.landing.store import LandingError, LandingStore
from mercurios_airflow.landing import landing_of
from prohandel_simulator.testing import RunningSimulator

RUN = ("mini", "sale", "r1")


@pytest.fixture
def bucket(s3: S3) -> str:
    name = f"landing-{uuid4().hex[:12]}"
    s3.create_bucket(name)
    return name


def opened(s3: S3, bucket: str) -> LandingStore:
    return LandingStore(f"s3://{bucket}/landing", file_system=s3.file_system())


def test_processes_that_claim_one_run_at_the_same_moment_get_different_attempts(s3: S3, bucket: str) -> None:
    stores = [opened(s3, bucket) for _ in range(6)]
    start = threading.Barrier(len(stores))

    def reserve(store: LandingStore) -> int:
        start.wait()
        return store.reserve_attempt(*RUN)

    with ThreadPoolExecutor(len(stores)) as pool:
        numbers = list(pool.map(reserve, stores))

    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


def test_a_number_taken_after_it_was_looked_up_is_refused_by_the_bucket_itself(
    s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened(s3, bucket).reserve_attempt(*RUN) == 1
    late = opened(s3, bucket)
    # The attempts were listed before the other's was there.
    monkeypatch.setattr(late, "_greatest_attempt", lambda *_: 0)
    monkeypatch.setattr(late._fs, "exists", lambda *_: False)

    assert late.reserve_attempt(*RUN) == 2


def test_the_manifest_is_the_last_object_of_an_attempt_and_nothing_else_is_left(
    own_source: RunningSimulator, s3: S3, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retailer = Retailer(own_source, tmp_path)
    retailer.store = opened(s3, bucket)
    written: list[str] = []
    create = retailer.store.create

    def noting(path: str) -> Any:
        written.append(path)
        return create(path)

    monkeypatch.setattr(retailer.store, "create", noting)

    [url] = retailer.extract(retailer.begin("r1"), "order")

    assert url == retailer.store.address(written[-1])
    found = {f"s3://{path}" for path in s3.file_system().find(f"{bucket}/landing/tenant=mini/resource=order")}
    manifest = retailer.store.read_manifest(url)
    reserved = url.replace("manifest.json", "reserved")
    assert found == {url, reserved, *(part.url for part in manifest.parts)}


def test_a_bucket_that_is_missing_is_named_and_not_created(s3: S3) -> None:
    store = opened(s3, "never-made")

    with pytest.raises(LandingError, match="s3://never-made/landing cannot be written"):
        store.reserve_attempt(*RUN)

    assert "never-made" not in s3.file_system().ls("")


def test_a_tenant_lands_with_the_key_of_its_own_connection(
    s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"endpoint_url": s3.endpoint, "region_name": REGION}
    keys = {"conn_type": "aws", "login": "key-of-mini", "password": "synthetic", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_MINI", json.dumps(keys))
    tenant = tenant_of("mini", f"s3://{bucket}/landing")
    connections = tenant.connections.model_copy(update={"aws": "aws_mini"})

    store = landing_of(tenant.model_copy(update={"connections": connections}))

    assert store.read_bytes(store.write_document("probe.json", b"{}")) == b"{}"
    signed_by = store._fs.s3._request_signer._credentials
    assert signed_by.access_key == "key-of-mini"
