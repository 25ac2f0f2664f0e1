"""The demo's processes: whole sessions end, and a busy port is reported before anything starts."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from mercurios_demo import processes
from mercurios_demo.processes import ProcessError, port_problem, session_members, start

FAMILY = """
import signal, subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
child = (
    "import subprocess, sys, time\\n"
    f"subprocess.Popen([sys.executable, '-c', {stubborn!r}])\\n"
    "time.sleep(60)\\n"
)
subprocess.Popen([sys.executable, "-c", child])
time.sleep(60)
"""


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def test_a_session_is_stopped_with_all_its_grandchildren(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when one of them ignores the signal to end."""
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    log = tmp_path / "logs" / "family.log"
    service = start("family", [sys.executable, "-c", FAMILY], os.environ, tmp_path, log)
    wait_for(log, "up")
    members = session_members(service.process.pid)

    service.stop()

    assert len(members) == 3
    assert session_members(service.process.pid) == []
    assert service.process.returncode is not None


def test_children_that_outlive_their_parent_are_stopped_too(tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.Popen(['sleep', '60']); print('gone', flush=True)"
    service = start("orphans", [sys.executable, "-c", code], os.environ, tmp_path, tmp_path / "log")
    service.process.wait(timeout=20)
    assert len(session_members(service.process.pid)) == 1

    service.stop()

    assert session_members(service.process.pid) == []


def test_a_process_that_ended_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    code = "print('first'); print('no such setting'); raise SystemExit(3)"
    service = start(
        "scheduler", [sys.executable, "-c", code], os.environ, tmp_path, tmp_path / "scheduler.log"
    )
    service.process.wait(timeout=20)

    with pytest.raises(
        ProcessError, match=r"scheduler ended with code 3; the end of .*scheduler.log:\n.*\n?no such"
    ):
        service.ensure_alive()


def test_a_running_process_is_alive_and_stopping_twice_is_harmless(tmp_path: Path) -> None:
    service = start("sleeper", ["sleep", "60"], os.environ, tmp_path, tmp_path / "log")

    service.ensure_alive()
    service.stop()
    service.stop()

    assert service.process.returncode is not None


def test_a_busy_port_is_named_with_what_it_is_for_and_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]

        problem = port_problem(port, "the Airflow UI", "Set DEMO_AIRFLOW_PORT.")

    assert (
        problem
        == f"Port {port} for the Airflow UI cannot be used (Address already in use). Set DEMO_AIRFLOW_PORT."
    )
    assert port_problem(port, "the Airflow UI", "") is None
