"""The command line: serve worlds, or print the demo credentials."""

from __future__ import annotations

import argparse
import json
import socket
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import uvicorn

from prohandel_simulator.auth import ACCESS_SECONDS, credentials
from prohandel_simulator.server import HOST, Application, configure
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.world import DEFAULT_SEED, GENERATORS, WorldError, default_cache_dir

DEFAULT_TENANTS = "giftware,modehaus"


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m prohandel_simulator", description="A local ProHandel API with demo retailers."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve worlds over HTTP on the loopback interface")
    serve.add_argument("--port", type=int, default=8990, help="port to listen on (default: 8990)")
    serve.add_argument(
        "--tenants", default=DEFAULT_TENANTS, help=f"comma list of {', '.join(sorted(GENERATORS))}"
    )
    serve.add_argument("--today", type=date.fromisoformat, help="first business day (default: the real date)")
    serve.add_argument("--seed", type=int, default=DEFAULT_SEED, help="same seed and day, same bytes")
    serve.add_argument("--cache-dir", type=Path, help="where generated worlds are kept")
    serve.add_argument(
        "--changed", help="comma list of resources with changed/<ts>; '' for none (default: all)"
    )
    serve.add_argument("--token-seconds", type=int, default=ACCESS_SECONDS, help="life of an access token")
    serve.add_argument("--instants-in", default="UTC", help="zone of lastChange and created (default: UTC)")
    shown = commands.add_parser("credentials", help="print demo API keys as JSON")
    shown.add_argument("--tenants", default=DEFAULT_TENANTS, help="comma list of tenants")
    return parser


def _port_problem(port: int) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as problem:
            return f"Port {port} on {HOST} cannot be used ({problem.strerror}). Stop what runs there or choose --port."
    return None


def _serve(options: argparse.Namespace) -> int:
    problem = _port_problem(options.port)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    changed = None if options.changed is None else set(_words(options.changed))
    names = _words(options.tenants)
    try:
        simulator = Simulator(
            names,
            options.today,
            options.seed,
            options.cache_dir or default_cache_dir(),
            changed,
            options.token_seconds,
            options.instants_in,
        )
    except (WorldError, ValueError) as trouble:
        print(trouble, file=sys.stderr)
        return 2
    server = uvicorn.Server(configure(Application(simulator), options.port))
    root = f"http://{HOST}:{options.port}"
    print(
        f"ready: tokens at {root}/auth/api/v4/token, tenants {', '.join(names)} at {root}/t/<tenant>",
        flush=True,
    )
    server.run()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "credentials":
        print(json.dumps({name: credentials(name) for name in _words(options.tenants)}, indent=2))
        return 0
    return _serve(options)
