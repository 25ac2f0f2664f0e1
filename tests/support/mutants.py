"""Changes the code that decides, one small change at a time, and counts the changes that its tests notice.

`make mutants` runs it in an environment of its own with cosmic-ray, whose operators make the changes: another
comparison, another number, a `not` more or less. Changes are drawn with a printed seed, each at another place and as
many in every package. A change is killed when a test fails with it; one that survives is printed, and is either
without a difference or a test that is missing.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache
from itertools import count, cycle, islice
from pathlib import Path
from queue import Queue
from typing import Any

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code, use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parents[2]
CODE = Path("include/mercurios")
TESTS = Path("tests/mercurios")
AIM = 0.9
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not live and not scheduler"]
NO_TESTS = 5
TIMES = count(1_000_000_000)
# Removing a cache, or a decorator that only describes, changes no result.
LEFT_OUT = ("core/NoOp", "core/RemoveDecorator")
# Arguments that change no result: dataclasses without `frozen` and `slots` compute the same, `strict` of zip guards
# what the lines before it make sure of, and a cache of another size holds the same.
WITHOUT_EFFECT = ("frozen", "slots", "strict", "maxsize")
# Numbers that decide only how much is worked on at a time and in which of two ways: no result depends on them, which
# tests show.
SPEED_ONLY = (
    "_BLOCK_CELLS",
    "_CELLS",
    "_GAP_CELLS",
    "_GAP_STEP",
    "_LONGEST_TEXTS",
    "_MANY_GAPS",
    "_MANY_ROWS",
    "_SHORT",
    "_THREADS",
)


@dataclass(frozen=True)
class Package:
    """Code that is changed and the tests that are to notice.

    Attributes:
        code: files or folders below the package of the product.
        tests: files or folders of tests, by default those at the same place.
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

    def paths(self) -> tuple[str, ...]:
        """Return the tests."""
        return tuple(str(TESTS / name) for name in self.tests or self.code)


