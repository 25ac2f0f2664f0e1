"""`python -m prohandel_simulator` as a person types it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import requests

INCLUDE = Path(__file__).resolve().parents[2] / "include"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "prohandel_simulator", *words]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(INCLUDE)}
    return subprocess.run(
        command(*words), capture_output=True, text=True, env=environment, timeout=900, check=False
    )


def test_credentials_prints_obviously_fake_keys_as_json():
    found = json.loads(run("credentials").stdout)

    assert found["giftware"] == {"apiKey": "demo-key-giftware", "secret": "demo-secret-giftware"}
    assert set(found) == {"giftware", "modehaus"}


def test_serve_prints_a_ready_line_once_it_answers(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(INCLUDE)}
    words = (
        "serve",
        "--port",
        "0",
        "--tenants",
        "mini",
        "--today",
        "2026-03-04",
        "--cache-dir",
        str(tmp_path),
    )
    with subprocess.Popen(command(*words), stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            line = server.stdout.readline()
            root = line.split()[3].removesuffix("/auth/api/v4/token,")
            health = requests.get(f"{root}/_simulator/health", timeout=30)
        finally:
            server.terminate()

    assert line.startswith("ready: tokens at http://127.0.0.1:")
    assert health.json() == {"status": "ok", "now": "2026-03-04T04:00:00+00:00"}


def test_a_busy_port_is_named_with_the_remedy(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port), "--tenants", "mini", "--cache-dir", str(tmp_path))

    assert result.returncode == 2
    assert f"Port {port}" in result.stderr
    assert "--port" in result.stderr


def test_an_unknown_world_is_named_with_the_choices(tmp_path):
    result = run("serve", "--port", "0", "--tenants", "nowhere", "--cache-dir", str(tmp_path))

    assert result.returncode == 2
    assert "'nowhere'" in result.stderr
    assert "giftware, mini, modehaus" in result.stderr
