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


class PortError(Exception):
    """The port cannot be bound; the message names it and what to do."""


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m prohandel_simulator", description="A local ProHandel API with demo retailers."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve worlds over HTTP on the loopback interface")
    serve.add_argument(
        "--port", type=int, default=8990, help="port to listen on; 0 for a free one (default: 8990)"
    )
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


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as problem:
        listener.close()
        raise PortError(
            f"Port {port} on {HOST} cannot be used ({problem.strerror}). Stop what runs there or choose --port."
        ) from None
    return listener


def _simulator(options: argparse.Namespace) -> Simulator:
    return Simulator(
        _words(options.tenants),
        options.today,
        options.seed,
        options.cache_dir or default_cache_dir(),
        None if options.changed is None else set(_words(options.changed)),
        options.token_seconds,
        options.instants_in,
    )


def _serve(options: argparse.Namespace) -> int:
    # The port is taken before worlds are generated, and accepts connections before the ready line is printed.
    try:
        listener = _bind(options.port)
        simulator = _simulator(options)
    except (PortError, WorldError, ValueError) as trouble:
        print(trouble, file=sys.stderr)
        return 2
    listener.listen(128)
    port = listener.getsockname()[1]
    root, names = f"http://{HOST}:{port}", ", ".join(simulator.tenants)
    print(f"ready: tokens at {root}/auth/api/v4/token, tenants {names} at {root}/t/<tenant>", flush=True)
    uvicorn.Server(configure(Application(simulator), port)).run(sockets=[listener])
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "credentials":
        print(json.dumps({name: credentials(name) for name in _words(options.tenants)}, indent=2))
        return 0
    return _serve(options)
