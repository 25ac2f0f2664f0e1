"""A Slack webhook endpoint on loopback that records what it is sent and misbehaves on request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class SlackStub:
    host: str = ""
    status: int = 200
    # Requests that get the status before the others get 200; None is all of them.
    failing: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # How long a response takes that comes a byte at a time; 0 is at once.
    dribble_seconds: float = 0.0
    hang_up: bool = False
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    stub = SlackStub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stub.received.append((self.path, json.loads(body)))
            if stub.hang_up:
                self.close_connection = True
                return
            if stub.dribble_seconds:
                self._dribble()
                return
            bad = stub.failing is None or len(stub.received) <= stub.failing
            status = stub.status if bad else 200
            self.send_response(status)
            for name, value in stub.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok" if status == 200 else b"server error")

        def _dribble(self) -> None:
            # One byte now and then: every single read succeeds, so no socket time-out ever fires.
            end = time.monotonic() + stub.dribble_seconds
            try:
                while time.monotonic() < end and not stub.released.wait(0.2):
                    self.wfile.write(b"H")
                    self.wfile.flush()
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.host = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield stub
    stub.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)
