"""What keeps the suite fast: shared builds are made once, and the longest files are handed out first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from longest_first import longest_first
from session_cache import SessionCache


def test_what_several_ask_for_at_once_is_made_once(tmp_path: Path) -> None:
    cache, made = SessionCache(tmp_path / "shared"), []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "built").write_text("whole")

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(cache.once, "build", make).result() for _ in range(8)]

    assert made == [tmp_path / "shared" / "build"]
    assert {(folder / "built").read_text() for folder in found} == {"whole"}


def test_what_failed_is_made_again_from_an_empty_folder(tmp_path: Path) -> None:
    cache = SessionCache(tmp_path)

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space left"):
        cache.once("build", fail)
    found = cache.once("build", lambda folder: (folder / "whole").touch())

    assert [path.name for path in found.iterdir()] == ["whole"]


def test_a_copy_may_be_changed(tmp_path: Path) -> None:
    cache = SessionCache(tmp_path / "shared")

    def make(folder: Path) -> None:
        (folder / "rows").write_text("first")

    (cache.copy("build", make, tmp_path / "mine") / "rows").write_text("changed")

    assert (cache.copy("build", make, tmp_path / "yours") / "rows").read_text() == "first"


def test_measured_files_go_by_seconds_and_others_by_their_tests() -> None:
    tests = [("short", False), ("measured", False), ("slow", True), *[("many", False)] * 40]

    assert longest_first(tests, {"measured": 35.0}) == ["many", "measured", "slow", "short"]
