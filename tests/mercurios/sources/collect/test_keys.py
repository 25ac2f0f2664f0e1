"""Sets of key hashes: the same results as Python's sets, in runs of bounded length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercurios.sources.collect.keys import KeySet, key_hashes

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
