"""Writing rows into a Parquet part as they come, with memory that does not grow with their number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from mercurios.landing.manifest import Part, PartKind
from mercurios.landing.store import LandingError, LandingStore

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


class PartWriter:
    """Streams tables of one schema into one Parquet file, in row groups of bounded size.

    One row group is encoded and written, which needs no interpreter, while the next one is collected; memory holds
    these two, whatever the number of rows. The file exists only if a row was written.

    Args:
        store: the landing area.
        path: the file in it.
        kind: what the rows are.
        resource: whose they are.
        schema: their columns.
        unique: columns whose values hardly repeat, so that a dictionary of them would only cost.
    """

    ROW_GROUP = 32_768

    def __init__(
        self,
        store: LandingStore,
        path: str,
        kind: PartKind,
        resource: str,
        schema: pa.Schema,
        unique: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._path = path
        self._kind: PartKind = kind
        self._resource = resource
        self._schema = schema
        self._repeating = [name for name in schema.names if name not in unique]
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self._thread: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None
        self._file: _HashingFile | None = None
        self._writer: pq.ParquetWriter | None = None
        self._context: Any = None
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Add rows.

        Raises:
            LandingError: rows added before could not be written.
        """
        if not table.num_rows:
            return
        self._pending.append(table)
        self._pending_rows += table.num_rows
        self.rows += table.num_rows
        if self._pending_rows >= self.ROW_GROUP:
            self._flush()

    def close(self) -> list[Part]:
        """Finish the file and return its part; an empty list when no row was written.

        Raises:
            LandingError: rows could not be written.
        """
        self._flush(to_the_end=True)
        self._wait()
        if self._thread is not None:
            self._thread.shutdown()
        if self._writer is None or self._file is None:
            return []
        with self._naming_the_file():
            self._writer.close()
            self._context.__exit__(None, None, None)
        return [
            Part(
                kind=self._kind,
                resource=self._resource,
                url=self._store.address(self._path),
                rows=self.rows,
                bytes=self._file.size,
                sha256=self._file.digest.hexdigest(),
            )
        ]

    def abandon(self) -> None:
        """Release the file of an attempt that failed."""
        if self._thread is not None:
            # What failed there failed the attempt, or does not matter any more.
            self._thread.shutdown()
        if self._file is not None and self._writer is not None:
            self._file.discard()
            self._writer.close()
        if self._context is not None:
            with suppress(OSError, LandingError):
                self._context.__exit__(None, None, None)

    def _flush(self, *, to_the_end: bool = False) -> None:
        """Hand on what fills row groups, and the rest too `to_the_end`: a reader pays for every group it begins."""
        if not self._pending:
            return
        import pyarrow as pa

        self._wait()
        table = pa.concat_tables(self._pending)
        whole = table.num_rows if to_the_end else table.num_rows // self.ROW_GROUP * self.ROW_GROUP
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="part")
        self._writing = self._thread.submit(self._write_groups, table.slice(0, whole))
        rest = table.slice(whole)
        self._pending, self._pending_rows = ([rest] if rest.num_rows else []), rest.num_rows

    def _wait(self) -> None:
        """Let the row group under way be written, or raise what befell it."""
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _write_groups(self, table: pa.Table) -> None:
        import pyarrow.parquet as pq

        if self._writer is None:
            self._context = self._store.create(self._path)
            self._file = _HashingFile(self._context.__enter__())
            self._writer = pq.ParquetWriter(
                self._file,
                self._schema,
                compression="zstd",
                use_dictionary=self._repeating,
                # No reader filters a part's rows by value.
                write_statistics=False,
            )
        with self._naming_the_file():
            self._writer.write_table(table, row_group_size=self.ROW_GROUP)

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LandingError(
                f"{self._store.address(self._path)} cannot be written ({error.strerror or error}): "
                "check the space left in the landing area"
            ) from error


class _HashingFile:
    """A binary sink that counts and hashes what passes through; pyarrow needs write, flush, close, closed."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self.size = 0
        self.digest = hashlib.sha256()
        self.closed = False
        self._discarding = False

    def write(self, data: Any) -> int:
        view = memoryview(data)
        if not self._discarding:
            self._handle.write(view)
        self.size += view.nbytes
        self.digest.update(view)
        return view.nbytes

    def discard(self) -> None:
        """Take what follows without writing it, so that a writer of a failed attempt can be closed."""
        self._discarding = True

    def flush(self) -> None:
        if not self._discarding:
            self._handle.flush()

    def close(self) -> None:
        self.closed = True

    def tell(self) -> int:
        return self.size

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
