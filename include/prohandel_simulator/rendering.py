"""Turns columns or single rows into the exact bytes ProHandel writes.

Worlds hold up to half a million sale lines, so columns are rendered by Arrow in one pass and kept as one blob with
offsets. Every row starts with a comma: a page is then a slice without its first byte, put between brackets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from prohandel_simulator import schema

Columns = Mapping[str, Any]
TICKS = 10_000_000
"""`lastChange` counts 100-nanosecond ticks; this many make a second."""
_CHUNK = 50_000
_DEFAULTS: dict[str, Any] = {
    "int": 0,
    "dec2": 0,
    "dbl": 0,
    "num": 0.0,
    "str": "",
    "bool": False,
    "dt": None,
    "null": None,
    "list": [],
}


class Coded(NamedTuple):
    """A column given as codes into a short list of values."""

    codes: np.ndarray
    values: list[Any]


@dataclass(frozen=True)
class Rendered:
    """Rows in list order: their bytes, where each begins, and what the store needs to know about them."""

    blob: Any
    offsets: np.ndarray
    ticks: np.ndarray
    keys: np.ndarray
    deleted: np.ndarray

    def __len__(self) -> int:
        return len(self.ticks)


def uuids(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return `count` version 4 UUID texts as an array of ASCII bytes, one row each."""
    raw = rng.integers(0, 256, size=(count, 16), dtype=np.uint8)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    pairs = np.stack([digits[raw >> 4], digits[raw & 15]], axis=2).reshape(count, 32)
    text = np.full((count, 36), ord("-"), dtype=np.uint8)
    for target, source, width in ((0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12)):
        text[:, target : target + width] = pairs[:, source : source + width]
    return text


