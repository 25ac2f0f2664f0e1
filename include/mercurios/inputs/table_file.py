"""The one reader of tables that people save for a command: panels, plans, initial stocks, earlier forecasts.

CSV as spreadsheets and ERPs write it, Parquet and Arrow files of any library, and Excel workbooks. Which it is, the
first bytes say. What is read is plain: names without blanks around them, text, numbers, dates and instants, and no type
that only one library has.
"""

from __future__ import annotations

import csv
import io
import mmap
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mercurios.inputs.text import shown

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITER = b"mercurios.delimiter"
"""Key of the table's metadata: what separated the columns of a CSV file; empty for cells of a workbook."""

_HEAD = 64 * 1024
# Every column is looked at beside every other; no table that people save comes near.
_MOST_COLUMNS = 1_000
# A workbook of a million rows is smaller; a few hundred bytes may unpack to any size.
_MOST_UNPACKED = 512 * 1024 * 1024
_MARKS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "is a workbook of an old Excel; save it as .xlsx or CSV",
    b"\x1f\x8b": "is compressed; unpack it",
    b"BZh": "is compressed; unpack it",
    b"\x28\xb5\x2f\xfd": "is compressed; unpack it",
    b"7z\xbc\xaf": "is compressed; unpack it",
    b"\xfd7zXZ": "is compressed; unpack it",
    b"<": "is a page of HTML or XML; save it as .xlsx or CSV",
    b"%PDF": "is a PDF; save the table as .xlsx or CSV",
    b"FEA1": "is a file of an old Feather; save it as Parquet",
    b"\xff\xff\xff\xff": "is a stream of Arrow; save it as a file of Arrow or as Parquet",
}
_DELIMITERS = ",;\t|"


class TableError(ValueError):
    """A table that cannot be used; says which column and row, and what is expected there."""

    def __init__(self, column: str, row: int | None, problem: str) -> None:
        where = f"column '{column}': " if row is None else f"column '{column}', row {row}: "
        super().__init__(f"{where if column else ''}{problem}")
        self.column = column
        self.row = row
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Form:
    """How a CSV file is written.

    Attributes:
        encoding: of its letters.
        delimiter: between its columns.
        skipped: lines before its header.
        names: its header.
    """

    encoding: str
    delimiter: str
    skipped: int
    names: list[str]


