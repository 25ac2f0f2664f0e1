"""Sets of key hashes: the same results as Python's sets, in runs of bounded length."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercurios.landing.store import LandingStore
from mercurios.sources.collect.keys import KeySet, key_hashes, load_known

_pages = st.lists(st.lists(st.integers(0, 60), max_size=12), max_size=12)


@given(
    pages=_pages,
    more=_pages,
    asked=st.lists(st.integers(0, 70), max_size=20),
    short=st.integers(1, 40),
    long=st.integers(1, 40),
)
@settings(max_examples=200, deadline=None)
def test_a_key_set_holds_what_a_set_does(
    pages: list[list[int]], more: list[list[int]], asked: list[int], short: int, long: int
) -> None:
    found, other = KeySet(), KeySet()
    found.SHORT_RUN = other.SHORT_RUN = short
    found.LONG_RUN = other.LONG_RUN = long
    for page in pages:
        found.add(np.array(page, np.uint64))
    for page in more:
        other.add(np.array(page, np.uint64))
    found.add_all(other)
    expected = {key for page in pages + more for key in page}

    held = found.hold(np.array(asked, np.uint64))

    assert held.tolist() == [key in expected for key in asked]
    assert found.holds_all(np.array(asked, np.uint64)) == (set(asked) <= expected)


@pytest.mark.parametrize("rows", [10, 1000])
def test_a_long_read_looks_into_few_runs(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(KeySet, "SHORT_RUN", 2_000)
    monkeypatch.setattr(KeySet, "LONG_RUN", 10_000)
    keys = KeySet()
    for page in range(100_000 // rows):
        keys.add(key_hashes([f"{page}-{row}" for row in range(rows)]))

    assert sum(map(len, keys._runs())) == 100_000
    assert len(keys._runs()) <= 20


def test_what_is_known_is_read_by_resource_and_without_pandas(root: Path, tmp_path: Path) -> None:
    table = pa.table(
        {
            "resource": ["sale", "order", "sale"],
            "key64": pa.array([2**63 + 5, 7, 3], pa.uint64()),
            "hash64": pa.array([1, 2**64 - 1, 9], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "known.parquet")
    script = (
        "import sys\n"
        "from mercurios.landing.store import LandingStore\n"
        "from mercurios.sources.collect.keys import load_known\n"
        "store = LandingStore(sys.argv[1])\n"
        "for name, known in sorted(load_known(store, f'{sys.argv[1]}/known.parquet').items()):\n"
        "    print(name, *known.keys.tolist(), *known.hashes.tolist())\n"
        "print('pandas' in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, f"file://{tmp_path}"],
        env={**os.environ, "PYTHONPATH": str(root / "include")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [
        f"order 7 {2**64 - 1}",
        f"sale 3 {2**63 + 5} 1 9",
        "False",
    ]


def test_of_a_resource_that_holds_nothing_nothing_is_known(tmp_path: Path) -> None:
    empty = {"resource": pa.string(), "key64": pa.uint64(), "hash64": pa.uint64()}
    pq.write_table(pa.schema(empty).empty_table(), tmp_path / "known.parquet")

    assert load_known(LandingStore(f"file://{tmp_path}"), f"file://{tmp_path}/known.parquet") == {}