def zoned_ticks(ticks: np.ndarray, zone: str) -> np.ndarray:
    """Move UTC ticks to the wall clock of a zone."""
    if zone == "UTC":
        return ticks
    info = ZoneInfo(zone)
    hours, back = np.unique(ticks // (3600 * TICKS), return_inverse=True)
    offsets = [datetime.fromtimestamp(int(hour) * 3600, UTC).astimezone(info).utcoffset() for hour in hours]
    seconds = np.array([int(offset.total_seconds()) if offset else 0 for offset in offsets], dtype=np.int64)
    return np.asarray(ticks + seconds[back] * TICKS)


def tick_text(ticks: int) -> str:
    """Write ticks as the wire does: no zone, fraction with trailing zeros trimmed."""
    seconds, fraction = divmod(int(ticks), TICKS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{fraction:07d}".rstrip("0") if fraction else "")


def _ascii(rows: np.ndarray) -> pa.Array:
    count, width = rows.shape
    offsets = np.arange(count + 1, dtype=np.int32) * width
    data = np.ascontiguousarray(rows)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _quoted(values: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', values, '"', "")


def _seconds_text(values: np.ndarray) -> pa.Array:
    text = np.datetime_as_string(values.astype("datetime64[s]")).astype("S19")
    return _ascii(text.view(np.uint8).reshape(len(values), 19))


def _int(values: Any) -> pa.Array:
    return pa.array(np.asarray(values, dtype=np.int64)).cast(pa.string())


def _dec2(values: Any) -> pa.Array:
    cents = np.asarray(values, dtype=np.int64)
    words = np.stack([cents, cents >> 63], axis=1)
    decimals = pa.Array.from_buffers(
        pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(np.ascontiguousarray(words))]
    )
    return decimals.cast(pa.string())


def _dt(values: Any) -> pa.Array:
    instants = np.asarray(values, dtype="datetime64[s]")
    missing = np.isnat(instants)
    text = _quoted(_seconds_text(np.where(missing, np.datetime64(0, "s"), instants)))
    return pc.if_else(pa.array(missing), "null", text) if missing.any() else text


def _ts(values: Any) -> pa.Array:
    seconds, fraction = np.divmod(np.asarray(values, dtype=np.int64), TICKS)
    digits = fraction[:, None] // 10 ** np.arange(6, -1, -1) % 10 + ord("0")
    text = pc.binary_join_element_wise(
        _seconds_text(seconds.astype("datetime64[s]")), _ascii(digits.astype(np.uint8)), "."
    )
    return _quoted(pc.utf8_rtrim(pc.utf8_rtrim(text, "0"), "."))


def _text(values: Any) -> pa.Array:
    return pa.array([orjson.dumps(value).decode() for value in values], type=pa.string())


_COLUMN: dict[str, Callable[[Any], pa.Array]] = {
    "int": _int,
    "dec2": _dec2,
    "dbl": lambda values: pc.binary_join_element_wise(_int(values), ".0", ""),
    "num": lambda values: pa.array([repr(float(value)) for value in values]),
    "str": _text,
    "bool": lambda values: pc.if_else(pa.array(np.asarray(values, dtype=bool)), "true", "false"),
    "uuid": lambda values: _quoted(_ascii(values)),
    "dt": _dt,
    "ts": _ts,
    "list": lambda values: values,
}


def _constant(kind: str, value: Any) -> str:
    if value is None:
        return "null"
    if kind == "list":
        return "[]"
    return str(_COLUMN[kind]([value])[0].as_py())


def _piece(kind: str, column: Any, part: slice) -> pa.Array:
    if isinstance(column, Coded):
        values = _COLUMN[kind](column.values)
        return values.take(pa.array(column.codes[part]))
    return _COLUMN[kind](column[part])


def _is_column(value: Any) -> bool:
    return isinstance(value, np.ndarray | list | Coded | pa.Array)


def render_columns(resource: str, columns: Columns, part: slice, zone: str = "UTC") -> pa.Array:
    """Render the rows of one slice; a scalar is the same in every row, a missing field takes its kind's default."""
    pieces: list[Any] = []
    literal = ",{"
    for field in schema.FIELDS[resource]:
        literal += f'"{field.name}":'
        value = columns.get(field.name, _DEFAULTS.get(field.kind))
        if not _is_column(value) or (field.kind == "list" and not len(value)):
            literal += _constant(field.kind, value) + ","
            continue
        if field.kind == "ts" and zone != "UTC":
            value = zoned_ticks(np.asarray(value), zone)
        pieces += [literal, _piece(field.kind, value, part)]
        literal = ","
    pieces.append(literal.rstrip(",") + "}")
    return pc.binary_join_element_wise(*pieces, "")


def _reordered(value: Any, order: np.ndarray) -> Any:
    if isinstance(value, Coded):
        return Coded(value.codes[order], value.values)
    if isinstance(value, pa.Array):
        return value.take(pa.array(order))
    if isinstance(value, list):
        return [value[index] for index in order]
    return value[order] if isinstance(value, np.ndarray) else value


def array_bytes(rows: pa.Array) -> tuple[memoryview, np.ndarray]:
    """Return the bytes of a text array and the offsets of its rows in them."""
    if not len(rows):
        return memoryview(b""), np.zeros(1, dtype=np.int64)
    _, offsets, data = rows.buffers()
    starts = np.frombuffer(offsets, dtype=np.int32)[rows.offset : rows.offset + len(rows) + 1].astype(
        np.int64
    )
    return memoryview(data)[starts[0] : starts[-1]], starts - starts[0]


def in_list_order(resource: str, columns: Columns, count: int) -> tuple[dict[str, Any], np.ndarray]:
    """Sort the columns into the order in which the API lists them; return them with their sort keys."""
    keys = schema.sort_key(resource, dict(columns)) if count else None
    if keys is None:
        return dict(columns), np.arange(count, dtype=np.int64)
    keys = np.asarray(keys, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    return {name: _reordered(value, order) for name, value in columns.items()}, keys[order]


def chunks(resource: str, columns: Columns, count: int, zone: str) -> Iterator[pa.Array]:
    """Render in slices, so that memory stays flat however long the table is."""
    for start in range(0, count, _CHUNK):
        yield render_columns(resource, columns, slice(start, min(start + _CHUNK, count)), zone)


def nested(rows: pa.Array, starts: np.ndarray) -> pa.Array:
    """Join rendered rows into JSON arrays; `starts` has one more entry than there are arrays."""
    lists = pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), rows)
    inner = pc.utf8_slice_codeunits(pc.binary_join(lists, ""), 1)
    return pc.binary_join_element_wise("[", inner, "]", "")


_FORMATS: dict[str, Callable[[Any], str]] = {
    "int": lambda value: str(int(value)),
    "dec2": lambda value: f"{value:.2f}",
    "dbl": lambda value: f"{int(value)}.0",
    "num": lambda value: repr(float(value)),
    "bool": lambda value: "true" if value else "false",
}


def render_row(resource: str, row: Mapping[str, Any]) -> bytes:
    """Render one row given as wire values (the dict that parsing a rendered row gives); no leading comma."""
    parts = []
    for name, kind in schema.FIELDS[resource]:
        value = row.get(name, _DEFAULTS.get(kind))
        if value is None:
            text = "null"
        elif kind == "list":
            text = "[" + ",".join(render_row(f"{resource}.{name}", item).decode() for item in value) + "]"
        elif kind in _FORMATS:
            text = _FORMATS[kind](value)
        else:
            text = orjson.dumps(value).decode()
        parts.append(f'"{name}":{text}')
    return ("{" + ",".join(parts) + "}").encode()
