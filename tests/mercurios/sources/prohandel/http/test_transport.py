"""Requests: which settings of the environment they use, that connections are kept, how a missing one is named."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mercurios.sources.prohandel.http.bodies import NoResponseError, ResponseRefusedError
from mercurios.sources.prohandel.http.settings import ClientSettings
from mercurios.sources.prohandel.http.transport import Response, Transport


class Host:
    """A server that notes what it is asked for; it redirects from `/away` and breaks off at `/torn`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections: set[int] = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.away = self.url
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host.asked.append((self.path, dict(self.headers)))
                host.connections.add(self.client_address[1])
                self.send_response_only(302 if self.path == "/away" else 200)
                self.send_header("Location", f"{host.away}/here")
                self.send_header("X-More-Pages-Available", "True")
                self.send_header("Content-Length", "4" if self.path == "/torn" else "2")
                self.end_headers()
                self.wfile.write(b"[]")
                self.close_connection = self.path == "/torn"

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def host() -> Iterator[Host]:
    started = Host()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[Transport]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    started = Transport(ClientSettings(pages_in_flight=1, connect_timeout=2, read_timeout=2))
    yield started
    started.close()


def get(transport: Transport, url: str) -> Response:
    return transport.send("GET", url, {"Authorization": "Bearer t"})


def test_requests_to_one_host_share_a_connection(transport: Transport, host: Host) -> None:
    responses = [get(transport, f"{host.url}/page?page={number}") for number in (1, 2, 3)]

    assert [(response.status, response.content) for response in responses] == [(200, b"[]")] * 3
    assert responses[0].headers.get("x-more-pages-AVAILABLE") == "True"
    assert [path for path, _ in host.asked] == ["/page?page=1", "/page?page=2", "/page?page=3"]
    assert len(host.connections) == 1


@pytest.mark.parametrize("proxy", ["http://user:secret@{}", "{}"])
def test_the_environments_proxy_is_used(
    transport: Transport, host: Host, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.format(host.url.removeprefix("http://")))

    response = get(transport, "http://api.example/page")

    [(asked, headers)] = host.asked
    assert (response.status, asked, headers["Host"]) == (200, "http://api.example/page", "api.example")
    assert ("Proxy-Authorization" in headers) == ("user" in proxy)


def test_hosts_that_need_no_proxy_are_asked_directly(
    transport: Transport, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")

    assert get(transport, f"{host.url}/page").status == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_no_redirect_is_followed_whoever_is_the_target(transport: Transport, host: Host, name: str) -> None:
    host.away = host.url.replace("127.0.0.1", name)

    assert get(transport, f"{host.url}/away").status == 302
    assert [path for path, _ in host.asked] == ["/away"]


def test_a_response_that_breaks_off_is_no_response(transport: Transport, host: Host) -> None:
    with pytest.raises(NoResponseError, match=r"^the response broke off$"):
        get(transport, f"{host.url}/torn")


def test_a_host_that_is_not_there_is_named_by_the_kind_of_error_alone(transport: Transport) -> None:
    with pytest.raises(NoResponseError, match=r"^the connection failed$"):
        get(transport, "http://127.0.0.1:9/secret")


def test_an_invalid_header_is_not_shown(transport: Transport, host: Host) -> None:
    with pytest.raises(NoResponseError, match=r"^\w+$"):
        transport.send("GET", f"{host.url}/page", {"Authorization": "Bearer a\nsecret"})


@pytest.mark.parametrize("url", ["http://", "nowhere", "http://[::1/page", "ftp://127.0.0.1/page"])
def test_an_invalid_address_has_no_response(transport: Transport, url: str) -> None:
    with pytest.raises(NoResponseError, match=r"^\w+$"):
        get(transport, url)


def test_a_response_that_never_comes_is_named_once_the_read_has_taken_too_long() -> None:
    """And not once a connection would have."""
    transport = Transport(ClientSettings(connect_timeout=60, read_timeout=0.1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/page"
        begun = time.monotonic()
        with pytest.raises(NoResponseError, match=r"^the response took too long$"):
            transport.send("GET", url, {})
    transport.close()
    assert time.monotonic() - begun < 30


def test_a_response_may_take_longer_than_a_connection() -> None:
    transport = Transport(ClientSettings(connect_timeout=0.2, read_timeout=30))
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"

    with speaking(body, b"", after=0.6) as url:
        assert get(transport, url).content == b"[]"


def test_certificates_are_checked_against_the_bundle_of_the_environment(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    bundle = tmp_path / "company.pem"
    bundle.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    pool = transport._host("https://api.example").pool

    assert (pool.ca_certs, pool.cert_reqs) == (str(bundle), "CERT_REQUIRED")


def test_the_environment_is_asked_once_a_host(
    transport: Transport, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(transport, f"{host.url}/page")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert get(transport, f"{host.url}/page").status == 200


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MEBIBYTE = 1 << 20


@contextmanager
def speaking(begin: bytes, more: bytes, after: float = 0) -> Iterator[str]:
    """A server that begins a response, and goes on until no one listens any more."""

    def speak() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(MEBIBYTE)
            time.sleep(after)
            connection.sendall(begin)
            while more:
                connection.sendall(more)

    with socket.create_server(("127.0.0.1", 0)) as server:
        speaker = threading.Thread(target=speak)
        speaker.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/page"
        speaker.join()


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (CHUNKED + b"-1\r\n", b" " * MEBIBYTE),
        (CHUNKED + b"2\r\n[]\r\n0\r\n", b"x: " + b"y" * 60_000 + b"\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\nx: " + b"y" * 60_000 + b"\r\n\r\n"),
    ],
    ids=["a chunk of size -1", "trailers", "interim responses"],
)
def test_what_comes_beside_a_body_has_a_bound_too(begin: bytes, more: bytes) -> None:
    """Python reads a chunk of size -1 to the end of the connection, and all the others without counting."""
    transport = Transport(ClientSettings(most_bytes=MEBIBYTE, longest_response=10))

    with speaking(begin, more) as url, pytest.raises(ResponseRefusedError, match="more bytes than its body"):
        get(transport, url)


@pytest.mark.parametrize("size", [b"-5", b"zz", b""])
def test_a_chunk_without_a_size_is_no_response(size: bytes) -> None:
    transport = Transport(ClientSettings())

    with (
        speaking(CHUNKED + size + b"\r\n[]\r\n0\r\n\r\n", b"") as url,
        pytest.raises(NoResponseError, match=r"^the response broke off$"),
    ):
        get(transport, url)
