"""Processes the demo starts, each in a session of its own, so that every one of them can be ended again.

Airflow starts children of its own and leaves them behind when only the parent gets the signal to stop; a session is
stopped as a whole, and the demo then makes sure that no process of it is left.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 20.0


class ProcessError(Exception):
    """A process could not be started or ended early; the message names its log."""


@dataclass
class Service:
    """A running process of the demo."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ensure_alive(self) -> None:
        """Raise when the process has ended, with the end of its log.

        Raises:
            ProcessError: it has ended.
        """
        code = self.process.poll()
        if code is not None:
            raise ProcessError(f"{self.name} ended with code {code}; the end of {self.log}:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End the whole session: politely first, then by force; return when no process of it is left."""
        session = self.process.pid
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            _signal_session(session, wanted)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline:
                self.process.poll()
                if not session_members(session):
                    return
                time.sleep(0.1)


def start(name: str, command: Sequence[str], environment: Mapping[str, str], cwd: Path, log: Path) -> Service:
    """Start a process in a session of its own, with its output in a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Service(name, process, log)


def session_members(session: int) -> list[int]:
    """Return the running processes of a session (Linux: from /proc; elsewhere: the leader's group alone)."""
    proc = Path("/proc")
    if not proc.is_dir():
        return [session] if _group_alive(session) else []
    members = []
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                members.append(int(entry.name))
    return members


def port_problem(port: int, what: str, remedy: str) -> str | None:
    """Return what is wrong with using a loopback port, or None when it is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return f"Port {port} for {what} cannot be used ({error.strerror}). {remedy}"
    return None


def _signal_session(session: int, wanted: signal.Signals) -> None:
    for pid in session_members(session):
        try:
            os.kill(pid, wanted)
        except ProcessLookupError:
            continue


def _group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
