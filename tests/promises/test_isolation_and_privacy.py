"""Promises 5 to 7: tenants stay apart, and neither secrets nor persons leave the source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from recorded_log import recorded_log
from retailer import HASH_KEY, Retailer, hash_of

from mercurios.sources.hash_keys import key_id, keyed_contents
from mercurios.sources.prohandel.http.errors import ProHandelError
from mercurios.sources.prohandel.http.settings import Credentials
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows import landed_table
from mercurios.tenants.run import Run
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.load import TenantGuardError, load_manifest
from prohandel_simulator.testing import RunningSimulator, running_simulator

PEOPLE = ("customer", "staff", "sale", "invoice", "payment", "voucher", "credit")


@pytest.fixture(scope="module")
def source() -> Iterator[RunningSimulator]:
    """A source that no test changes."""
    with running_simulator(["mini"]) as simulator:
        yield simulator


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


def _elsewhere(kind: str, part: Path, stranger: Path) -> str:
    """Return the address of a file outside of its manifest's folder, reached in one of many ways."""
    match kind:
        case "another tenant's folder":
            return f"file://{stranger}"
        case "up and down again":
            return f"file://{part.parent}/../attempt=02/{part.name}"
        case "a folder below":
            return f"file://{part.parent}/below/{part.name}"
        case "a link":
            part.unlink()
            part.symlink_to(stranger)
        case "a linked folder":
            part.parent.rename(stranger.parent / "moved")
            part.parent.symlink_to(stranger.parent / "moved")
    return f"file://{part}"


@pytest.mark.parametrize(
    "kind",
    ["another tenant's folder", "up and down again", "a folder below", "a link", "a linked folder"],
)
def test_a_manifest_that_leads_out_of_its_own_folder_is_not_loaded(
    source: RunningSimulator, tmp_path: Path, kind: str
) -> None:
    retailer = Retailer(source, tmp_path)
    [url] = retailer.extract(retailer.begin("r1"), "season")
    manifest = retailer.store.read_manifest(url)
    [part] = manifest.parts
    place = Path(part.url.removeprefix("file://"))
    stranger = retailer.landing / "tenant=other" / place.name
    for copy in (stranger, place.parent / "below" / place.name, place.parents[1] / "attempt=02" / place.name):
        copy.parent.mkdir(parents=True)
        copy.write_bytes(place.read_bytes())

    listed = part.model_copy(update={"url": _elsewhere(kind, place, stranger)})
    changed = manifest.model_copy(update={"parts": [listed]})
    Path(url.removeprefix("file://")).write_text(changed.model_dump_json())

    with pytest.raises(TenantGuardError, match=r"does not lie in the folder .*nothing was loaded"):
        retailer.load(url)
    assert retailer.raw("season") == {}


@pytest.mark.parametrize("change", [{"run_id": "other"}, {"attempt": 2}, {"tenant_id": "other"}])
def test_a_manifest_that_is_not_what_its_address_says_is_not_loaded(
    source: RunningSimulator, tmp_path: Path, change: dict[str, Any]
) -> None:
    retailer = Retailer(source, tmp_path)
    [url] = retailer.extract(retailer.begin("r1"), "season")
    changed = retailer.store.read_manifest(url).model_copy(update=change)
    Path(url.removeprefix("file://")).write_text(changed.model_dump_json())

    with pytest.raises(TenantGuardError, match="nothing was loaded"):
        retailer.load(url)
    assert retailer.raw("season") == {}


@pytest.mark.parametrize("run", [Run("mini", "pipeline", "r2"), Run("other", "pipeline", "r1")])
def test_a_run_loads_no_manifest_of_another_run_or_tenant(
    source: RunningSimulator, tmp_path: Path, run: Run
) -> None:
    retailer = Retailer(source, tmp_path)
    [url] = retailer.extract(retailer.begin("r1"), "season")

    with (
        retailer.engine() as engine,
        pytest.raises(TenantGuardError, match=r"is of run r1 of tenant 'mini'.*nothing was loaded"),
    ):
        load_manifest(engine, retailer.store, url, time_zone="UTC", run=run)


