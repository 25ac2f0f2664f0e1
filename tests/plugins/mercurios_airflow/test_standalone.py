"""The processes of the demo's Airflow are started without the log servers that listen on every network."""

from __future__ import annotations

import pytest
from airflow.cli.cli_parser import get_parser

from mercurios_airflow.standalone import command_of


@pytest.mark.parametrize("name", ["scheduler", "triggerer"])
def test_what_would_serve_logs_to_every_network_does_not(name: str) -> None:
    assert get_parser().parse_args(command_of(name, [name])).skip_serve_logs


@pytest.mark.parametrize("name", ["api-server", "dag-processor"])
def test_other_processes_start_as_airflow_starts_them(name: str) -> None:
    assert command_of(name, [name]) == [name]