FORECASTING = (
    "forecasting/effects",
    "forecasting/methods",
    "forecasting/panel",
    "forecasting/selection",
    "forecasting/uncertainty",
    "forecasting/test_engine.py",
)
PACKAGES = {
    "forecasting/methods": Package(("forecasting/methods",), FORECASTING),
    "forecasting/effects": Package(("forecasting/effects",), FORECASTING),
    "forecasting/selection": Package(("forecasting/selection",), FORECASTING),
    "forecasting/uncertainty": Package(("forecasting/uncertainty",), FORECASTING),
    "forecasting/panel": Package(("forecasting/panel",), FORECASTING),
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
            "warehouse/test_schema.py",
            "warehouse/test_requests.py",
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
    tests: int


def drawn(package: Package, number: int, chance: random.Random) -> list[MutationSpec]:
    """Draw changes, each at another place."""
    with tempfile.TemporaryDirectory() as home, use_db(Path(home, "work.sqlite"), WorkDB.Mode.create) as work:
        init(package.files(), work, {})
        found = [item.mutations[0] for item in work.work_items]
    at_place: dict[tuple[str, Any], list[MutationSpec]] = {}
    for each in found:
        if each.operator_name not in LEFT_OUT and not _has_no_effect(Path(each.module_path), each.start_pos):
            at_place.setdefault((str(each.module_path), each.start_pos), []).append(each)
    chosen: list[MutationSpec] = []
    for place in chance.sample(sorted(at_place), len(at_place)):
        change = chance.choice(sorted(at_place[place], key=_name))
        if len(chosen) < number and _can_be_compiled(change):
            chosen.append(change)
    return chosen


def _name(change: MutationSpec) -> tuple[str, int]:
    return change.operator_name, change.occurrence


def _can_be_compiled(change: MutationSpec) -> bool:
    """Return whether a change leaves Python; what does not would be killed by any test."""
    file, operator = Path(change.module_path), get_operator(change.operator_name)()
    try:
        changed = mutate_code(file.read_text(encoding="utf-8"), operator, change.occurrence)
        return changed is not None and bool(compile(changed, str(file), "exec"))
    except (SyntaxError, AttributeError):
        # cosmic-ray cannot replace an exception of a dotted name.
        return False


def _has_no_effect(file: Path, position: tuple[int, int]) -> bool:
    """Return whether a place is in an annotation or under `if TYPE_CHECKING`, or an argument without effect."""
    return any(begin <= tuple(position) < end for begin, end in _without_effect(file))


@cache
def _syntax(file: Path) -> ast.Module:
    """Return a file's syntax, as it was when the changes were drawn."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def _without_effect(file: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    found = []
    for node in ast.walk(_syntax(file)):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            parts.append(node)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in SPEED_ONLY:
            parts.append(node.value)
        if isinstance(node, ast.Call):
            named = ast.unparse(node.func) in ("dataclass", "lru_cache", "zip")
            parts.extend(each.value for each in node.keywords if named and each.arg in WITHOUT_EFFECT)
        for part in parts:
            if isinstance(part, ast.AST):
                found.append(((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)))
    return found


@dataclass(frozen=True)
class Lane:
    """A copy of the repository that no other process changes, and the process that runs its tests."""

    folder: Path
    server: subprocess.Popen[str]

    @classmethod
    def start(cls, folder: Path) -> Lane:
        """Start the process in its copy."""
        variables = {
            "PYTHONPATH": os.pathsep.join([f"{folder}/include", f"{folder}/plugins"]),
            "TMPDIR": str(folder.parent),
            "GX_ANALYTICS_ENABLED": "False",
        }
        server = subprocess.Popen(
            [str(ROOT / ".venv/bin/python"), "-W", "ignore", "tests/support/mutant_server.py"],
            cwd=folder,
            # Bytecode is kept, or every run would compile the product and its tests again.
            env={**os.environ, **variables, "PYTHONDONTWRITEBYTECODE": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return cls(folder, server)

    def run(
        self, paths: list[str], tests: Sequence[str] = (), known: Iterable[str] = (), limit: float = 3600.0
    ) -> Any:
        """Run some tests up to the first that fails, or all of them and record what they reach."""
        job = {"options": OPTIONS, "paths": paths, "tests": tests, "known": list(known), "limit": limit}
        if self.server.stdin is None or self.server.stdout is None:
            raise RuntimeError("the process that runs tests has no pipes")
        print(json.dumps(job), file=self.server.stdin, flush=True)
        reply = self.server.stdout.readline()
        if not reply:
            raise RuntimeError(f"the process that runs tests ended with {self.server.wait()}")
        return json.loads(reply)

    def stop(self) -> None:
        """End the process."""
        self.server.communicate()


@dataclass(frozen=True)
class Reach:
    """What the tests of a package reach on unchanged code.

    Attributes:
        seconds: how long each test takes.
        tests: the tests that enter a function, by file and first line of the function.
    """

    seconds: dict[str, float]
    tests: dict[tuple[str, int], set[str]]

    @classmethod
    def of(cls, paths: tuple[str, ...], lane: Lane) -> Reach:
        """Run tests; they must pass."""
        reply = lane.run(list(paths))
        if reply["status"]:
            sys.exit(f"tests of {', '.join(paths)} fail without a change:\n{reply['output']}")
        tests: dict[tuple[str, int], set[str]] = {}
        for test, found in reply["tests"].items():
            for file, line in found["functions"]:
                tests.setdefault((str(Path(file).relative_to(lane.folder)), line), set()).add(test)
        return cls({test: found["seconds"] for test, found in reply["tests"].items()}, tests)

    def noticing(self, file: Path, line: int) -> list[str]:
        """Return the tests that can notice a change: the mirrored ones first, then the quickest.

        For a line in a function these are the tests that enter it. Any other line runs at import: the mirrored tests
        and those that enter a function of its file can notice, or all where there are none.
        """
        function = _function(file, line)
        mirror = str(TESTS / file.relative_to(CODE).with_name(f"test_{file.name}"))
        if function is not None:
            found = self.tests.get((str(file), function), set())
        else:
            in_file = [tests for (name, _), tests in self.tests.items() if name == str(file)]
            mirrored = {test for test in self.seconds if test.startswith(f"{mirror}::")}
            found = mirrored.union(*in_file) or set(self.seconds)
        return sorted(found, key=lambda test: (not test.startswith(mirror), self.seconds[test], test))


def _function(file: Path, line: int) -> int | None:
    """Return the first line of the innermost function whose body holds a line."""
    found = None
    for node in ast.walk(_syntax(file)):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        # Breadth first: what is found later is further inside.
        if is_function and node.body[0].lineno <= line <= (node.end_lineno or 0):
            found = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return found


def reach_of(paths: tuple[str, ...], lanes: Queue[Lane]) -> Reach:
    """Find what tests reach, in the next free copy."""
    lane = lanes.get()
    begun = time.monotonic()
    try:
        return Reach.of(paths, lane)
    finally:
        lanes.put(lane)
        print(f"{time.monotonic() - begun:.0f} seconds: tests of {', '.join(paths)}", flush=True)


def judge(name: str, change: MutationSpec, reach: Reach, lanes: Queue[Lane]) -> Result:
    """Run the tests on a change; what hangs is killed."""
    file, operator = Path(change.module_path), get_operator(change.operator_name)()
    tests = reach.noticing(file, change.start_pos[0])
    limit = 60 + 10 * sum(reach.seconds[test] for test in tests)
    lane = lanes.get()
    try:
        path = lane.folder / file
        with use_mutation(path, operator, change.occurrence) as (before, after):
            # A time no other version of the file has: Python must not take the bytecode of another one.
            os.utime(path, (next(TIMES),) * 2)
            paths = sorted({test.partition("::")[0] for test in tests})
            status = lane.run(paths, tests, reach.seconds, limit)["status"] if tests else NO_TESTS
        os.utime(path, (next(TIMES),) * 2)
    finally:
        lanes.put(lane)
    place = f"{file}:{change.start_pos[0]} {change.operator_name.partition('/')[2]}"
    diff = "\n".join(unified_diff(before.split("\n"), (after or "").split("\n"), lineterm="", n=2))
    return Result(name, status not in (0, NO_TESTS), place, diff, len(tests))


def copies(home: Path, number: int) -> Iterator[Path]:
    """Copy the repository, changes that are not committed included."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for copy in range(number):
        folder = home / str(copy)
        for name in [*files, "include/dbt/target/manifest.json"]:
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        yield folder


def report(results: list[Result]) -> float:
    """Print the survivors and the score of every package, as a table; return the score of all."""
    for each in results:
        if not each.killed:
            print(f"\nsurvived {each.tests} tests: {each.place}\n{each.diff}")
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
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1, help="runs of tests at a time")
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
    results = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as home, ThreadPoolExecutor(chosen.lanes) as threads:
        lanes: Queue[Lane] = Queue()
        started = [Lane.start(folder) for folder in copies(Path(home), chosen.lanes)]
        for lane in started:
            lanes.put(lane)
        # Packages with the same tests share what these reach.
        paths = list(dict.fromkeys(PACKAGES[name].paths() for name in names))
        reaches = dict(zip(paths, threads.map(lambda each: reach_of(each, lanes), paths), strict=True))
        judged = [
            threads.submit(judge, name, change, reaches[PACKAGES[name].paths()], lanes)
            for name, change in changes
        ]
        for each in judged:
            results.append(each.result())
            print(f"{'killed' if results[-1].killed else 'SURVIVED'} {results[-1].place}", flush=True)
        for lane in started:
            lane.stop()
    score = report(results)
    print(f"\n{'ok' if score >= AIM else 'MISSED'}: {score:.2f} killed, aim {AIM:.2f}")
    return 0 if score >= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
