"""Promises 5 to 7: tenants stay apart, and neither secrets nor persons leave the source."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from retailer import Retailer

from mercurios.sources.prohandel.http.errors import ProHandelError
from mercurios.sources.prohandel.http.settings import Credentials
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.warehouse.engine import WarehouseError
from prohandel_simulator.testing import RunningSimulator, running_simulator

PEOPLE = ("customer", "staff", "sale", "invoice", "payment", "voucher", "credit")


def test_one_tenants_rows_never_enter_anothers_warehouse(
    own_source: RunningSimulator, tmp_path: Path
) -> None:
    first = Retailer(own_source, tmp_path / "a")
    second = Retailer(own_source, tmp_path / "b")
    second.tenant = second.tenant.model_copy(update={"id": "other"})
    first.run("r1", "article")
    foreign = first.extract(first.begin("r2"), "article")
    second.begin("r2")

    with pytest.raises(WarehouseError):
        second.load(*foreign)

    assert second.query("select * from raw.article") == []
    assert second.query("select * from ops.load_ledger") == []


def test_tenants_that_share_a_warehouse_change_only_their_own_rows(
    own_source: RunningSimulator, tmp_path: Path
) -> None:
    retailer = Retailer(own_source, tmp_path)
    retailer.run("r1", "voucher")
    copy = "select * replace ('other' as tenant_id, 0.01 as value) from raw.voucher"
    retailer.query(f"insert into raw.voucher {copy}")
    others = "select * from raw.voucher where tenant_id = 'other' order by id"
    retailer.query(f"insert into raw.voucher select * replace ('x' || id as id) from ({others})")
    before = retailer.query(others)
    own_source.post("/_simulator/mini/silent_deletes", {"on": True})
    own_source.advance(72)

    rows = retailer.run("r2", "voucher")

    assert rows["voucher"].deleted > 0
    assert retailer.differences("voucher") == []
    assert retailer.query(others) == before


def test_one_tenants_outage_changes_nothing_for_another(tmp_path: Path) -> None:
    with running_simulator(["mini"]) as broken, running_simulator(["mini"]) as healthy:
        first, second = Retailer(broken, tmp_path / "a"), Retailer(healthy, tmp_path / "b")
        broken.post("/_simulator/mini/outage", {"on": True})

        with pytest.raises(ProHandelError):
            first.run("r1", "article")
        second.run("r1", "article")

        assert second.differences("article") == []


def personal_values(source: RunningSimulator) -> set[str]:
    """Everything the source knows about people that the contract does not keep, long enough to be told apart."""
    values: set[str] = set()
    for name in ("customer", "staff"):
        kept = {column.field for column in RESOURCES[name].columns if column.type != "hash"}
        for row in source.truth("mini", name):
            texts = [
                str(value) for field, value in row.items() if field not in kept and isinstance(value, str)
            ]
            values |= {text for text in texts if len(text) >= 6 and not text.startswith(("19", "20"))}
    return values


def persons_numbers(source: RunningSimulator) -> set[int]:
    """The numbers of people at the source."""
    return {int(row["number"]) for name in ("customer", "staff") for row in source.truth("mini", name)}


def landed_text(folder: Path) -> str:
    """Everything in a landing area as text, Parquet files by their values."""
    texts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            with duckdb.connect() as connection:
                rows = connection.execute("select * from read_parquet(?)", [str(path)]).fetchall()
            texts.append("\n".join(str(row) for row in rows))
        else:
            texts.append(path.read_text())
    return "\n".join(texts)


def warehouse_text(retailer: Retailer, *schemas: str) -> str:
    tables = retailer.query(
        "select schema_name || '.' || table_name as name from duckdb_tables() where schema_name in (select unnest(?))",
        [list(schemas)],
    )
    return "\n".join(str(retailer.query(f"select * from {table['name']}")) for table in tables)


@contextmanager
def recorded_log() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, from DEBUG on."""
    text, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All that two runs over dirty data and an outage wrote, by place."""
    with running_simulator(["mini"]) as source, recorded_log() as log:
        retailer = Retailer(source, tmp_path_factory.mktemp("everything"))
        for name, unparsable in (("customer", 2), ("sale", 2), ("staff", 0)):
            dirty = {"resource": name, "unknown_field": 2, "unparsable": unparsable}
            source.post("/_simulator/mini/dirty", dirty)
        retailer.run("r1", *PEOPLE)
        source.advance(24)
        retailer.run("r2", *PEOPLE)
        source.post("/_simulator/mini/outage", {"on": True})
        with pytest.raises(ProHandelError) as failed:
            retailer.run("r3", "customer")
        yield {
            "landing": landed_text(retailer.landing),
            "log": log.getvalue() + str(failed.value),
            "warehouse": warehouse_text(retailer, "raw", "ops"),
            "retailer": retailer,
        }


def test_no_personal_data_reaches_landing_files_logs_or_the_warehouse(everything: dict[str, Any]) -> None:
    source = everything["retailer"].simulator
    people = personal_values(source)

    found = {
        place: [v for v in people if v in everything[place]] for place in ("landing", "log", "warehouse")
    }

    assert len(people) > 200
    assert "quarantine" in everything["landing"]
    assert "try 2 of customer" in everything["log"]
    assert found == {"landing": [], "log": [], "warehouse": []}


def test_persons_numbers_reach_nothing_but_as_keyed_hashes(everything: dict[str, Any]) -> None:
    retailer: Retailer = everything["retailer"]
    numbers = persons_numbers(retailer.simulator)
    payloads = retailer.query(
        "select payload from ops.quarantine where resource in ('sale', 'customer', 'staff')"
    )

    assert payloads
    for field in ("customerNumber", "staffNumber", "cashierNumber", "number"):
        shown = [
            row["payload"] for row in payloads if any(f'"{field}":{n}' in row["payload"] for n in numbers)
        ]
        assert shown == [], field
    joined = retailer.query(
        "select count(*) as n from raw.sale join raw.customer using (tenant_id, customer_key) where customer_key <> ''"
    )
    assert joined[0]["n"] > 0, "hashed keys must still join"


def test_no_secret_reaches_landing_files_logs_or_the_warehouse(everything: dict[str, Any]) -> None:
    retailer: Retailer = everything["retailer"]
    key = retailer.simulator.credentials("mini")
    secrets = [key["secret"], key["apiKey"], *retailer.simulator.simulator.tokens._access]

    found = {
        place: [secret[:12] for secret in secrets if secret in everything[place]]
        for place in ("landing", "log", "warehouse")
    }

    assert len(secrets) > 3
    assert found == {"landing": [], "log": [], "warehouse": []}
    assert "secret" not in repr(Credentials(key["apiKey"], key["secret"])).replace("secret-", "")
