"""The process that runs of dbt are forked from: each is a process of its own, none pays for dbt's imports and parse.

It reads jobs from its standard input. The project is parsed once for each target and database; what dbt keeps of it to
parse only what changed lies in the project's target folder, where the next session finds it.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt_runs import parsed_by_tests

PROJECT = Path(__file__).resolve().parents[2] / "include" / "dbt"
PLACES = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]


@contextmanager
def _environment(variables: dict[str, str]) -> Any:
    """Have these variables and no others for the length of a `with` block."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def parsed(target: str, database: str, environment: dict[str, str]) -> Any:
    """Return the project's manifest for a target and a database."""
    kept = parsed_by_tests(target, database)
    kept.mkdir(parents=True, exist_ok=True)
    # Where the file lies is no part of what is parsed but for its name, and dbt parses all again when it moved.
    same = {**environment, "MERCURIOS_DUCKDB_PATH": f"{database}.duckdb"}
    same.pop("MERCURIOS_TENANT_ID", None)
    paths = ["--target", target, "--target-path", str(kept), "--log-path", str(kept)]
    with kept.with_name(f"{kept.name}.lock").open("w") as lock, _environment(same):
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = dbtRunner().invoke(["--quiet", "parse", *PLACES, *paths])
    if not done.success:
        raise RuntimeError(f"dbt did not parse the project: {done.exception}")
    return done.result


def run(job: dict[str, Any], manifest: Any) -> int:
    """Run dbt and return its exit code."""
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    if job["blind"]:
        _see_nothing()
    # Its log of every step and the whole manifest, which is not read, would take dbt a third of its time.
    options = [*PLACES, "--target", job["target"], "--log-level-file", "none", "--no-write-json"]
    done = dbtRunner(manifest=manifest).invoke([*job["arguments"], *options])
    target = job["environment"].get("DBT_TARGET_PATH")
    if target and isinstance(done.result, RunExecutionResult):
        done.result.write(os.path.join(target, "run_results.json"))
    if done.exception is not None:
        print(done.exception)
    return 0 if done.success else 1 if done.exception is None else 2


def _see_nothing() -> None:
    """Let dbt's look into the Snowflake database have come before anything was in it."""
    from dbt.adapters.snowflake.impl import SnowflakeAdapter

    SnowflakeAdapter.list_relations_without_caching = lambda *_: []


def fork(job: dict[str, Any], manifest: Any) -> int:
    """Run a job in a process of its own and return its exit code."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            code = run(job, manifest)
        except BaseException:
            traceback.print_exc()
        finally:
            # One of them closes the warehouse, which writes its log into its file.
            atexit._run_exitfuncs()
            gc.collect()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Fork a child for each job."""
    answers = os.fdopen(os.dup(1), "w")
    # What dbt prints while it parses must not mix with the results of jobs.
    os.dup2(2, 1)
    manifests: dict[tuple[str, str], Any] = {}
    for line in sys.stdin:
        job = json.loads(line)
        key = job["target"], job["database"]
        if key not in manifests:
            manifests[key] = parsed(*key, job["environment"])
            gc.collect()
            gc.freeze()
        print(json.dumps({"code": fork(job, manifests[key])}), file=answers, flush=True)
    atexit._run_exitfuncs()
    # What is frozen would be reported as leaked.
    os._exit(0)


if __name__ == "__main__":
    main()
