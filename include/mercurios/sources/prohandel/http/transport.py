"""Sends requests over connections that stay open.

Before every request `requests` reads proxies, certificates and credentials from the environment, prepares the request
and wraps the response, and it reads responses in pieces; together that costs more than to receive a page. Here it is
used once a host: for the environment's rules, and for the pool of connections that follows them. The pool is urllib3's,
as beneath `requests`; it sends each request, and a response is read in one piece. Redirects are followed by `requests`,
by its rules of which headers may be sent to which host.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)


class NoResponseError(Exception):
    """There is no response; the message is the kind of error alone, for its text may repeat addresses and headers."""


@dataclass(frozen=True)
class Response:
    """A response, whatever its status; header names are looked up in either case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        timeout: seconds to connect, and to wait for the next bytes.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    timeout: tuple[float, float]
    body: bytes | None = None

    def prepared(self) -> requests.PreparedRequest:
        """Return the request as `requests` takes it."""
        request = requests.PreparedRequest()
        request.prepare(self.method, self.url, self.headers, data=self.body)
        return request


class Transport:
    """Keeps connections to the hosts that are requested, directly or through the environment's proxies.

    Args:
        connections: most requests under way at once.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout: tuple[float, float],
        body: bytes | None = None,
    ) -> Response:
        """Send a request and read its response to the end.

        Raises:
            NoResponseError: nothing came, or not all of it.
        """
        scheme, _, rest = url.partition("://")
        name, _, path = rest.partition("/")
        return self._host(f"{scheme}://{name}").send(Call(method, url, headers, timeout, body), f"/{path}")

    def close(self) -> None:
        """Close the connections."""
        for host in self._hosts.values():
            host.session.close()

    def _host(self, address: str) -> _Host:
        with self._lock:
            if address not in self._hosts:
                try:
                    self._hosts[address] = _Host(address, self._connections)
                except (requests.RequestException, HTTPError, ValueError) as error:
                    raise NoResponseError(_reason(error)) from None
            return self._hosts[address]


class _Host:
    """A host and the connections to it."""

    def __init__(self, address: str, connections: int) -> None:
        self.session = _session(address)
        # The stubs of `requests` are older than urllib3 2.
        self._adapter = cast(Any, HTTPAdapter(pool_maxsize=connections))
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, self._adapter)
        first = Call("GET", f"{address}/", {}, (0, 0)).prepared()
        verify, proxies = self.session.verify, self.session.proxies
        self.pool: HTTPConnectionPool = self._adapter.get_connection_with_tls_context(first, verify, proxies)
        self._adapter.cert_verify(self.pool, address, verify, None)
        # A proxy that forwards plain requests needs the whole address.
        self._is_relayed = self._adapter.request_url(first, proxies) != first.path_url

    def send(self, call: Call, path: str) -> Response:
        """Send a request and read its response, or that of the address to which it is redirected."""
        response = _requested(self.pool, call.url if self._is_relayed else path, call)
        if response.get_redirect_location():
            return self._redirected(response, call)
        return Response(response.status, response.headers, _content(response))

    def _redirected(self, response: BaseHTTPResponse, call: Call) -> Response:
        try:
            request = call.prepared()
            first = self._adapter.build_response(request, response)
            rules: dict[str, Any] = {"verify": self.session.verify, "proxies": self.session.proxies}
            later = self.session.resolve_redirects(first, request, stream=True, timeout=call.timeout, **rules)
            last = [first, *later][-1]
        except requests.RequestException as error:
            raise NoResponseError(_reason(error)) from None
        with last:
            return Response(last.status_code, last.headers, _content(last.raw))


def _session(address: str) -> requests.Session:
    session = requests.Session()
    found = session.merge_environment_settings(address, {}, None, None, None)
    session.proxies, session.verify = dict(found["proxies"]), found["verify"]
    session.trust_env = False
    return session


def _requested(pool: HTTPConnectionPool, target: str, call: Call) -> BaseHTTPResponse:
    try:
        return pool.urlopen(
            call.method,
            target,
            call.body,
            call.headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=Timeout(*call.timeout),
            preload_content=False,
            decode_content=False,
        )
    except (NewConnectionError, ProtocolError):
        raise NoResponseError("the connection failed") from None
    except ConnectTimeoutError:
        raise NoResponseError("connecting took too long") from None
    except ReadTimeoutError:
        raise NoResponseError("the response took too long") from None
    except (HTTPError, ValueError) as error:
        # The text of a ValueError shows the invalid header, which may hold a token.
        raise NoResponseError(type(error).__name__) from None


def _content(response: BaseHTTPResponse) -> bytes:
    try:
        return response.read(decode_content=True)
    except ReadTimeoutError:
        raise NoResponseError("the response took too long") from None
    except HTTPError:
        raise NoResponseError("the response broke off") from None
    finally:
        response.release_conn()


def _reason(error: Exception) -> str:
    kinds: dict[type[Exception], str] = {
        requests.exceptions.ConnectTimeout: "connecting took too long",
        requests.exceptions.ReadTimeout: "the response took too long",
        requests.exceptions.ConnectionError: "the connection failed",
    }
    return kinds.get(type(error), type(error).__name__)
