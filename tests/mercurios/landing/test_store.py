"""The landing area: small files all or nothing, parts that prove what they are, errors that name the address."""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercurios.landing.manifest import Counts, Part
from mercurios.landing.part_writer import PartWriter
from mercurios.landing.store import LandingError, LandingStore, safe_key

SCHEMA = pa.schema([pa.field("n", pa.int64())])


@pytest.fixture
def store(tmp_path: Path) -> LandingStore:
    return LandingStore(f"file://{tmp_path}/a landing/")


def numbers(count: int) -> pa.Table:
    return pa.table({"n": range(count)}, schema=SCHEMA)


def test_a_part_is_what_was_written_in_row_groups_of_bounded_size(
    store: LandingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PartWriter, "ROW_GROUP", 100)
    writer = PartWriter(store, "folder/rows.parquet", "rows", "sale", SCHEMA)

    for count in (0, 60, 60, 230, 1):
        writer.write(numbers(count))
    [part] = writer.close()

    store.verify(part)
    file = pq.ParquetFile(part.url.removeprefix("file://"))
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert (part.rows, groups) == (351, [100, 100, 100, 51])
    assert file.read()["n"].to_pylist() == [n for count in (60, 60, 230, 1) for n in range(count)]


def test_a_part_without_rows_is_no_file(store: LandingStore, tmp_path: Path) -> None:
    writer = PartWriter(store, "folder/rows.parquet", "rows", "sale", SCHEMA)
    writer.write(numbers(0))

    assert writer.close() == []
    assert not (tmp_path / "a landing").exists()


def open_files(name: str) -> list[str]:
    """Return the files of this process with that name (Linux)."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        # Other threads of the process may close a file between the list and the look at it.
        with suppress(FileNotFoundError):
            found.append(link.readlink())
    return [str(file) for file in found if file.name == name]


def test_an_abandoned_part_holds_no_file_open_and_can_be_abandoned_twice(
    store: LandingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PartWriter, "ROW_GROUP", 1)
    writer = PartWriter(store, "folder/rows.parquet", "rows", "sale", SCHEMA)
    writer.write(numbers(3))

    writer.abandon()
    writer.abandon()

    assert open_files("rows.parquet") == []
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("part")] == []


def test_a_document_appears_whole_under_its_name_and_replaces_the_one_before(
    store: LandingStore, tmp_path: Path
) -> None:
    url = store.write_document("plans/plan.json", b"first")
    store.write_document("plans/plan.json", b"second")

    assert store.read_bytes(url) == b"second"
    assert [path.name for path in (tmp_path / "a landing/plans").iterdir()] == ["plan.json"]


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"version": 2}'])
def test_a_document_that_is_no_manifest_is_named(store: LandingStore, content: bytes) -> None:
    url = store.write_document("x/manifest.json", content)

    with pytest.raises(LandingError, match=r"x/manifest.json is not a manifest"):
        store.read_manifest(url)


def test_a_document_that_cannot_take_its_name_is_an_error_with_the_remedy(
    store: LandingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store._fs, "mv", full)

    with pytest.raises(LandingError, match=r"cannot be written .No space left .*: check that it exists"):
        store.write_document("there", b"text")


def test_a_missing_file_is_named(store: LandingStore) -> None:
    with pytest.raises(LandingError, match=r"x/manifest.json cannot be read .No such file"):
        store.read_manifest(store.address("x/manifest.json"))


def test_an_area_that_cannot_be_opened_is_named() -> None:
    with pytest.raises(LandingError, match="landing area gopher://x: "):
        LandingStore("gopher://x")


def test_a_part_that_was_swapped_is_refused_with_the_remedy(store: LandingStore) -> None:
    url = store.write_document("x/rows.parquet", b"other")
    part = Part(kind="rows", resource="sale", url=url, rows=1, bytes=5, sha256="0" * 64)

    with pytest.raises(LandingError, match="clear the extract task, so that a new attempt lands it again"):
        store.verify(part)


def test_counts_say_how_many_rows_landed() -> None:
    assert Counts(extracted=10, unchanged=4, quarantined=1).landed == 5


@pytest.mark.parametrize(
    ("run_id", "key"),
    [
        ("scheduled__2026-03-04T05:00:00+00:00", "scheduled__2026-03-04T05_00_00_00_00"),
        ("../../etc", ".._.._etc"),
        ("a b'c", "a_b_c"),
    ],
)
def test_a_run_id_is_a_safe_path_segment(run_id: str, key: str) -> None:
    assert safe_key(run_id) == key


def test_a_large_part_is_verified_a_piece_at_a_time(store: LandingStore) -> None:
    content = bytes(20_000_000)
    url = store.write_document("folder/rows.parquet", content)
    checksum = hashlib.sha256(content).hexdigest()
    part = Part(kind="rows", resource="sale", url=url, rows=1, bytes=len(content), sha256=checksum)

    tracemalloc.start()
    store.verify(part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5_000_000
