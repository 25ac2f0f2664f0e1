"""The key of persons' numbers: noted, compared, replaced by a stated procedure, and brought to older warehouses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from contracts import refused
from retailer import HASH_KEY, Retailer

from mercurios.jobs.replay import replay
from mercurios.landing.store import LandingError
from mercurios.sources.hash_keys import key_id, keyed_contents
from mercurios.sources.prohandel.extract import extract
from mercurios.sources.rows import landed_table
from mercurios.tenants.run import Run
from mercurios.warehouse.hash_key import HashKeyChangedError, adopt_key, request_rekey
from mercurios.warehouse.setup import set_up

OTHER = b"another key of the tests"
CONTENTS = "select id, _content_hash from raw.customer order by id"


def adopted(retailer: Retailer, hash_key: bytes | None = HASH_KEY) -> None:
    with retailer.engine() as engine:
        run = Run(retailer.tenant.id, "pipeline__tests", "adopt")
        adopt_key(engine, retailer.store, run, retailer.tenant.source.contract, hash_key)


def rekeyed(retailer: Retailer) -> list[str]:
    with retailer.engine() as engine:
        contract = retailer.tenant.source.contract
        return request_rekey(engine, retailer.tenant.id, contract, "tests", datetime.now(UTC))


def landed_with(retailer: Retailer, run_id: str, hash_key: bytes) -> str:
    plan = retailer.begin(run_id)
    with retailer.client() as client:
        return extract(client, retailer.store, retailer.request("customer", plan, hash_key))


@contextmanager
def older_release() -> Iterator[None]:
    """Leave the hashes of contents unkeyed, and manifests without the name of a key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landed_table, "keyed_digests", lambda digests, _: (digests, ""))
        patch.setattr("mercurios.sources.prohandel.reading.key_id", lambda _: None)
        yield


@pytest.fixture
def of_older_release(retailer: Retailer) -> Retailer:
    with older_release():
        retailer.run("r1", "customer")
    retailer.query("drop table ops.hash_key")
    retailer.query('update raw.customer set _extra = \'{"nickname":"Erika"}\'')
    with retailer.engine() as engine:
        set_up(engine)
    return retailer


def contents(retailer: Retailer) -> dict[str, str]:
    return {row["id"]: row["_content_hash"] for row in retailer.query(CONTENTS)}


def test_unkeyed_contents_of_an_older_release_are_keyed_and_no_row_looks_changed(
    of_older_release: Retailer,
) -> None:
    before = contents(of_older_release)

    adopted(of_older_release)

    expected = dict(zip(before, keyed_contents(list(before.values()), HASH_KEY), strict=True))
    assert {len(each) for each in before.values()} == {32}
    assert contents(of_older_release) == expected
    assert of_older_release.query("select distinct _extra from raw.customer") == [{"_extra": None}]
    row = of_older_release.run("r2", "customer")["customer"]
    assert (row.loaded, row.superseded) == (0, row.extracted)
    assert of_older_release.differences("customer") == []


def test_a_keying_that_was_stopped_goes_on_and_keys_no_row_twice(
    of_older_release: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(of_older_release)
    create, calls = of_older_release.store.create, iter(range(100))

    def stops(path: str) -> Any:
        if next(calls) == 3:
            raise LandingError("no space")
        return create(path)

    monkeypatch.setattr(of_older_release.store, "create", stops)
    with pytest.raises(LandingError):
        adopted(of_older_release)
    monkeypatch.undo()
    half = contents(of_older_release)
    adopted(of_older_release)
    adopted(of_older_release)

    assert {len(each) for each in half.values()} == {32, 45}
    assert contents(of_older_release) == dict(
        zip(before, keyed_contents(list(before.values()), HASH_KEY), strict=True)
    )


def test_another_key_stops_the_run_before_it_reads_and_the_message_says_what_to_do(
    retailer: Retailer,
) -> None:
    adopted(retailer)

    with pytest.raises(
        HashKeyChangedError, match=r"nothing was read.*`python -m mercurios rekey`"
    ) as refused:
        adopted(retailer, OTHER)

    assert key_id(HASH_KEY) in str(refused.value)
    assert key_id(OTHER) in str(refused.value)
    assert OTHER.decode() not in str(refused.value)


def test_rows_that_were_hashed_with_another_key_are_not_loaded(retailer: Retailer) -> None:
    adopted(retailer)
    retailer.run("r1", "customer")
    before = retailer.raw("customer")

    url = landed_with(retailer, "r2", OTHER)

    assert retailer.store.read_manifest(url).key_id == key_id(OTHER)
    with pytest.raises(HashKeyChangedError, match=r"manifest of customer: .*nothing was loaded"):
        retailer.load(url)
    assert retailer.raw("customer") == before


def test_a_new_key_reaches_every_row_that_the_source_still_shows(retailer: Retailer) -> None:
    adopted(retailer)
    retailer.run("r1", "customer")
    before = retailer.raw("customer")

    names = rekeyed(retailer)
    adopted(retailer, OTHER)
    row = retailer.load(landed_with(retailer, "r2", OTHER))["customer"]

    assert {"sale", "customer", "staff", "invoice"} <= set(names)
    assert "article" not in names
    after = retailer.raw("customer")
    persons = {(each["customer_key"], after[key]["customer_key"]) for key, each in before.items()}
    assert row.loaded == len(before) == len(after) == len(persons) > 0
    assert not {old for old, _ in persons} & {new for _, new in persons}


def test_rows_in_quarantine_from_before_a_new_key_are_not_replayed(retailer: Retailer) -> None:
    adopted(retailer)
    refused(retailer, "customer", "group_number")
    rekeyed(retailer)
    adopted(retailer, OTHER)

    with retailer.engine() as engine:
        done = replay(engine, retailer.store, retailer.tenant, "customer")

    assert done.ledger is None
    assert retailer.query("select distinct reason from ops.quarantine") == [
        {"reason": "persons' numbers are hashed with an earlier hash_key; read the resource again (resync)"}
    ]


def test_a_source_without_persons_needs_no_key(retailer: Retailer) -> None:
    adopted(retailer, None)

    assert retailer.query("select * from ops.hash_key") == []
