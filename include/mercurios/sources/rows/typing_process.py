"""A second process that types pages while this one requests, decodes and compares the next ones.

One interpreter bounds a long read. The second process is a copy of this one, made before any thread begins, so it costs
little memory; bodies and typed tables pass through memory that both hold, and only sizes and stamp through a pipe. It
types with the same functions. What it refuses, what does not fit, and what was open when it died is typed by this
process, so that nothing of the result depends on it. It ends with its pipe, so also when this process is killed.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from mmap import mmap
from multiprocessing.connection import Connection

import pyarrow as pa

from mercurios.sources.contract import Resource
from mercurios.sources.rows.landed_table import Stamp
from mercurios.sources.rows.records import records_of
from mercurios.sources.rows.typed_page import TypedPage
from mercurios.sources.rows.typed_rows import type_records

# Bytes of the bodies, and of the table, that are passed at once; what is not written to takes no memory.
ROOM = 16 * 1024 * 1024
# Seconds for the batch under way when the process is no longer needed.
_PATIENCE = 10.0


class TypingProcess:
    """Types pages of one resource, one batch after the other.

    Args:
        resource: the contract; its rows nest no others.
    """

    def __init__(self, resource: Resource) -> None:
        context = multiprocessing.get_context("fork")
        self._bodies, self._tables = mmap(-1, ROOM), mmap(-1, ROOM)
        self._pipe, theirs = context.Pipe()
        self._awaits_result = False
        self._process = context.Process(
            target=_serve,
            args=(resource, theirs, self._pipe, self._bodies, self._tables),
            name="typing",
            daemon=True,
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        """The process."""
        return self._process.pid

    def begin(self, bodies: Sequence[bytes], stamp: Stamp) -> None:
        """Have pages typed together; the result of those before must have been taken.

        Args:
            bodies: the pages.
            stamp: as for `type_records`.
        """
        sizes = list(map(len, bodies))
        if sum(sizes) > ROOM:
            return
        self._bodies.seek(0)
        for body in bodies:
            self._bodies.write(body)
        with suppress(OSError):
            self._pipe.send((stamp, sizes))
            self._awaits_result = True

    def result(self) -> TypedPage | None:
        """Wait for the pages begun last; None where they must be typed here."""
        if not self._awaits_result:
            return None
        self._awaits_result = False
        try:
            size: int = self._pipe.recv()
        except (EOFError, OSError):
            return None
        return TypedPage(pa.ipc.open_stream(self._tables[:size]).read_all()) if size else None

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._bodies.close()
        self._tables.close()


@contextmanager
def typing_process(resource: Resource) -> Iterator[TypingProcess | None]:
    """Provide a process that types; None where it would have no core, or this process cannot be copied safely."""
    if not _is_of_use():
        yield None
        return
    process = TypingProcess(resource)
    try:
        yield process
    finally:
        process.close()


def _is_of_use() -> bool:
    # A lock that another thread holds would stay locked in the copy.
    is_alone = threading.active_count() == 1 and not multiprocessing.current_process().daemon
    return sys.platform == "linux" and is_alone and len(os.sched_getaffinity(0)) > 1


def _serve(resource: Resource, pipe: Connection, theirs: Connection, bodies: mmap, tables: mmap) -> None:
    """Type until the pipe ends."""
    # As long as this end is open here too, the pipe would not end with the other process.
    theirs.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # To look for garbage would write to memory that both processes share until then.
    gc.disable()
    with suppress(EOFError, OSError), memoryview(bodies) as taken, memoryview(tables) as room:
        while True:
            stamp, sizes = pipe.recv()
            pipe.send(_typed(resource, taken, sizes, stamp, room))


def _typed(
    resource: Resource, bodies: memoryview, sizes: Sequence[int], stamp: Stamp, room: memoryview
) -> int:
    """Type pages, write their table, and return its bytes; 0 where that cannot be done."""
    decoder, ends = records_of(resource), list(accumulate(sizes))
    pages = [decoder.decode(bodies[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
    records = [record for page in pages for record in page or ()]
    page = None if None in pages else type_records(resource, records, stamp)
    return 0 if page is None else _written(page.table, room)


def _written(table: pa.Table, room: memoryview) -> int:
    sink = pa.FixedSizeBufferWriter(pa.py_buffer(room))
    try:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    except (pa.ArrowException, OSError):
        return 0
    size: int = sink.tell()
    return size
