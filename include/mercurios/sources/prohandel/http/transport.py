"""Sends requests over connections that stay open.

Before every request `requests` reads proxies, certificates and credentials from the environment, prepares the request
and wraps the response, and it reads responses in pieces; together that costs more than to receive a page. Here it is
used once a host: for the environment's rules, and for the pool of connections that follows them. The pool is urllib3's,
as beneath `requests`; it sends each request, and a response is read in one piece where its length is known. No redirect
is followed: a request carries credentials, and these go where the connection says and nowhere else. Every response is
bounded, in bytes, headers and seconds.
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

from mercurios.sources.prohandel.http.bodies import NoResponseError, ResponseRefusedError, body_of
from mercurios.sources.prohandel.http.deadlines import limited
from mercurios.sources.prohandel.http.settings import ClientSettings

# Characters of all headers of a response together.
_MOST_HEADERS = 65_536


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
        most_bytes: bound of the response.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    timeout: tuple[float, float]
    body: bytes | None
    most_bytes: int


class Transport:
    """Keeps connections to the hosts that are requested, directly or through the environment's proxies.

    Args:
        settings: time limits, bounds, and how many requests are under way at once.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Response:
        """Send a request and read its response to the end, that of a redirect too.

        Raises:
            NoResponseError: nothing came, or not all of it.
            ResponseRefusedError: what came exceeds a bound.
        """
        scheme, _, rest = url.partition("://")
        name, _, path = rest.partition("/")
        limits = self._settings
        timeout = (limits.connect_timeout, limits.read_timeout)
        call = Call(method, url, headers, timeout, body, limits.most_bytes)
        return self._host(f"{scheme}://{name}").send(call, f"/{path}")

    def close(self) -> None:
        """Close the connections."""
        for host in self._hosts.values():
            host.session.close()

    def _host(self, address: str) -> _Host:
        with self._lock:
            if address not in self._hosts:
                try:
                    self._hosts[address] = _Host(address, self._settings)
                except (requests.RequestException, HTTPError, ValueError) as error:
                    raise NoResponseError(_reason(error)) from None
            return self._hosts[address]


class _Host:
    """A host and the connections to it."""

    def __init__(self, address: str, settings: ClientSettings) -> None:
        self.session = _session(address)
        # The stubs of `requests` are older than urllib3 2.
        adapter = cast(Any, HTTPAdapter(pool_maxsize=settings.pages_in_flight + 1))
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, adapter)
        first = requests.PreparedRequest()
        first.prepare("GET", f"{address}/")
        verify, proxies = self.session.verify, self.session.proxies
        self.pool: HTTPConnectionPool = adapter.get_connection_with_tls_context(first, verify, proxies)
        limits = settings.longest_response, settings.most_bytes
        self.pool.ConnectionCls = limited(self.pool.ConnectionCls, *limits)
        adapter.cert_verify(self.pool, address, verify, None)
        # A proxy that forwards plain requests needs the whole address.
        self._is_relayed = adapter.request_url(first, proxies) != first.path_url

    def send(self, call: Call, path: str) -> Response:
        """Send a request and read its response."""
        response = _requested(self.pool, call.url if self._is_relayed else path, call)
        try:
            if sum(len(name) + len(value) for name, value in response.headers.items()) > _MOST_HEADERS:
                raise ResponseRefusedError(f"its headers have more than {_MOST_HEADERS:,} characters")
            return Response(response.status, response.headers, body_of(response, call.most_bytes))
        except BaseException:
            # What was not read would be taken for the next response.
            response.close()
            raise
        finally:
            response.release_conn()


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
            timeout=Timeout(connect=call.timeout[0], read=call.timeout[1]),
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


def _reason(error: Exception) -> str:
    kinds: dict[type[Exception], str] = {
        requests.exceptions.ConnectTimeout: "connecting took too long",
        requests.exceptions.ReadTimeout: "the response took too long",
        requests.exceptions.ConnectionError: "the connection failed",
    }
    return kinds.get(type(error), type(error).__name__)
