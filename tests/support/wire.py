"""Rows as the wire has them: JSON texts that fit a contract, drawn or plain."""

from __future__ import annotations

import json
from datetime import date, datetime

from hypothesis import strategies as st

from mercurios.sources.contract import Column, ColumnType, Meaning, Resource
from mercurios.sources.prohandel.resources import RESOURCES

_whole = st.integers(-(2**63), 2**63 - 1).map(str) | st.integers(-(2**53) + 1, 2**53 - 1).map(
    lambda n: f"{n}.0"
)
_codes = st.integers(10**12, 10**13 - 1)
_cents = st.integers(-(10**8), 10**8) | st.integers(-100_000, 100_000)
_booked = st.dates(date(2000, 1, 1), date(2030, 12, 31))
_days = st.dates(date(1990, 1, 1), date(2030, 12, 31)) | st.sampled_from([date(1, 1, 1), date(9999, 12, 31)])
_letters = st.characters(
    codec="utf-8", exclude_characters=[*map(chr, range(9)), "\v", "\f", *map(chr, range(14, 32))]
)
_digits = st.text("0123456789", max_size=7)
_moments = st.datetimes(datetime(1990, 1, 1), datetime(2030, 12, 31)) | st.sampled_from(
    [
        # Does not exist in Berlin.
        datetime(2025, 3, 30, 2, 30),
        # Exists twice.
        datetime(2025, 10, 26, 2, 30),
        datetime(2025, 10, 26, 3, 0),
        # .NET's "never".
        datetime(1, 1, 1),
    ]
)
_instants = st.tuples(_moments, _digits).map(
    lambda both: f'"{both[0].isoformat()[:19]}{"." if both[1] else ""}{both[1]}"'
)


def wire(column: Column) -> st.SearchStrategy[str]:
    """JSON texts of values that fit a column."""
    kinds: dict[ColumnType, st.SearchStrategy[str]] = {
        ColumnType.INTEGER: (
            st.integers(0, 86_399).map(str)
            if column.meaning is Meaning.SECONDS
            else _whole | _codes.map(lambda n: f"{n}.0")
        ),
        ColumnType.DECIMAL: _cents.map(lambda n: f"{'-' if n < 0 else ''}{abs(n) // 100}.{abs(n) % 100:02d}"),
        ColumnType.FLOAT: st.floats(-1e9, 1e9).map(repr) | st.integers(-(10**6), 10**6).map(str),
        ColumnType.TEXT: st.text(_letters, max_size=8).map(json.dumps),
        ColumnType.CODE: st.text("0123456789AB-", max_size=13).map(json.dumps)
        | _codes.map(str)
        | _codes.map(lambda n: f"{n}.0"),
        ColumnType.BOOLEAN: st.sampled_from(["true", "false"]),
        ColumnType.DATE: (_booked if column.meaning is Meaning.BOOKED else _days).map('"{}T00:00:00"'.format),
        ColumnType.TIMESTAMP: _instants,
        ColumnType.KEY_HASH: st.integers(0, 10**9).map(str) | st.integers(0, 10**9).map(lambda n: f"{n}.0"),
    }
    return kinds[column.type] | st.just("null")


@st.composite
def pages(draw: st.DrawFn, resource: Resource) -> list[str]:
    """JSON texts of the rows of one page."""
    rows = []
    for number in range(draw(st.integers(1, 3))):
        cells = {c.field: draw(wire(c)) for c in resource.columns}
        cells["id"] = f'"id-{number}"'
        if resource.parent_key:
            cells[resource.parent_key] = '"parent"'
        rows.append("{" + ",".join(f'"{name}":{text}' for name, text in cells.items()) + "}")
    return rows


def row_of(resource: str, **texts: str) -> str:
    """One good row of a resource as JSON text; keywords replace the texts of single fields."""
    plain = {
        ColumnType.INTEGER: "7",
        ColumnType.DECIMAL: "12.50",
        ColumnType.FLOAT: "1.0",
        ColumnType.TEXT: '"text"',
        ColumnType.CODE: '"code"',
        ColumnType.BOOLEAN: "false",
        ColumnType.DATE: '"2026-03-01T00:00:00"',
        ColumnType.TIMESTAMP: '"2026-03-01T10:00:00.1234567"',
        ColumnType.KEY_HASH: "4711",
    }
    cells = {column.field: plain[column.type] for column in RESOURCES[resource].columns}
    cells |= {"id": '"good"', **texts}
    return "{" + ",".join(f'"{name}":{text}' for name, text in cells.items() if text) + "}"
