"""Changes the code that decides, one small change at a time, and counts the changes that its tests notice.

`make mutants` runs it in an environment of its own with cosmic-ray, whose operators make the changes: another
comparison, another number, a `not` more or less. Changes are drawn with a printed seed, each at another place and as
many in every package. A change is killed when a test fails with it; one that survives is printed, and is either
without a difference or a test that is missing.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from multiprocessing import Queue
from pathlib import Path
from typing import Any

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome

ROOT = Path(__file__).resolve().parents[2]
CODE = Path("include/mercurios")
TESTS = Path("tests/mercurios")
AIM = 0.9
# Removing a cache, or a decorator that only describes, changes no result.
LEFT_OUT = ("core/NoOp", "core/RemoveDecorator")


@dataclass(frozen=True)
class Package:
    """Code that is changed and the tests that are to notice.

    Attributes:
        code: files or folders below the package of the product.
        tests: files or folders of tests, by default those at the same place; what mirrors the changed file comes first.
    """

    code: tuple[str, ...]
    tests: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """Return the changed files."""
        paths = [CODE / name for name in self.code]
        if missing := [str(path) for path in paths if not path.exists()]:
            sys.exit(f"PACKAGES names what is not there: {', '.join(missing)}")
        found = [file for path in paths for file in ([path] if path.suffix else sorted(path.rglob("*.py")))]
        return [file for file in found if file.name != "__init__.py"]

    def commands(self, file: Path) -> list[list[str]]:
        """Return the runs of tests, one after another: those of the file's own place, then all."""
        mirror = TESTS / file.relative_to(CODE)
        everything = [str(TESTS / name) for name in self.tests or self.code]
        mirrored = mirror.with_name(f"test_{mirror.name}")
        nearest = str(mirrored if (ROOT / mirrored).exists() else mirror.parent)
        is_part = [nearest] != everything and any(nearest.startswith(path) for path in everything)
        return [[nearest], everything] if is_part else [everything]


PACKAGES = {
    "forecasting/methods": Package(
        ("forecasting/methods",), ("forecasting/methods", "forecasting/test_engine.py")
    ),
    "forecasting/effects": Package(
        ("forecasting/effects",), ("forecasting/effects", "forecasting/test_engine.py")
    ),
    "forecasting/selection": Package(
        ("forecasting/selection",), ("forecasting/selection", "forecasting/test_engine.py")
    ),
    "forecasting/uncertainty": Package(
        ("forecasting/uncertainty",), ("forecasting/uncertainty", "forecasting/test_engine.py")
    ),
    "forecasting/panel": Package(("forecasting/panel",), ("forecasting/panel", "forecasting/test_engine.py")),
    "orders": Package(("orders/settings.py", "orders/proposals.py"), ("orders",)),
    "sources/rows": Package(
        ("sources/rows",),
        ("sources/rows", "sources/prohandel/test_drift.py", "sources/prohandel/test_extract.py"),
    ),
    "sources/prohandel/paging": Package(
        ("sources/prohandel/paging",),
        ("sources/prohandel/paging", "sources/prohandel/test_extract_moving_list.py"),
    ),
    "quality": Package(("quality/checks.py", "quality/baseline.py", "quality/validate.py"), ("quality",)),
    "tenants": Package(("tenants",)),
    "warehouse": Package(
        ("warehouse/schema.py", "warehouse/drift.py", "warehouse/run_plan.py", "warehouse/requests.py"),
        (
            "warehouse/test_drift.py",
            "warehouse/test_run_plan.py",
            "warehouse/test_load.py",
            "warehouse/test_setup.py",
        ),
    ),
}


@dataclass(frozen=True)
class Result:
    """What the tests made of a change."""

    package: str
    killed: bool
    place: str
    diff: str


def drawn(package: Package, count: int, chance: random.Random) -> list[MutationSpec]:
    """Draw changes, each at another place."""
    with tempfile.TemporaryDirectory() as home, use_db(Path(home, "work.sqlite"), WorkDB.Mode.create) as work:
        init(package.files(), work, {})
        found = [item.mutations[0] for item in work.work_items]
    at_place: dict[tuple[str, Any], list[MutationSpec]] = {}
    for each in found:
        if each.operator_name not in LEFT_OUT and not _is_annotation(Path(each.module_path), each.start_pos):
            at_place.setdefault((str(each.module_path), each.start_pos), []).append(each)
    chosen: list[MutationSpec] = []
    for place in chance.sample(sorted(at_place), len(at_place)):
        change = chance.choice(sorted(at_place[place], key=_name))
        if len(chosen) < count and _can_be_compiled(change):
            chosen.append(change)
    return chosen


def _name(change: MutationSpec) -> tuple[str, int]:
    return change.operator_name, change.occurrence