def test_quarantined_rows_of_another_tenant_are_not_loaded(
    own_source: RunningSimulator, tmp_path: Path
) -> None:
    retailer = Retailer(own_source, tmp_path)
    own_source.post("/_simulator/mini/dirty", {"resource": "customer", "unparsable": 2})
    [url] = retailer.extract(retailer.begin("r1"), "customer")
    manifest = retailer.store.read_manifest(url)
    [part] = manifest.parts_of("customer", "quarantine")
    place = Path(part.url.removeprefix("file://"))
    table = pq.read_table(place, partitioning=None)
    pq.write_table(table.set_column(0, "tenant_id", [["other"] * table.num_rows]), place)
    content = place.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    listed = part.model_copy(update={"bytes": len(content), "sha256": digest})
    parts = [listed if each == part else each for each in manifest.parts]
    changed = manifest.model_copy(update={"parts": parts})
    Path(url.removeprefix("file://")).write_text(changed.model_dump_json())

    with pytest.raises(TenantGuardError, match=r"manifest of 'mini' \(2 of 'other'\); nothing was loaded"):
        retailer.load(url)
    assert retailer.raw("customer") == {}


def test_a_warehouse_file_belongs_to_the_tenant_whose_run_was_first_in_it(
    source: RunningSimulator, tmp_path: Path
) -> None:
    first, second = Retailer(source, tmp_path), Retailer(source, tmp_path)
    second.tenant = second.tenant.model_copy(update={"id": "other"})
    first.begin("r1")
    first.query("delete from ops.owner")

    with pytest.raises(WarehouseError, match="belongs to tenant mini, and a file holds one tenant"):
        second.begin("r1")

    first.begin("r2")
    assert first.query("select distinct tenant_id from ops.run") == [{"tenant_id": "mini"}]


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


def test_a_right_guess_of_a_number_is_recognised_by_no_hash(
    everything: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows all else of a row hashes it with each number that a person may have, and compares."""
    retailer: Retailer = everything["retailer"]
    retailer.simulator.post("/_simulator/mini/outage", {"on": False})
    numbers, name = persons_numbers(retailer.simulator), key_id(HASH_KEY)
    kept = hashes_of(retailer)

    monkeypatch.setattr(landed_table, "keyed_digests", lambda digests, _: (digests, ""))
    guesser = Retailer(retailer.simulator, tmp_path)
    guesser.run("r1", "customer", "staff")
    contents = hashes_of(guesser)["contents"]
    hashed = {
        way(str(number).encode()).hexdigest()[:16]
        for number in numbers
        for way in (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.blake2b, partial(named, name))
    }

    assert {each[:32] for each in kept["contents"]}.isdisjoint(contents)
    assert kept["numbers"].isdisjoint(hashed)
    # With the key each guess would hit.
    assert kept["contents"] & set(keyed_contents(contents, HASH_KEY))
    assert kept["numbers"] & {hash_of(int(number)) for number in numbers}


def named(name: str, text: bytes) -> Any:
    """Hash with all that is known of the key, its name."""
    return hashlib.blake2b(text, key=name.encode(), digest_size=8)


def hashes_of(retailer: Retailer) -> dict[str, set[str]]:
    """Return what is kept in the place of persons' numbers, and of contents with such numbers."""
    rows = [
        row
        for table in ("customer", "staff")
        for row in retailer.query(f"select _content_hash, {table}_key as person from raw.{table}")
    ]
    return {"contents": {row["_content_hash"] for row in rows}, "numbers": {row["person"] for row in rows}}


def rising(numbers: list[int]) -> float:
    """Return the share of neighbours that rise: 1 in the order of numbers, a half where it says nothing of them."""
    pairs = [(one, other) for one, other in pairwise(numbers) if one != other]
    return sum(one < other for one, other in pairs) / len(pairs)


def test_the_order_of_rows_tells_nothing_of_persons_numbers(everything: dict[str, Any]) -> None:
    """The API lists persons by number: the fifth row of its list is the fifth number, whatever its columns hold."""
    retailer: Retailer = everything["retailer"]
    retailer.simulator.post("/_simulator/mini/outage", {"on": False})
    with retailer.client() as client:
        listed = [row for page in client.pages("customer") for row in page.rows]
    number = {row["id"]: row["number"] for row in listed}
    orders = {"RAW": [row["id"] for row in retailer.query("select id from raw.customer order by rowid")]}
    for part in retailer.landing.rglob("customer-*.parquet"):
        orders[str(part)] = (
            pq.read_table(part).column("source_id" if "quarantine" in part.name else "id").to_pylist()
        )
    places = retailer.query(
        "select source_id from ops.quarantine where resource = 'customer' order by row_number"
    )
    orders["quarantine"] = [row["source_id"] for row in places]

    found = {
        place: rising([number[key] for key in order if key in number])
        for place, order in orders.items()
        if len(order) > 20
    }

    assert rising([row["number"] for row in listed]) == 1
    assert len(found) >= 3
    assert all(0.25 < share < 0.75 for share in found.values()), found
    assert orders["quarantine"] == sorted(orders["quarantine"])


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
