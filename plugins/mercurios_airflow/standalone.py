"""`airflow standalone` that listens on loopback alone: `python -m mercurios_airflow.standalone`, for the demo.

Scheduler and triggerer serve the logs of their machine to every network, whatever the settings say. On one machine the
API server reads the same files itself, so that they need not be served.
"""

from __future__ import annotations

import sys
from typing import Any

_SERVE_LOGS = ("scheduler", "triggerer")


def command_of(name: str, command: list[str]) -> list[str]:
    """Return how a process of Airflow is started that serves no logs."""
    return [*command, "--skip-serve-logs"] if name in _SERVE_LOGS else command


def main() -> None:
    """Start all processes of Airflow and wait for them."""
    from airflow.__main__ import main as airflow
    from airflow.cli.commands import standalone_command

    class SubCommand(standalone_command.SubCommand):
        """One of the processes."""

        def __init__(self, parent: Any, name: str, command: list[str], env: dict[str, str]) -> None:
            super().__init__(parent, name=name, command=command_of(name, command), env=env)

    standalone_command.SubCommand = SubCommand  # type: ignore[misc]
    # Airflow's own command also writes the file with the secrets that all its processes share.
    sys.argv = ["airflow", "standalone"]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