def read_table(path: Path, *, texts: Sequence[str] = (), known: Sequence[str] = ()) -> pa.Table:
    """Read a table.

    Args:
        path: the file.
        texts: columns of a CSV file whose values stay as they are written, such as keys with zeros before them.
        known: names of columns that are meant in capitals too.

    Raises:
        TableError: there is no such file, it is no table, or two of its columns have one name.
    """
    import pyarrow as pa

    if not path.is_file():
        raise TableError("", None, f"{path} {'is no file' if path.exists() else 'does not exist'}")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise TableError("", None, f"{path.name} is no Parquet or CSV file: it is empty")
    for mark, problem in _REFUSED.items():
        if head.startswith(mark):
            raise TableError("", None, f"{path.name} {problem}")
    try:
        return _named(_reader(head)(path, head, texts), known)
    except (pa.ArrowException, OSError, UnicodeError, csv.Error, KeyError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError("", None, f"{path.name} is no Parquet or CSV file: {shown(message, 200)}") from error


def _reader(head: bytes) -> Callable[[Path, bytes, Sequence[str]], pa.Table]:
    if head.startswith(b"PAR1"):
        return _parquet
    if head.startswith(b"ARROW1"):
        return _arrow
    return _workbook if head.startswith(b"PK\x03\x04") else _csv


def _parquet(path: Path, head: bytes, texts: Sequence[str]) -> pa.Table:
    import pyarrow.parquet as pq

    # As one file: a table of several would take columns from the names of the folders too.
    with pq.ParquetFile(path) as file:
        return _plain(file.read())


def _arrow(path: Path, head: bytes, texts: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
    # What a damaged file says of itself would otherwise be followed out of memory.
    table.validate(full=True)
    return _plain(table)


def _workbook(path: Path, head: bytes, texts: Sequence[str]) -> pa.Table:
    """Read a sheet of an Excel workbook."""
    import pyarrow as pa

    with path.open("rb") as file:
        rows = list(sheet_rows(file, path.name))
    if not rows:
        raise TableError("", None, f"{path.name} is empty: expected a line with the names of the columns")
    width = max(map(len, rows))
    _check_width(width)
    header, *further = (row + (None,) * (width - len(row)) for row in rows)
    names = ["" if name is None else str(name) for name in header]
    cells = list(zip(*further, strict=True)) or [()] * width
    table = pa.table([pa.array(_of_one_type(column)) for column in cells], names=names)
    return _without_blank_end(table).replace_schema_metadata({DELIMITER: b""})


def sheet_rows(file: IO[bytes], name: str, sheet: str | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of an Excel workbook that hold something, the header and then rows that are as long, or longer.

    Args:
        file: the open workbook.
        name: what messages call it.
        sheet: of the workbook; None takes the first that people see.

    Raises:
        TableError: it is no workbook, is damaged, or has no such sheet.
    """
    import openpyxl

    try:
        _check_unpacked(file, name)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheets = {each.title: each for each in book.worksheets}
        seen = [title for title, each in sheets.items() if each.sheet_state == "visible"]
        title = sheet or next(iter(seen or sheets), None)
        rows = _filled_rows(sheets[title]) if title in sheets else None
        if rows is not None:
            yield from rows
    except TableError:
        raise
    # A workbook is a dozen files of XML that refer to one another; what is wrong with one shows in any way.
    except Exception as error:
        kind = type(error).__name__
        raise TableError("", None, f"{name} is no Excel workbook, or is damaged: {kind}") from error
    if rows is None:
        missing = f"no sheet {sheet!r}; its sheets: {', '.join(sheets)}" if sheet else "no sheet with cells"
        raise TableError("", None, f"{name} has {missing}")


def _check_unpacked(file: IO[bytes], name: str) -> None:
    with zipfile.ZipFile(file) as book:
        if not any(each.endswith("workbook.xml") for each in book.namelist()):
            raise TableError("", None, f"{name} is an archive and no Excel workbook; unpack it")
        size = sum(each.file_size for each in book.infolist())
    if size > _MOST_UNPACKED:
        raise TableError(
            "",
            None,
            f"{name} is {size / 2**20:,.0f} MiB unpacked, of at most {_MOST_UNPACKED // 2**20}: save it as Parquet",
        )
    file.seek(0)


def _filled_rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    # What a sheet says of its size is wrong in files of some programs, and would cut off rows and columns.
    sheet.reset_dimensions()
    width = 0
    for row in sheet.iter_rows(values_only=True):
        end = next((at for at in range(len(row), 0, -1) if row[at - 1] is not None), 0)
        if end:
            width = width or end
            yield row[:end] + (None,) * (width - end)


def _of_one_type(column: Sequence[Any]) -> Sequence[Any]:
    kinds = {type(cell) for cell in column if cell is not None}
    if len(kinds) < 2 or kinds == {int, float}:
        return column
    return [None if cell is None else _as_written(cell) for cell in column]


def _as_written(cell: Any) -> str:
    if isinstance(cell, datetime | date):
        return cell.isoformat().removesuffix("T00:00:00")
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _csv(path: Path, head: bytes, texts: Sequence[str]) -> pa.Table:
    form = _form(head)
    try:
        return _csv_of(path, form, texts)
    except UnicodeError:
        if form.encoding != "utf-8":
            raise
    # What is not UTF-8 comes from a program that writes the Western European page of Windows.
    return _csv_of(path, _form(head, "cp1252"), texts)


def _form(head: bytes, encoding: str | None = None) -> _Form:
    encoding = encoding or _encoding(head)
    text = io.StringIO(head.decode(encoding, errors="ignore").removeprefix("\ufeff"), newline=None)
    lines = (line for line in text if line.strip())
    header, skipped = next(lines, ""), 0
    if match := re.fullmatch(r"sep=(.)\s*", header, flags=re.IGNORECASE):
        header, skipped, delimiter = next(lines, ""), 1, match[1]
    else:
        bare = re.sub(r'"[^"]*"', "", header)
        delimiter = max(_DELIMITERS, key=bare.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    return _Form(encoding, delimiter, skipped, names)


def _encoding(head: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" in head[:400]:
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A letter may be cut in two at the end of the head.
        return "utf-8" if error.start >= len(head) - 3 and len(head) == _HEAD else "cp1252"
    return "utf-8"


def _csv_of(path: Path, form: _Form, texts: Sequence[str]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow

    # A comma is a point elsewhere, a time of day has a zone, and Arrow takes 0x10 for 16: only text is certain to be
    # what was written.
    all_text = form.delimiter != "," or _may_hold_hexadecimals(path, form.encoding)
    as_text = form.names if all_text else [name for name in form.names if name.strip().lower() in texts]
    try:
        table = arrow.read_csv(
            path,
            read_options=arrow.ReadOptions(
                encoding=form.encoding.replace("utf-8", "utf8"), skip_rows=form.skipped
            ),
            parse_options=arrow.ParseOptions(delimiter=form.delimiter),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(as_text, pa.string()),
                strings_can_be_null=all_text,
                null_values=_nulls(all_text),
            ),
        )
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise UnicodeError(str(error)) from error
        raise _ragged(path, form) or error from error
    instants = [
        name for name, kind in zip(table.column_names, table.schema.types, strict=True) if _has_zone(kind)
    ]
    if instants and not set(instants) <= set(texts):
        # Arrow would take the instant and lose the day that is written.
        return _csv_of(path, form, [*texts, *(name.strip().lower() for name in instants)])
    return _without_blank_end(_plain(table)).replace_schema_metadata({DELIMITER: form.delimiter.encode()})


def _may_hold_hexadecimals(path: Path, encoding: str) -> bool:
    """Return whether what a number in base 16 begins with stands anywhere in the file."""
    # Without an order of bytes in its name Python's encoding writes a mark before the text.
    orders = [f"{encoding}-le", f"{encoding}-be"] if encoding in ("utf-16", "utf-32") else [encoding]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(text.encode(order)) >= 0 for order in orders for text in ("0x", "0X"))


def _nulls(all_text: bool) -> list[str] | None:
    return [""] if all_text else None


def _has_zone(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_timestamp(kind) and kind.tz is not None


def _ragged(path: Path, form: _Form) -> TableError | None:
    """Return which row has another number of values than the header."""
    with path.open(encoding=form.encoding, errors="replace", newline="") as file:
        rows: Iterator[list[str]] = (row for row in csv.reader(file, delimiter=form.delimiter) if row)
        for _ in range(form.skipped + 1):
            next(rows, None)
        for number, row in enumerate(rows, start=1):
            if len(row) != len(form.names):
                return TableError(
                    "",
                    None,
                    f"row {number} has {len(row)} values and the header {len(form.names)} names: put a value that "
                    f"holds '{form.delimiter}' in quotes, or save the file with another separator, and remove "
                    "lines above the names of the columns",
                )
    return None


def _named(table: pa.Table, known: Sequence[str]) -> pa.Table:
    """Return a table whose columns have names, each once; a column with neither name nor values is left out."""
    _check_width(table.num_columns)
    names = [name.replace("\ufeff", "").strip() for name in table.column_names]
    kept = [place for place, name in enumerate(names) if name or not _is_blank(table.column(place))]
    for place in kept:
        if not names[place]:
            raise TableError(
                "",
                None,
                f"column {place + 1} has values and no name: name it in the header, and remove lines above the header",
            )
    if len(kept) < len(names):
        table, names = table.select(kept), [names[place] for place in kept]
    lower = {name.lower() for name in known}
    names = [name.lower() if name.lower() in lower and name.lower() not in names else name for name in names]
    for name, count in Counter(names).items():
        if count > 1:
            raise TableError(name, None, f"stands {count} times in the header; keep one")
    # Arrow renames columns without the metadata.
    return table.rename_columns(names).replace_schema_metadata(table.schema.metadata)


def _check_width(columns: int) -> None:
    if columns > _MOST_COLUMNS:
        raise TableError(
            "", None, f"{columns:,} columns, of at most {_MOST_COLUMNS:,}: keep those that are needed"
        )


def _without_blank_end(table: pa.Table) -> pa.Table:
    """Return a table without the rows at its end in which every cell is empty, as spreadsheets leave them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    def is_empty(column: pa.ChunkedArray) -> Any:
        if pa.types.is_string(column.type):
            return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)
        return pc.is_null(column)

    last = table.slice(max(0, table.num_rows - 1))
    if not table.num_rows or not all(is_empty(column)[0].as_py() for column in last.columns):
        return table
    filled = ~np.logical_and.reduce([is_empty(column).to_numpy() for column in table.columns])
    return table.slice(0, int(np.flatnonzero(filled)[-1]) + 1 if filled.any() else 0)


def _is_blank(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return True
    return pa.types.is_string(column.type) and not pc.any(pc.greater(pc.utf8_length(column), 0)).as_py()


def _plain(table: pa.Table) -> pa.Table:
    """Return a table without types that only some libraries write."""
    import pyarrow as pa

    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns.append(_plain_column(column))
        except pa.ArrowException as error:
            raise TableError(
                name, None, f"{column.type} cannot be read: save it as text or numbers"
            ) from error
    return pa.table(columns, names=table.column_names)


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if isinstance(kind, pa.Bool8Type):
        return column.cast(pa.bool_())
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_column(pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type))
    if pa.types.is_dictionary(kind):
        return _plain_column(column.cast(kind.value_type))
    if pa.types.is_run_end_encoded(kind):
        chunks = [pc.run_end_decode(chunk) for chunk in column.chunks]
        return _plain_column(pa.chunked_array(chunks, kind.value_type))
    text = (pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null, pa.types.is_binary)
    further = (pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    if any(is_kind(kind) for is_kind in (*text, *further)):
        return column.cast(pa.string())
    return column.cast(pa.float32()) if pa.types.is_float16(kind) else column
