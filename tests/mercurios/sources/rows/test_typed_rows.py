"""How a wire value becomes a column, and that the fast and the exact path never disagree about it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retailer import HASH_KEY as KEY
from retailer import expected_row, hash_of
from wire import pages, row_of

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.hash_keys import key_id, keyed_contents
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.decode import decode, decode_exact
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.typed_page import TypedPage
from mercurios.sources.rows.typed_rows import type_rows
from mercurios.sources.settings import Drift

NOW = datetime(2026, 3, 4, 4, 0)


def typed(resource: Resource | str, rows: list[str], zone: str = "UTC", **options: Any) -> TypedPage:
    """Type rows as an extraction does: the fast path sees doubles, the exact path reads the bytes again."""
    declared = RESOURCES[resource] if isinstance(resource, str) else resource
    body = f"[{','.join(rows)}]".encode()
    stamp = Stamp("mini", "run", NOW, zone, options.pop("hash_key", KEY), declared.parent_key)
    return type_rows(
        declared,
        orjson.loads(body),
        stamp,
        reread=options.pop("reread", lambda: decode_exact(body)),
        **options,
    )


def only_reason(page: TypedPage) -> str:
    [rejected] = page.rejected
    return rejected.reason


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("name", RESOURCES)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_bad_row_in_the_page_changes_nothing_for_its_neighbours(
    name: str, zone: str, data: st.DataObject
) -> None:
    resource = RESOURCES[name]
    rows = data.draw(pages(resource))

    alone = typed(resource, rows, zone)
    beside = typed(resource, [*rows, '{"id":""}'], zone)

    assert beside.table.equals(alone.table)
    assert len(beside.rejected) == 1
    assert not alone.rejected


@pytest.mark.parametrize("name", RESOURCES)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_good_values_arrive_as_an_independent_reading_of_the_wire_has_them(
    name: str, data: st.DataObject
) -> None:
    resource = RESOURCES[name]
    rows = data.draw(pages(resource))
    decoded = [json.loads(row, parse_float=Decimal) for row in rows]

    table = typed(resource, rows).table

    declared = [column.name for column in resource.columns] + (
        [resource.parent_key] if resource.parent_key else []
    )
    assert table.select(declared).to_pylist() == [
        {key: expected_row(resource, row)[key] for key in declared} for row in decoded
    ]


@pytest.mark.parametrize("name", RESOURCES)
def test_an_ordinary_page_never_needs_the_exact_path(name: str) -> None:
    def refuse() -> list[dict[str, Any]]:
        raise AssertionError("the fast path refused an ordinary page")

    parent = RESOURCES[name].parent_key
    text = row_of(name, **({parent: '"p"'} if parent else {}))

    assert typed(name, [text], "Europe/Berlin", reread=refuse).table.num_rows == 1


@pytest.mark.parametrize(
    ("field", "text", "expectation"),
    [
        ("articleNumber", '"twelve"', "expected a whole number, got text"),
        ("articleNumber", "true", "expected a whole number, got boolean"),
        ("articleNumber", "1.5", "expected a whole number"),
        ("articleNumber", "9223372036854775808", "at most 63 bits"),
        ("articleNumber", "123456789012345678901234", "at most 63 bits"),
        ("salePrice", "12.345", "at most two decimals"),
        ("salePrice", "5000000000.005", "at most two decimals"),
        ("salePrice", "1e30", "below 10**16"),
        ("salePrice", "true", "expected a number with two decimals, got boolean"),
        ("salePrice", '"12,50"', "expected a number with two decimals, got text"),
        ("date", '"31.02.2026"', "expected a date such as"),
        ("date", "20260301", "expected a date such as"),
        ("lastChange", '"yesterday"', "expected an instant such as"),
        ("isDeleted", "0", "expected true or false, got number"),
        ("countryNumber", "49", "expected text, got number"),
    ],
)
def test_a_value_that_does_not_fit_quarantines_its_row_alone(field: str, text: str, expectation: str) -> None:
    good, bad = row_of("sale"), row_of("sale", id='"bad"', **{field: text})

    page = typed("sale", [good, bad, row_of("sale", id='"also good"')], first_row=100)

    assert page.table["id"].to_pylist() == ["good", "also good"]
    assert only_reason(page).startswith(f"field {field!r}: ")
    assert expectation in only_reason(page)
    assert (page.rejected[0].row_number, page.rejected[0].source_id) == (101, "bad")


@pytest.mark.parametrize("field", ["articleNumber", "salePrice", "staffNumber"])
@pytest.mark.parametrize("number", ["7." + "0" * 500, "7." + "0" * 30 + "1", "1e-400", "0e99999", "-0.0"])
def test_a_number_with_odd_digits_is_the_same_whoever_shares_its_page(field: str, number: str) -> None:
    row = row_of("sale", **{field: number})

    alone, beside = typed("sale", [row]), typed("sale", [row, '{"id":""}'])

    assert alone.table.num_rows == 1
    assert beside.table.equals(alone.table)


@pytest.mark.parametrize("year", [2026, 2037, 2038, 2262])
def test_a_summer_far_ahead_is_the_same_whoever_shares_its_page(year: int) -> None:
    row = row_of("sale", lastChange=f'"{year}-07-01T12:00:00"')

    alone, beside = (typed("sale", rows, "Europe/Berlin") for rows in ([row], [row, '{"id":""}']))

    assert alone.table.equals(beside.table)
    assert alone.table["last_change"].to_pylist() == [datetime(year, 7, 1, 10)]


@pytest.mark.parametrize("key", ["null", '""', "17", ""])
def test_a_row_without_a_usable_id_is_quarantined(key: str) -> None:
    page = typed("sale", [row_of("sale"), row_of("sale", id=key)])

    assert page.table.num_rows == 1
    assert only_reason(page) == "field 'id': expected a non-empty key"
    assert page.rejected[0].source_id is None


@pytest.mark.parametrize("key", ["abc ", " abc", "\tabc", "abc\u00a0"])
def test_a_padded_key_is_quarantined_and_the_row_of_the_key_counts_as_seen(key: str) -> None:
    page = typed("sale", [row_of("sale"), row_of("sale", id=json.dumps(key))])

    assert page.table["id"].to_pylist() == ["good"]
    assert only_reason(page) == "field 'id': expected a key without spaces around it"
    assert page.rejected[0].source_id == "abc"


@pytest.mark.parametrize("parent", ["null", "17", '""', '" p"'])
def test_a_nested_row_whose_parent_has_no_id_is_quarantined(parent: str) -> None:
    rows = [row_of("order.positions", order_id='"p"'), row_of("order.positions", order_id=parent)]

    page = typed("order.positions", rows)

    assert page.table["order_id"].to_pylist() == ["p"]
    assert only_reason(page) == "the order around the row has no usable id"


def test_whole_numbers_beyond_a_double_keep_every_digit() -> None:
    rows = [row_of("sale", articleNumber=text) for text in ("9007199254740993", "9007199254740993.0", "7.0")]

    table = typed("sale", rows).table

    assert table["article_number"].to_pylist() == [9007199254740993, 9007199254740993, 7]


@pytest.mark.parametrize("digits", ["90071992547409931", "12345678901234567890123"])
def test_codes_and_persons_numbers_beyond_a_double_are_never_guessed(digits: str) -> None:
    code = typed("articlesize", [row_of("articlesize", ean=f"{digits}.0")]).table["ean"].to_pylist()
    person = typed("sale", [row_of("sale", customerNumber="90071992547409931.0")]).table["customer_key"]

    assert code == [digits]
    assert person.to_pylist() == [hash_of(90071992547409931)]


def test_a_doubles_noise_is_no_third_decimal_on_either_path() -> None:
    noisy = row_of("sale", salePrice="19.990000000000002")

    fast, exact = typed("sale", [noisy]), typed("sale", [noisy, '{"id":""}'])

    assert fast.table["sale_price"].to_pylist() == exact.table["sale_price"].to_pylist() == [Decimal("19.99")]


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2026-01-15T12:00:00", "2026-01-15T11:00:00"),
        ("2026-07-15T12:00:00", "2026-07-15T10:00:00"),
        # The earlier of two: a cursor may not go beyond a real value.
        ("2025-10-26T02:30:00", "2025-10-26T00:30:00"),
        ("2025-03-30T02:30:00", "2025-03-30T01:30:00"),
        ("2026-07-15T12:00:00Z", "2026-07-15T12:00:00"),
        ("2026-07-15T12:00:00+05:00", "2026-07-15T07:00:00"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
        ("2026-01-15T12:00:00.9999999", "2026-01-15T11:00:00.999999"),
    ],
)
def test_local_instants_become_utc(local: str, instant: str) -> None:
    table = typed("sale", [row_of("sale", lastChange=f'"{local}"')], "Europe/Berlin").table

    assert table["last_change"].to_pylist() == [datetime.fromisoformat(instant)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("digits", range(8))
def test_fractions_of_any_length_are_cut_to_the_microsecond_on_both_paths(digits: int, zone: str) -> None:
    wire = "2026-01-15T12:00:00" + (f".{'9' * digits}" if digits else "")
    row = row_of("sale", lastChange=f'"{wire}"')

    fast, exact = typed("sale", [row], zone), typed("sale", [row, '{"id":""}'], zone)

    hour = 12 if zone == "UTC" else 11
    micros = int("9" * min(digits, 6) + "0" * (6 - min(digits, 6)))
    expected = [datetime(2026, 1, 15, hour, 0, 0, micros)]
    assert fast.table["last_change"].to_pylist() == exact.table["last_change"].to_pylist() == expected


@pytest.mark.parametrize("year", [1, 1500, 1677, 1969, 1970, 2262, 2400, 9999])
def test_a_fraction_is_cut_and_never_rounded_up_in_any_year(year: int) -> None:
    """Nanoseconds, in which instants are read where they can be, reach from 1677 to 2262."""
    wires = [f"{each:04d}-12-31T23:59:59.9999999" for each in (year, 2026)]
    rows = [row_of("sale", id=f'"{wire}"', lastChange=f'"{wire}"') for wire in wires]

    fast, exact = typed("sale", rows), typed("sale", [*rows, '{"id":""}'])

    expected = [datetime(each, 12, 31, 23, 59, 59, 999_999) for each in (year, 2026)]
    assert fast.table["last_change"].to_pylist() == exact.table["last_change"].to_pylist() == expected


def test_codes_written_as_text_keep_their_leading_zeros() -> None:
    table = typed("articlesize", [row_of("articlesize", ean='"0012345678905"')]).table

    assert table["ean"].to_pylist() == ["0012345678905"]


def test_a_value_that_no_type_can_hold_is_quarantined_and_shown_there() -> None:
    broken = {
        "currencyNumber": r'"M\ud800"',
        "salePrice": "1e400",
        "articleNumber": "NaN",
        "date": r'"\ud800"',
        "lastChange": r'"\ud800"',
        "isDeleted": "Infinity",
        "customerNumber": "1e400",
    }
    rows = [row_of("sale", id=f'"{field}"', **{field: text}) for field, text in broken.items()]
    body = f"[{','.join([row_of('sale'), *rows])}]".encode()
    stamp = Stamp("mini", "run", NOW, "UTC", KEY)

    page = type_rows(RESOURCES["sale"], decode(body), stamp, reread=lambda: decode_exact(body))

    assert page.table["id"].to_pylist() == ["good"]
    assert {row.source_id: row.field for row in page.rejected} == {field: field for field in broken}
    for row in page.rejected:
        assert row.field == "customerNumber" or "unreadable" in json.loads(row.payload)[row.field]


def test_an_unknown_field_that_nothing_can_hold_costs_no_row() -> None:
    body = f"[{row_of('sale', tier=chr(34) + chr(92) + 'ud800' + chr(34))}]".encode()
    stamp = Stamp("mini", "run", NOW, "UTC", KEY)

    page = type_rows(RESOURCES["sale"], decode(body), stamp, reread=lambda: decode_exact(body))

    assert not page.rejected
    assert json.loads(page.table["_extra"][0].as_py()) == {"tier": "object"}


def test_unknown_fields_of_ordinary_resources_keep_name_and_type_and_are_counted() -> None:
    page = typed("sale", [row_of("sale"), row_of("sale", id='"b"', tier='{"n":1.50}')])

    assert page.table["_extra"].to_pylist() == [None, '{"tier":"object"}']
    assert page.unknown_fields == {"tier": 1}
    assert not page.missing_fields


def test_an_unknown_field_whose_name_is_a_value_is_kept_and_counted_without_it() -> None:
    names = {"Erika Muster": "1", "erika@example.org": "2", "x" * 65: "3"}
    row = row_of("sale", **names)

    page = typed("sale", [row])
    held = typed("sale", [row], drift=Drift.QUARANTINE)

    assert page.table["_extra"].to_pylist() == ['{"not_an_identifier":"number"}']
    assert page.unknown_fields == held.unknown_fields == {"not_an_identifier": 1}
    assert only_reason(held) == "unknown field not_an_identifier under drift policy quarantine"


def test_a_row_in_quarantine_keeps_no_unknown_field_unless_rows_are_held() -> None:
    bad = row_of("sale", quantity='"two"', loyalCustomer='"Erika Muster"')

    payload = json.loads(typed("sale", [bad]).rejected[0].payload)
    held = json.loads(typed("sale", [bad], drift=Drift.QUARANTINE).rejected[0].payload)

    assert "loyalCustomer" not in payload
    assert held["loyalCustomer"] == "Erika Muster"


def test_the_hash_of_a_row_about_a_person_differs_by_key_and_names_its_key() -> None:
    for name in ("sale", "customer", "staff", "invoice", "payment", "credit", "voucher"):
        mine, theirs = (typed(name, [row_of(name)], hash_key=key).table for key in (KEY, b"other"))
        [one], [other] = mine["_content_hash"].to_pylist(), theirs["_content_hash"].to_pylist()
        assert one[:32] != other[:32]
        assert one[32:] == f".{key_id(KEY)}" != other[32:]


def test_who_knows_a_row_but_not_the_key_finds_no_person_by_its_hash() -> None:
    """The attack: everything of the row is known but the number, and every number is tried."""
    resource, number = RESOURCES["customer"], 4711
    [row] = [json.loads(row_of("customer", number=str(number)))]
    [found] = typed("customer", [json.dumps(row)]).table["_content_hash"].to_pylist()

    tried = []
    for guess in range(number - 5, number + 5):
        content = [
            guess if column.field == "number" else row.get(column.field) for column in resource.columns
        ]
        tried.append(hashlib.blake2b(orjson.dumps(content), digest_size=16).hexdigest())

    assert keyed_contents([tried[5]], KEY) == [found]
    assert not {found[:32], found} & set(tried)


def test_a_page_without_rows_is_typed_without_a_second_look() -> None:
    def refuse() -> list[dict[str, Any]]:
        raise AssertionError("an empty page was read again")

    assert typed("sale", [], reread=refuse).table.num_rows == 0


def test_missing_fields_are_counted_and_null() -> None:
    page = typed("sale", [row_of("sale"), row_of("sale", id='"b"', salePrice="")])

    assert page.missing_fields["salePrice"] == 1
    assert page.table["sale_price"].to_pylist() == [Decimal("12.50"), None]


@pytest.mark.parametrize("name", ["customer", "staff"])
def test_dropped_and_unknown_fields_of_people_never_leave_the_typing(name: str) -> None:
    dropped = dict.fromkeys(RESOURCES[name].dropped, '"Erika Muster"')
    secret = {**dropped, "favouriteDoctor": '"Erika Muster"'}
    good = row_of(name, **secret)
    bad = row_of(name, **{**secret, "id": '"bad"', "lastChange": '"Erika Muster"'})

    page = typed(name, [good, bad])
    alone = typed(name, [good])

    assert "Erika" not in str(page.table.to_pylist()) + str(alone.table.to_pylist())
    assert "Erika" not in only_reason(page)
    assert page.unknown_fields == {"favouriteDoctor": 2}
    assert set(page.table.schema.names) == set(alone.table.schema.names)
    kept = json.loads(page.rejected[0].payload)
    assert set(kept) <= RESOURCES[name].fields


def test_quarantine_never_shows_a_persons_number_nor_a_name_in_its_place() -> None:
    number = row_of("sale", customerNumber="815815815", salePrice='"n/a"')
    name = row_of("sale", customerNumber='"Erika Muster"', cashierNumber="815815815.0")

    page = typed("sale", [number, name])

    shown = [f"{row.reason} {row.payload}" for row in page.rejected]
    assert not [text for text in shown if "815815815" in text or "Erika" in text]
    assert json.loads(page.rejected[0].payload)["customerNumber"] == hash_of(815815815)
    assert page.rejected[1].reason == "field 'customerNumber': expected a whole number, got text"
    assert json.loads(page.rejected[1].payload)["customerNumber"] is False


def test_quarantine_keeps_numbers_as_they_came() -> None:
    bad = row_of("sale", salePrice='"n/a"', quantity="1.10", articleNumber="123456789012345678901234")

    payload = typed("sale", [bad]).rejected[0].payload

    assert '"quantity":1.10,' in payload
    assert '"articleNumber":123456789012345678901234,' in payload


def test_the_drift_policy_quarantine_names_the_unknown_field() -> None:
    page = typed("sale", [row_of("sale"), row_of("sale", id='"b"', tier="1")], drift=Drift.QUARANTINE)

    assert page.table["id"].to_pylist() == ["good"]
    assert only_reason(page) == "unknown field tier under drift policy quarantine"


def test_a_person_has_one_key_in_every_resource_and_another_under_another_hash_key() -> None:
    columns = [(r, c) for r in RESOURCES.values() for c in r.columns if c.type is ColumnType.KEY_HASH]

    keys = {typed(r, [row_of(r.name, **{c.field: "4711"})]).table[c.name][0].as_py() for r, c in columns}
    other = typed("sale", [row_of("sale", customerNumber="4711")], hash_key=b"other").table["customer_key"]
    no_person = [
        typed("sale", [row_of("sale", customerNumber=t)]).table["customer_key"] for t in ("0", "0.0", "null")
    ]

    assert len(columns) > 8
    assert keys == {hash_of(4711)}
    assert other.to_pylist() == [hash_of(4711, b"other")] != [hash_of(4711)]
    assert [column.to_pylist() for column in no_person] == [[None]] * 3


def test_a_change_in_a_dropped_field_is_no_change() -> None:
    before = typed("branch", [row_of("branch", email='"a@example.org"')]).table["_content_hash"]
    after = typed("branch", [row_of("branch", email='"b@example.org"')]).table["_content_hash"]
    moved = typed("branch", [row_of("branch", city='"elsewhere"')]).table["_content_hash"]

    assert before.equals(after)
    assert not before.equals(moved)


def test_an_empty_page_has_the_landed_schema() -> None:
    for resource in RESOURCES.values():
        table = typed(resource, []).table
        assert (table.num_rows, table.schema.names[0]) == (0, "tenant_id")
        assert isinstance(table, pa.Table)


def test_rows_are_counted_from_none_on_unless_pages_came_before() -> None:
    bad = row_of("sale", id='""')

    assert [row.row_number for row in typed("sale", [bad, bad]).rejected] == [0, 1]
    assert [row.row_number for row in typed("sale", [bad], first_row=50).rejected] == [50]
