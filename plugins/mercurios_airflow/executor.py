"""An executor whose workers have imported what tasks need before the first task is forked from them.

A task is a process of its own, and imports what its worker has not: some two seconds of CPU for dbt, six for
Great Expectations, three for Cosmos and the engines, each time. Imported once, before the fork, they cost a task
nothing, and all tasks share their memory.

Only libraries are imported here. A module of this project that is edited is read again by the next task, as with
Airflow's own executor.
"""

from __future__ import annotations

import logging
from importlib import import_module

from airflow.executors.local_executor import LocalExecutor

log = logging.getLogger(__name__)

LIBRARIES = (
    "cosmos.operators.local",
    "cosmos.operators.watcher",
    "dbt.adapters.duckdb",
    "dbt.cli.main",
    "duckdb",
    "great_expectations",
    "pyarrow.parquet",
    "requests",
    "snowflake.connector",
)
# They report on their own wiring when they are imported, hundreds of lines long.
_TALKATIVE = ("great_expectations._docs_decorators",)


class PreloadedLocalExecutor(LocalExecutor):
    """Runs tasks on this machine, in processes that are forked from workers with these libraries.

    Set `AIRFLOW__CORE__EXECUTOR` to `mercurios_airflow.executor.PreloadedLocalExecutor` to use it.
    """

    def start(self) -> None:
        """Import the libraries, then start the workers."""
        preload()
        super().start()


def preload() -> list[str]:
    """Import the libraries of tasks and return those that were found.

    One that cannot be imported fails the tasks that need it, with its own error; it must not stop a scheduler.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    found = [name for name in LIBRARIES if _imported(name)]
    log.info("Imported before the first task: %s", ", ".join(found))
    return found


def _imported(name: str) -> bool:
    try:
        import_module(name)
    except Exception:
        log.exception("%s cannot be imported before the first task", name)
        return False
    return True
