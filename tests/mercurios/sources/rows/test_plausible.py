"""What a type can hold and no retailer can mean costs its row alone, in both ways of typing."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from wire import row_of

from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.decode import decode, decode_exact
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.plausible import NO_DAYS
from mercurios.sources.rows.typed_page import TypedPage
from mercurios.sources.rows.typed_rows import type_rows
from mercurios.sources.settings import Bounds, Plausible

LONG = "x" * 65_536
BOUNDS = Bounds(first_day=date(2021, 1, 1), last_day=date(2027, 3, 4))


def typed(
    name: str, *rows: str, zone: str = "Europe/Berlin", source: str = "UTC", local: bool = False
) -> TypedPage:
    body = f"[{','.join(rows)}]".encode()
    stamp = Stamp(
        "mini",
        "run",
        datetime(2026, 3, 4),
        source,
        b"tests",
        business_zone=zone,
        local_days=local,
        bounds=BOUNDS,
    )
    return type_rows(RESOURCES[name], decode(body), stamp, reread=lambda: decode_exact(body))


@pytest.mark.parametrize(
    ("resource", "field", "value"),
    [
        ("sale", "date", '"1970-01-01T00:00:00"'),
        ("sale", "date", '"1924-05-02T00:00:00"'),
        ("sale", "date", '"1990-01-01T00:00:00"'),
        ("sale", "date", '"0001-01-01T00:00:00"'),
        ("sale", "date", '"2020-12-31T00:00:00"'),
        ("sale", "date", '"2027-03-05T00:00:00"'),
        ("sale", "date", '"9999-12-31T00:00:00"'),
        ("sale", "quantity", "4012345678901"),
        ("sale", "quantity", "-1000000.01"),
        ("sale", "salePrice", "40123456"),
        ("sale", "purchasePrice", "9999999999999999.99"),
        ("sale", "time", "86400"),
        ("sale", "time", "-1"),
        ("sale", "time", "999999999999"),
        ("sale", "currencyNumber", r'"EUR\u0000"'),
        ("sale", "id", r'"a\u001b[2J"'),
        ("articlesize", "stockQuantity", "4012345678901"),
        ("articlesize", "firstSaleDate", '"0202-05-02T00:00:00"'),
        ("articlesize", "lastSaleDate", '"2203-05-02T00:00:00"'),
        ("articlesize", "ean", r'"401\u0007"'),
        ("articlesize", "ean", "1e60"),
        ("article", "text1", r'"a\u000bb"'),
        ("article", "text1", f'"{LONG}x"'),
        ("articlesize", "ean", f'"{LONG[2:]}ä€"'),
        ("sale", "id", f'"{LONG}x"'),
    ],
)
def test_a_value_no_one_can_mean_sets_its_row_aside_alone(resource: str, field: str, value: str) -> None:
    good, bad = row_of(resource), row_of(resource, **{"id": '"bad"', field: value})

    page = typed(resource, good, bad, row_of(resource, id='"also good"'))

    assert page.table["id"].to_pylist() == ["good", "also good"]
    [rejected] = page.rejected
    assert (rejected.field, rejected.reason.startswith(f"field {field!r}: expected")) == (field, True)
    assert decode_exact(rejected.payload)[field] == decode_exact(value)


@pytest.mark.parametrize(
    ("resource", "field", "value"),
    [
        ("sale", "date", '"2021-01-01T00:00:00"'),
        ("sale", "date", '"2027-03-04"'),
        ("sale", "quantity", "-1000000"),
        ("sale", "quantity", "80995"),
        ("sale", "salePrice", "9999999.99"),
        ("sale", "time", "86399"),
        ("articlesize", "firstSaleDate", '"1990-01-01T00:00:00"'),
        ("articlesize", "firstSaleDate", '"0001-01-01T00:00:00"'),
        ("articlesize", "firstSaleDate", '"1987-02-03T00:00:00"'),
        ("article", "text1", '"two\\nlines\\tand \x7f \x96 \u00a0"'),
        ("article", "text1", f'"{LONG}"'),
    ],
)
def test_a_value_at_the_bounds_loads_without_a_second_look(resource: str, field: str, value: str) -> None:
    def refuse() -> Any:
        raise AssertionError("the fast way refused a plausible value")

    stamp = Stamp("mini", "run", datetime(2026, 3, 4), "UTC", b"tests", bounds=BOUNDS)
    page = type_rows(
        RESOURCES[resource], [json.loads(row_of(resource, **{field: value}))], stamp, reread=refuse
    )

    assert page.table.num_rows == 1


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T00:00:00", "2026-03-01"),
        ("2026-03-01 00:00", "2026-03-01"),
        ("2026-03-01T00:00:00.0000000", "2026-03-01"),
        # Midnights as they are written, whatever the zone.
        ("2026-03-01T00:00:00Z", "2026-03-01"),
        ("2026-03-01T00:00:00+01:00", "2026-03-01"),
        ("2026-03-01T00:00:00-05:00", "2026-03-01"),
        # Midnights of the shops, written in UTC with and without its sign.
        ("2026-02-28T23:00:00Z", "2026-03-01"),
        ("2026-02-28T23:00:00", "2026-03-01"),
        ("2026-06-30T22:00:00.000Z", "2026-07-01"),
        # Ends of days.
        ("2026-03-01T23:59:59", "2026-03-01"),
        ("2026-03-01T22:59:59.999Z", "2026-03-01"),
        ("2026-03-01T14:30:00Z", None),
        ("2026-03-01T14:30:00", None),
        ("2026-06-30T23:00:00Z", None),
        ("2026-03-01 or so", None),
        ("0001-01-01T00:00:01+14:00", None),
    ],
)
def test_an_instant_is_the_day_whose_midnight_it_is_or_no_day(written: str, day: str | None) -> None:
    row = row_of("sale", date=f'"{written}"')

    alone, beside = typed("sale", row), typed("sale", row, '{"id":""}')

    expected = [] if day is None else [date.fromisoformat(day)]
    assert alone.table["date"].to_pylist() == beside.table["date"].to_pylist() == expected


def test_an_export_writes_the_time_of_the_shops() -> None:
    rows = [
        row_of("sale", id=f'"{number}"', date=f'"{text}"')
        for number, text in enumerate(["2026-03-01 14:30:00", "2026-03-01T23:30:00Z", "2026-03-01T23:30:00"])
    ]

    assert typed("sale", *rows, local=True).table["date"].to_pylist() == [
        date(2026, 3, 1),
        date(2026, 3, 2),
        date(2026, 3, 1),
    ]


def test_an_undeclared_field_has_the_same_type_whoever_shares_its_page() -> None:
    texts = ("123456789012345678901234", "0.12345678901234567890", "1.50", '{"a":[9007199254740993.0]}')

    pages = [
        typed("sale", row_of("sale", tier=text), *more) for text in texts for more in ([], ['{"id":""}'])
    ]

    assert [page.table["_extra"][0].as_py() for page in pages] == [
        f'{{"tier":"{kind}"}}' for kind in ("number", "number", "number", "object") for _ in range(2)
    ]


def test_what_is_booked_may_lie_ahead_of_the_later_clock_by_a_year() -> None:
    assert Plausible().bounds(datetime(2026, 3, 4)).last_day == date(2027, 3, 5)


def test_the_greatest_bounds_of_a_tenant_file_fit_every_amount_of_the_marts() -> None:
    greatest = {
        name: field.metadata[1].le
        for name, field in Plausible.model_fields.items()
        if "most" in name or "largest" in name
    }

    assert greatest["most_units"] * greatest["largest_amount"] < 10**16


def test_what_passes_as_no_day_is_null_in_staging(root: Path) -> None:
    macro = (root / "include" / "dbt" / "macros" / "cleaning.sql").read_text(encoding="utf-8")

    written = re.findall(r"'(\d{4}-\d\d-\d\d)'", macro.partition("set no_days")[2])

    assert [date.fromisoformat(day) for day in written] == list(NO_DAYS)
