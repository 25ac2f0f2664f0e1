"""`python -m mercurios_demo`, as `make demo` types it."""

from __future__ import annotations

import socket
from pathlib import Path

from typer.testing import CliRunner

from mercurios_demo.__main__ import app


def test_a_busy_port_ends_the_demo_with_code_2_and_names_port_and_remedy(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]

        result = CliRunner().invoke(app, ["--exit", "--home", str(tmp_path), "--airflow-port", str(port)])

    assert result.exit_code == 2, result.output
    assert str(port) in result.output
    assert "DEMO_AIRFLOW_PORT" in result.output


def test_ports_and_home_come_from_the_environment_too(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        environment = {"DEMO_HOME": str(tmp_path), "DEMO_SIMULATOR_PORT": str(port), "DEMO_AIRFLOW_PORT": "0"}

        result = CliRunner().invoke(app, ["--exit"], env=environment)

    assert result.exit_code == 2, result.output
    assert "DEMO_SIMULATOR_PORT" in result.output
