"""Sends requests over connections that stay open.

`requests` asks the environment for proxies, certificates and credentials before every request and reads answers in
pieces of 10 KiB, which together cost more than to receive a page. Here the environment is asked once a host, by the
same rules, and urllib3, with which `requests` sends too, does the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import IncompleteRead
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

_HEADERS = urllib3.util.make_headers(accept_encoding=True)
_REDIRECTS = urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5)


class NoAnswerError(Exception):
    """There is no answer; the message is the kind of error alone, for its text may repeat addresses and headers."""


@dataclass(frozen=True)
class Answer:
    """An answer, whatever its status; header names are looked up in either case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Transport:
    """Keeps connections to the hosts that it is asked for, directly or through the environment's proxies.

    Args:
        connections: most requests under way at once.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout: tuple[float, float],
        body: bytes | None = None,
    ) -> Answer:
        """Send a request and read its answer to the end.

        Raises:
            NoAnswerError: nothing came, or not all of it.
        """
        patience = urllib3.Timeout(connect=timeout[0], read=timeout[1])
        try:
            answer = self._manager(url).request(
                method, url, body=body, headers={**_HEADERS, **headers}, timeout=patience, retries=_REDIRECTS
            )
        except (HTTPError, requests.RequestException) as error:
            raise NoAnswerError(_reason(error)) from None
        return Answer(answer.status, answer.headers, answer.data)

    def close(self) -> None:
        """Close the connections."""
        for manager in self._managers.values():
            manager.clear()

    def _manager(self, url: str) -> urllib3.PoolManager:
        host = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        with self._lock:
            if host not in self._managers:
                self._managers[host] = _manager(host, self._connections)
            return self._managers[host]


def _manager(host: str, connections: int) -> urllib3.PoolManager:
    with requests.Session() as session:
        found = session.merge_environment_settings(host, {}, None, None, None)
    certificates = found["verify"] if isinstance(found["verify"], str) else DEFAULT_CA_BUNDLE_PATH
    bundle = "ca_cert_dir" if Path(certificates).is_dir() else "ca_certs"
    options: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED", bundle: certificates}
    proxy = select_proxy(host, found["proxies"])
    if not proxy:
        return urllib3.PoolManager(maxsize=connections, **options)
    address = proxy if "://" in proxy else f"http://{proxy}"
    manager: urllib3.PoolManager = HTTPAdapter(pool_maxsize=connections).proxy_manager_for(address, **options)
    return manager


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    match cause:
        case ReadTimeoutError():
            return "the answer took too long"
        case NewConnectionError():
            return "the connection failed"
        case ConnectTimeoutError():
            return "connecting took too long"
        case ProtocolError() if any(isinstance(each, IncompleteRead | HTTPError) for each in cause.args):
            return "the answer broke off"
        case ProtocolError():
            return "the connection failed"
        case _:
            return type(cause).__name__
