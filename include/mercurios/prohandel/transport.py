"""Sends requests over connections that stay open.

Before every request `requests` asks the environment for proxies, certificates and credentials, and it reads answers in
pieces; together that costs more than to receive a page. Here the environment is asked once a host, by the library's own
rules, and an answer is read in one piece.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError


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
        self._sessions: dict[str, requests.Session] = {}
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
        session, request = self._session(url), requests.PreparedRequest()
        try:
            request.prepare(method, url, headers, data=body)
            with session.send(request, timeout=timeout, stream=True) as answer:
                content = answer.raw.read(decode_content=True)
        except requests.RequestException as error:
            raise NoAnswerError(_reason(error)) from None
        except ReadTimeoutError:
            raise NoAnswerError("the answer took too long") from None
        except HTTPError:
            raise NoAnswerError("the answer broke off") from None
        return Answer(answer.status_code, answer.headers, content)

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            session.close()

    def _session(self, url: str) -> requests.Session:
        host = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        with self._lock:
            if host not in self._sessions:
                self._sessions[host] = _session(host, self._connections)
            return self._sessions[host]


def _session(host: str, connections: int) -> requests.Session:
    session = requests.Session()
    found = session.merge_environment_settings(host, {}, None, None, None)
    session.proxies, session.verify = dict(found["proxies"]), found["verify"]
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=connections))
    return session


def _reason(error: requests.RequestException) -> str:
    return {
        requests.exceptions.ConnectTimeout: "connecting took too long",
        requests.exceptions.ReadTimeout: "the answer took too long",
        requests.exceptions.ConnectionError: "the connection failed",
    }.get(type(error), type(error).__name__)