def _can_be_compiled(change: MutationSpec) -> bool:
    """Tell whether a change leaves Python; what does not would be killed by any test."""
    file, operator = Path(change.module_path), get_operator(change.operator_name)()
    changed = mutate_code(file.read_text(encoding="utf-8"), operator, change.occurrence)
    try:
        return changed is not None and bool(compile(changed, str(file), "exec"))
    except SyntaxError:
        return False


def _is_annotation(file: Path, position: tuple[int, int]) -> bool:
    """Tell whether a place is in an annotation or under `if TYPE_CHECKING`, which are not run."""
    return any(begin <= tuple(position) < end for begin, end in _never_run(file))


@cache
def _never_run(file: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            parts.append(node)
        for part in parts:
            if isinstance(part, ast.AST):
                found.append(((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)))
    return found


def pytest_command(tests: Iterable[str]) -> list[str]:
    """Return the run of some tests, which ends with the first that fails."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not live and not scheduler"]
    return [str(ROOT / ".venv/bin/python"), "-W", "ignore", "-m", "pytest", *options, *tests]


def _enter(folders: Any) -> None:
    """Work in a copy of the repository that no other process changes."""
    folder = folders.get()
    os.chdir(folder)
    os.environ["PYTHONPATH"] = os.pathsep.join([f"{folder}/include", f"{folder}/plugins"])
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def seconds_of(name: str) -> float:
    """Return how long the tests of a package take on unchanged code; they must pass."""
    begun = time.monotonic()
    package = PACKAGES[name]
    done = subprocess.run(
        pytest_command(package.commands(package.files()[0])[-1]), capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"the tests of {name} fail without a change:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return time.monotonic() - begun


def judge(name: str, change: MutationSpec, limit: float) -> Result:
    """Run the tests on a change; what hangs is killed."""
    place = f"{change.module_path}:{change.start_pos[0]} {change.operator_name.partition('/')[2]}"
    diff = ""
    for tests in PACKAGES[name].commands(Path(change.module_path)):
        result = mutate_and_test([change], " ".join(map(_quoted, pytest_command(tests))), limit)
        if result.worker_outcome is not WorkerOutcome.NORMAL:
            sys.exit(f"{place} could not be made: {result.output}")
        diff = result.diff or ""
        if result.test_outcome is TestOutcome.KILLED:
            return Result(name, True, place, diff)
    return Result(name, False, place, diff)


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word


def copies(home: Path, count: int) -> Iterator[Path]:
    """Copy the repository, changes that are not committed included."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for number in range(count):
        folder = home / str(number)
        for name in [*files, "include/dbt/target/manifest.json"]:
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        yield folder


def report(results: list[Result]) -> float:
    """Print the survivors and the score of every package, as a table; return the score of all."""
    for each in results:
        if not each.killed:
            print(f"\nsurvived: {each.place}\n{each.diff}")
    print("\n| package | changes | killed | score |\n| --- | --- | --- | --- |")
    for name in [*dict.fromkeys(each.package for each in results), "all"]:
        found = [each.killed for each in results if name in (each.package, "all")]
        print(f"| {name} | {len(found)} | {sum(found)} | {sum(found) / len(found):.2f} |")
    return sum(each.killed for each in results) / len(results)


def main() -> int:
    """Draw, run and report; 0 when the aim is reached, 1 when it is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=88, help="changes in all")
    parser.add_argument("--seed", type=int, default=20240101)
    parser.add_argument("--package", action="append", choices=PACKAGES, help="only this one; may be repeated")
    chosen = parser.parse_args()
    names = chosen.package or list(PACKAGES)
    print(f"seed {chosen.seed}, {chosen.count} changes, {len(names)} packages", flush=True)
    os.chdir(ROOT)
    shares = {
        name: len(list(islice(cycle(names), i, chosen.count, len(names)))) for i, name in enumerate(names)
    }
    changes = [
        (name, change)
        for name, share in shares.items()
        for change in drawn(PACKAGES[name], share, random.Random(f"{chosen.seed} {name}"))
    ]
    lanes, results = os.cpu_count() or 1, []
    with tempfile.TemporaryDirectory(prefix="mutants-") as home:
        folders: Any = Queue()
        for folder in copies(Path(home), lanes):
            folders.put(str(folder))
        with ProcessPoolExecutor(lanes, initializer=_enter, initargs=(folders,)) as pool:
            limits = dict(zip(names, pool.map(seconds_of, names), strict=True))
            judged = [pool.submit(judge, name, change, 5 * limits[name] + 60) for name, change in changes]
            for each in judged:
                results.append(each.result())
                print(f"{'killed' if results[-1].killed else 'SURVIVED'} {results[-1].place}", flush=True)
    score = report(results)
    print(f"\n{'ok' if score >= AIM else 'MISSED'}: {score:.2f} killed, aim {AIM:.2f}")
    return 0 if score >= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
