"""The rows of one export file, whatever its format: a header, and cells as the format has them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any

from mercurios.inputs.table_file import TableError, sheet_rows
from mercurios.sources.files.settings import FORMATS, Dataset
from mercurios.sources.source import TerminalSourceError

Row = Sequence[Any]


def read_table(handle: IO[bytes], name: str, dataset: Dataset) -> Iterator[Row]:
    """Yield the header of a file and then its rows.

    Args:
        handle: the open file.
        name: what messages call it; its ending says the format.
        dataset: how the tenant file describes it.

    Raises:
        TerminalSourceError: it is not a file of that format; the message says what to set.
    """
    ending = PurePosixPath(name).suffix.lower()
    with _naming(name, dataset):
        if ending == ".parquet":
            yield from _parquet(handle)
        elif ending == ".xlsx":
            yield from sheet_rows(handle, name, dataset.sheet)
        elif ending in FORMATS:
            yield from _csv(handle, dataset)
        else:
            raise TerminalSourceError(f"{name}: format {ending!r} is unknown; expected {', '.join(FORMATS)}")


@contextmanager
def _naming(name: str, dataset: Dataset) -> Iterator[None]:
    """Turn what a format's reader says of a file that is something else into what to correct."""
    import pyarrow as pa

    try:
        yield
    except UnicodeDecodeError as error:
        raise TerminalSourceError(
            f"{name} is not written in {dataset.encoding} ({error.reason}): set the dataset's 'encoding'"
        ) from error
    except TableError as error:
        raise TerminalSourceError(str(error)) from error
    except (csv.Error, pa.ArrowException) as error:
        raise TerminalSourceError(
            f"{name} cannot be read as {PurePosixPath(name).suffix[1:]}: {error}"
        ) from error


def _csv(handle: IO[bytes], dataset: Dataset) -> Iterator[Row]:
    text = io.TextIOWrapper(handle, encoding=dataset.encoding, newline="")
    for row in csv.reader(text, delimiter=dataset.delimiter, strict=True):
        # A line without anything in it, as often at the end of a file, is no row.
        if row:
            yield row


def _parquet(handle: IO[bytes]) -> Iterator[Row]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(handle)
    yield file.schema_arrow.names
    for batch in file.iter_batches(batch_size=10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
