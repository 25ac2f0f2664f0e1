"""A real HTTP server that answers exactly what a test scripts, damage included."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.http.settings import ClientSettings, Credentials

KEY, SECRET = "key-of-a-test", "secret-of-a-test"


@dataclass
class Reply:
    """One response; `length` lies about the size of the body when it is set."""

    rows: Any = field(default_factory=list)
    more: str | None = "False"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    length: int | None = None


Script = Callable[..., Reply]


class Stub:
    """Answers pages by script: a function of the page's number and of how often it was asked for.

    With `sized` the script gets the page's size too, which distinguishes probes of page boundaries from pages.
    """

    def __init__(self, script: Script, expires_in: float = 1800, sized: bool = False) -> None:
        self.script = script
        self.sized = sized
        self.expires_in = expires_in
        self.asked: list[int] = []
        self.sizes: list[int] = []
        self.tokens: list[str] = []
        self.bearers: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def client(
        self, sleep: Any = lambda _: None, clock: Callable[[], float] = time.monotonic, **settings: Any
    ) -> ProHandelClient:
        chosen = ClientSettings(**{"attempts": 3, "connect_timeout": 2, "read_timeout": 2, **settings})
        return ProHandelClient(self.url, Credentials(KEY, SECRET), chosen, sleep=sleep, clock=clock)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, bearer: str) -> Reply:
        query = parse_qs(urlparse(path).query)
        page, size = int(query["page"][0]), int(query["pagesize"][0])
        with self._lock:
            self.asked.append(page)
            self.sizes.append(size)
            self.bearers.append(bearer.removeprefix("Bearer "))
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            tries = self.asked.count(page)
        try:
            return self.script(page, tries, size) if self.sized else self.script(page, tries)
        finally:
            with self._lock:
                self.under_way -= 1

    def token(self) -> Reply:
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        inner = {"value": self.tokens[-1], "name": "token", "expiresIn": self.expires_in}
        return Reply({"token": {"token": inner}, "serverUrl": self.url, "requiredActions": []})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(stub.answer(self.path, self.headers.get("Authorization", "")))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._send(stub.token())

            def _send(self, reply: Reply) -> None:
                body = json.dumps(reply.rows).encode() if reply.body is None else reply.body
                # A Date header of the server would stand beside the one of the script.
                self.send_response_only(reply.status)
                self.send_header("Content-Length", str(len(body) if reply.length is None else reply.length))
                if reply.more is not None:
                    self.send_header("X-More-Pages-Available", reply.more)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                if reply.length is not None:
                    # Said before it is done, or the client may ask again over the connection that is closing.
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def stub() -> Iterator[Callable[..., Stub]]:
    """Start servers that answer by script."""
    started: list[Stub] = []

    def start(script: Script, **options: Any) -> Stub:
        started.append(Stub(script, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply
