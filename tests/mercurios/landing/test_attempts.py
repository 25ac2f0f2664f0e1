"""Attempt numbers: whoever reads for a run, and however often at once, no two write to one folder."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fsspec.implementations.local import LocalFileSystem

from mercurios.landing.store import LandingError, LandingStore

RUN = ("mini", "sale", "r1")


@pytest.fixture(params=["file", "memory"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], LandingStore]:
    url = f"file://{tmp_path}/landing" if request.param == "file" else f"memory://{uuid4()}"
    return lambda: LandingStore(url)


class RefusesLikeAnObjectStore(LocalFileSystem):
    """Creates files as object stores do whose refusal of a condition is an error like any other."""

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        try:
            return super().open(path, mode, **options)
        except FileExistsError:
            raise OSError(
                errno.EINVAL, "At least one of the pre-conditions you specified did not hold"
            ) from None


def test_attempts_of_a_run_are_numbered_from_one(open_store: Callable[[], LandingStore]) -> None:
    store = open_store()

    assert [store.reserve_attempt(*RUN) for _ in range(3)] == [1, 2, 3]
    assert store.reserve_attempt("mini", "sale", "r2") == 1
    assert store.reserve_attempt("mini", "article", "r1") == 1


def test_processes_that_claim_one_run_at_the_same_moment_get_different_numbers(
    open_store: Callable[[], LandingStore],
) -> None:
    stores = [open_store() for _ in range(8)]
    start = threading.Barrier(len(stores))

    def reserve(store: LandingStore) -> int:
        start.wait()
        return store.reserve_attempt(*RUN)

    with ThreadPoolExecutor(len(stores)) as pool:
        numbers = list(pool.map(reserve, stores))

    assert sorted(numbers) == list(range(1, 9))


def test_a_number_taken_after_it_was_looked_up_is_not_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LandingStore(f"file://{tmp_path}")
    other = LandingStore(f"file://{tmp_path}")
    assert other.reserve_attempt(*RUN) == 1
    # The attempts were listed before the other's was there.
    monkeypatch.setattr(store, "_greatest_attempt", lambda *_: 0)

    assert store.reserve_attempt(*RUN) == 2


def test_a_store_that_refuses_with_an_error_of_its_own_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LandingStore(f"file://{tmp_path}")
    monkeypatch.setattr(store, "_fs", RefusesLikeAnObjectStore())
    monkeypatch.setattr(store, "_greatest_attempt", lambda *_: 0)

    assert [store.reserve_attempt(*RUN) for _ in range(3)] == [1, 2, 3]


def test_an_attempt_that_wrote_nothing_but_parts_keeps_its_number(tmp_path: Path) -> None:
    store = LandingStore(f"file://{tmp_path}")
    with store.create(f"{store.prefix(*RUN, 7)}/sale-rows.parquet") as handle:
        handle.write(b"left by a process that was killed")

    assert store.reserve_attempt(*RUN) == 8


def test_numbers_go_on_from_the_ledger_where_the_landing_area_was_emptied(
    open_store: Callable[[], LandingStore],
) -> None:
    store = open_store()

    assert [store.reserve_attempt(*RUN, after=3) for _ in range(2)] == [4, 5]
    assert store.reserve_attempt(*RUN, after=1) == 6


def test_an_area_that_cannot_be_written_ends_the_search_for_a_number(tmp_path: Path) -> None:
    store = LandingStore(f"file://{tmp_path}")
    (tmp_path / "tenant=mini").write_text("a file stands where a folder should be")

    with pytest.raises(LandingError, match=r"cannot be written .*check that it exists"):
        store.reserve_attempt(*RUN)
