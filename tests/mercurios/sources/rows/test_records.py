"""The short way of a page, and that it never disagrees with the longer one."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import pages, row_of

from mercurios.sources.prohandel.resources import CONTRACT, RESOURCES
from mercurios.sources.rows.arrow_buffers import floats, texts
from mercurios.sources.rows.decode import decode, decode_exact
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.records import records_of
from mercurios.sources.rows.typed_page import TypedPage
from mercurios.sources.rows.typed_rows import type_records, type_rows

NOW = datetime(2026, 3, 4, 4, 0)
KEY = b"tests"


def by_records(name: str, rows: list[str], zone: str = "UTC") -> TypedPage | None:
    """Type rows the short way; None where it leaves the page to the longer one."""
    decoder = records_of(RESOURCES[name])
    records = decoder.decode(f"[{','.join(rows)}]".encode()) if decoder else None
    return records and type_records(RESOURCES[name], records, Stamp("mini", "run", NOW, zone, KEY))


FLAT = sorted(name for name in CONTRACT.collections if not CONTRACT.children_of(name))

_unusual = st.sampled_from(
    [
        "true",
        "null",
        "1e400",
        "1e-400",
        "-0",
        "-0.0",
        "1.005",
        "9007199254740993",
        "123456789012345678901234567890",
        '""',
        '" "',
        '"7"',
        '"\\ud800"',
        '"\\u0000"',
        '"2026-03-01"',
        '"2026-03-01 10:00:00"',
        '"0000-01-01T00:00:00"',
        '"2026-03-01T10:00:00Z"',
        '"2026-03-01T10:00:00.123456+01"',
        '"2026-03-01T10:00:00.1234567"',
        "{}",
        "[1]",
    ]
)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("name", FLAT)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_records_are_typed_as_objects_are(name: str, zone: str, data: st.DataObject) -> None:
    rows = data.draw(pages(RESOURCES[name]))
    with_dropped = [with_fields(row, dict.fromkeys(RESOURCES[name].dropped, '"x"')) for row in rows]

    short = by_records(name, with_dropped, zone)

    assert short is None or short.table.equals(by_objects(name, rows, zone).table)
    assert short is None or (short.rejected, short.unknown_fields, short.missing_fields) == ([], {}, {})


@pytest.mark.parametrize("name", FLAT)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_value_that_records_take_is_one_that_objects_take_alike(name: str, data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(RESOURCES[name].columns))
    dropped = dict.fromkeys(RESOURCES[name].dropped, "null")
    row = with_fields(row_of(name, **{column.field: data.draw(_unusual)}), dropped)

    short = by_records(name, [row])

    if short is not None:
        longer = by_objects(name, [row])
        assert longer.rejected == []
        assert short.table.equals(longer.table)


@pytest.mark.parametrize("name", FLAT)
def test_a_good_page_is_typed_the_short_way(name: str) -> None:
    dropped = dict.fromkeys(RESOURCES[name].dropped, "null")

    assert by_records(name, [with_fields(row_of(name), dropped)]) is not None


@pytest.mark.parametrize("change", [{"loyaltyTier": "1"}, {"date": ""}])
def test_a_field_more_or_less_takes_the_longer_way(change: dict[str, str]) -> None:
    dropped = dict.fromkeys(RESOURCES["sale"].dropped, "null")
    row = row_of("sale", **{name: text for name, text in change.items() if not text})

    assert by_records("sale", [with_fields(row, dropped | {k: v for k, v in change.items() if v})]) is None


@given(
    st.lists(
        st.none() | st.text(max_size=5) | st.just("x" * 300) | st.sampled_from(["", "a", "ä", "\U0001f600"])
    )
)
@settings(deadline=None)
def test_texts_are_put_together_as_arrow_would(values: list[str | None]) -> None:
    column = texts(values)

    column.validate(full=True)
    assert column.equals(pa.array(values, pa.string()))


@pytest.mark.parametrize("values", [["a", 1], [b"a", {}], [True], ["\ud800"], [1.5, 1.5]])
def test_what_is_no_text_is_refused(values: list[Any]) -> None:
    with pytest.raises((pa.ArrowException, TypeError, ValueError)):
        texts(values)


@pytest.mark.parametrize("values", [[1.5, -0.0, 1e300], [1.5, None], [1, 2.5], [], [None], [2**53]])
def test_floating_numbers_are_the_column_that_arrow_makes(values: list[Any]) -> None:
    column = floats(values)

    column.validate(full=True)
    assert column.equals(pa.array(values, pa.float64()))


@pytest.mark.parametrize("values", [["a"], [1.5, "a"], [{}]])
def test_what_is_no_number_is_refused(values: list[Any]) -> None:
    with pytest.raises((pa.ArrowException, TypeError, ValueError)):
        floats(values)


@pytest.mark.parametrize("resource", ["sale", "articlesize"])
def test_a_process_that_types_rows_loads_no_pandas(root: Path, resource: str) -> None:
    dropped = dict.fromkeys(RESOURCES[resource].dropped, "null")
    body = f"[{with_fields(row_of(resource), dropped)}]"
    script = (
        "import sys\n"
        "from datetime import datetime\n"
        "from mercurios.sources.rows.records import records_of\n"
        "from mercurios.sources.prohandel.resources import RESOURCES\n"
        "from mercurios.sources.rows.landed_table import Stamp\n"
        "from mercurios.sources.rows.typed_rows import type_records\n"
        f"resource = RESOURCES['{resource}']\n"
        "records = records_of(resource).decode(sys.stdin.buffer.read())\n"
        "stamp = Stamp('mini', 'run', datetime(2026, 3, 4), 'UTC', b'tests')\n"
        "page = type_records(resource, records, stamp)\n"
        "print(page.table.num_rows, 'pandas' in sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root / "include")}

    done = subprocess.run(
        [sys.executable, "-c", script],
        input=body,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["1", "False"]


@pytest.mark.parametrize("name", FLAT)
def test_an_ordinary_page_takes_the_short_way(name: str) -> None:
    dropped = dict.fromkeys(RESOURCES[name].dropped, '"x"')

    short = by_records(name, [with_fields(row_of(name), dropped)])

    assert short is not None
    assert short.table.num_rows == 1


def with_fields(row: str, fields: dict[str, str]) -> str:
    """Add fields to a row's JSON text."""
    return row[:-1] + "".join(f',"{name}":{text}' for name, text in fields.items()) + "}"


def by_objects(name: str, rows: list[str], zone: str = "UTC") -> TypedPage:
    """Type rows the longer way, from their bytes as a client decodes them."""
    body = f"[{','.join(rows)}]".encode()
    stamp = Stamp("mini", "run", NOW, zone, KEY)
    return type_rows(RESOURCES[name], decode(body), stamp, reread=lambda: decode_exact(body))
