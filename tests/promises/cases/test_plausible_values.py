"""Values that a type can hold and no retailer can mean: their row alone waits, named, and nothing else is moved."""

from __future__ import annotations

from typing import Any

import pytest
from edits import Edits
from quick_retailer import QuickRetailer

from mercurios.jobs.replay import replay
from prohandel_simulator.testing import RunningSimulator

ABSURD: dict[str, tuple[str, dict[str, Any]]] = {
    "a receipt of 1970": ("sale", {"date": "1970-01-01T00:00:00"}),
    "a receipt of 1980": ("sale", {"date": "1980-01-01T00:00:00"}),
    "a receipt of 1924": ("sale", {"date": "1924-05-02T00:00:00"}),
    "a receipt without a day": ("sale", {"date": "0001-01-01T00:00:00"}),
    "a receipt of 2099": ("sale", {"date": "2099-05-02T00:00:00"}),
    "a receipt at no time of day": ("sale", {"time": 4_000_000_000_000}),
    "an EAN for a quantity": ("sale", {"quantity": 4012345678901.0}),
    "an EAN for a price": ("sale", {"salePrice": 40123455.0}),
    "an EAN for a stock": ("articlesize", {"stockQuantity": 4012345678901.0}),
    "a first sale of the year 202": ("articlesize", {"firstSaleDate": "0202-03-04T00:00:00"}),
    "an instant for a day": ("sale", {"date": "2026-03-01T14:30:00Z"}),
}


@pytest.mark.parametrize("name", ABSURD)
def test_one_row_moves_nothing_of_another(
    retailer: QuickRetailer, source: RunningSimulator, name: str
) -> None:
    resource, fields = ABSURD[name]
    edits = Edits(source, resource)
    good = set(edits.ids)
    edits.add("absurd", **fields)

    rows = retailer.run("r1", resource)[resource]

    assert retailer.raw(resource).keys() == good
    assert (rows.loaded, rows.quarantined) == (len(good), 1)
    [aside] = retailer.query("select source_id, reason from ops.quarantine")
    [field] = fields
    assert aside["source_id"] == "absurd"
    assert aside["reason"].startswith(f"field '{field}': expected")


def test_what_was_set_aside_loads_once_the_tenant_file_allows_it(
    open_retailer: Any, source: RunningSimulator
) -> None:
    Edits(source, "sale").add("old", date="1998-03-04T00:00:00")
    retailer = open_retailer()
    retailer.run("r1", "sale")
    patient = open_retailer("patient", plausible={"first_day": "1995-01-01"})
    assert "old" not in retailer.raw("sale")

    with retailer.engine() as engine:
        done = replay(engine, retailer.store, patient.tenant, "sale")

    assert (done.waiting, done.ledger and done.ledger.loaded) == (0, 1)
    assert str(retailer.raw("sale")["old"]["date"]) == "1998-03-04"


def test_a_midnight_of_the_shops_is_their_day_however_it_is_written(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    for number, text in enumerate(
        ["2026-02-28T23:00:00Z", "2026-03-01T00:00:00+01:00", "2026-02-28T23:00:00"]
    ):
        sales.add(f"day-{number}", wire=lambda row, text=text: _with_day(row, text))

    retailer.run("r1", "sale")

    raw = retailer.raw("sale")
    assert {str(raw[f"day-{number}"]["date"]) for number in range(3)} == {"2026-03-01"}


@pytest.mark.parametrize("day", ["2001-01-04", "2014-07-01"])
def test_a_receipt_from_before_a_retailers_life_leaves_by_itself(
    open_retailer: Any, source: RunningSimulator, day: str
) -> None:
    sales = Edits(source, "sale")
    good = set(sales.ids)
    sales.add("early", date=f"{day}T00:00:00")
    retailer = open_retailer("incremental", resources={"sale": {"mode": "changed"}})
    retailer.run("r1", "sale")
    # Until rows were read completely, nothing says when a life began.
    assert "early" in retailer.raw("sale")

    retailer.run("r2", "sale")
    sales.add("early too", date=f"{day}T00:00:00")
    retailer.run("r3", "sale")

    assert retailer.raw("sale").keys() == good
    aside = retailer.query("select distinct source_id, reason from ops.quarantine order by source_id")
    assert [row["source_id"] for row in aside] == ["early", "early too"]
    assert all(row["reason"].startswith("field 'date': expected a day from 20") for row in aside)
    modes = retailer.query("select mode from ops.load_ledger where resource = 'sale' order by loaded_at")
    # What has left once is not looked for again.
    assert [row["mode"] for row in modes] == ["changed", "changed", "changed"]


def test_a_tenant_file_that_says_when_a_life_began_decides(
    open_retailer: Any, source: RunningSimulator
) -> None:
    Edits(source, "sale").add("early", date="2001-01-04T00:00:00")
    retailer = open_retailer("told", plausible={"first_day": "2000-01-01"})

    for run in ("r1", "r2"):
        retailer.run(run, "sale")

    assert "early" in retailer.raw("sale")


def test_what_lies_before_a_life_is_replayed_only_once_the_tenant_file_allows_it(
    open_retailer: Any, source: RunningSimulator
) -> None:
    Edits(source, "sale").add("early", date="2001-01-04T00:00:00")
    retailer = open_retailer()
    retailer.run("r1", "sale")
    retailer.run("r2", "sale")
    declared = open_retailer("told", plausible={"first_day": "2000-01-01"})

    with retailer.engine() as engine:
        before = replay(engine, retailer.store, retailer.tenant, "sale")
        after = replay(engine, retailer.store, declared.tenant, "sale")

    assert (before.waiting, before.ledger) == (1, None)
    assert (after.waiting, after.ledger and after.ledger.loaded) == (0, 1)


def _with_day(row: str, text: str) -> str:
    before, _, rest = row.partition('"date":"')
    return f'{before}"date":"{text}"{rest[rest.index(chr(34)) + 1 :]}'


def test_a_row_that_an_older_release_has_loaded_leaves_and_comes_back_when_it_fits(
    open_retailer: Any, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    sales.add("old", date="1998-03-04T00:00:00")
    sales.add("new", date="2026-03-01T00:00:00")
    patient = open_retailer("patient", plausible={"first_day": "1995-01-01"})
    patient.run("r1", "sale")
    sales.change("new", date="1999-03-01T00:00:00", quantity=99_999_999.0)
    strict = open_retailer("strict")
    strict.warehouse, strict.open_engine = patient.warehouse, patient.open_engine

    strict.run("r2", "sale")
    left = strict.raw("sale").keys()
    patient.run("r3", "sale")

    # The version of "new" that RAW holds is a good one.
    assert ("old" in left, "new" in left) == (False, True)
    assert {"old", "new"} <= patient.raw("sale").keys()
