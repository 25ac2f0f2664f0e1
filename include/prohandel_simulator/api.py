"""The hot path: `/t/<tenant>/api/v2/<resource>` as a plain ASGI function that slices rendered bytes.

Requests pass interceptors first. An interceptor sees the request and may answer in its place, which is how outages
work and where a fault scheduler plugs in; faults that damage a response on its way are ordinary ASGI middleware.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

import numpy as np
import orjson

from prohandel_simulator import schema
from prohandel_simulator.clock import parse_instant
from prohandel_simulator.simulator import Simulator, Tenant

PREFIX = "/t/"
DEFAULT_PAGESIZE = 100
MAX_PAGESIZE = 1000


@dataclass(frozen=True)
class Request:
    """One API request as interceptors see it; `path` is what follows `/api/v2/`."""

    tenant: str
    path: tuple[str, ...]
    query: dict[str, str]
    token: str


@dataclass(frozen=True)
class Response:
    """Status, body and extra headers."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


Interceptor = Callable[[Simulator, Request], Response | None]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def error(status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Response:
    """Answer with a JSON error body."""
    body = orjson.dumps({"error": status, "message": message, "correlationId": str(uuid4())})
    return Response(status, body, headers)


def outage(simulator: Simulator, request: Request) -> Response | None:
    """Answer 503 while a tenant's outage is switched on."""
    tenant = simulator.tenants.get(request.tenant)
    return error(503, "Service unavailable") if tenant and tenant.outage else None


def _number(text: str | None, default: int) -> int:
    try:
        value = int(text) if text else default
    except ValueError:
        return default
    return value if value > 0 else default


def _list(tenant: Tenant, resource: str, slots: np.ndarray | None, query: dict[str, str]) -> Response:
    page = _number(query.get("page"), 1)
    size = min(_number(query.get("pagesize"), DEFAULT_PAGESIZE), MAX_PAGESIZE, tenant.longest_page)
    collection = tenant.world.collections.get(resource)
    if slots is None:
        slots = collection.visible if collection else np.zeros(0, dtype=np.int64)
    start = (page - 1) * size
    body = collection.page(slots[start : start + size]) if collection else b"[]"
    more = b"True" if start + size < len(slots) else b"False"
    headers = (
        (b"x-page", str(page).encode()),
        (b"x-pagesize", str(size).encode()),
        (b"x-more-pages-available", more),
    )
    return Response(200, body, headers)


def _route(simulator: Simulator, request: Request) -> Response:
    tenant = simulator.tenants.get(request.tenant)
    if tenant is None or not request.path:
        return error(404, "Not found")
    if simulator.tokens.tenant_of(request.token) != request.tenant:
        return error(401, "Unauthorized", ((b"www-authenticate", b'Bearer error="invalid_token"'),))
    resource, *rest = request.path
    if resource in schema.EMPTY_RESOURCES and not rest:
        return _list(tenant, resource, None, request.query)
    if resource not in tenant.world.collections:
        return error(404, "Not found")
    if not rest:
        return _list(tenant, resource, None, request.query)
    if len(rest) != 2 or rest[0] != "changed" or resource not in tenant.changed:
        return error(404, "Not found")
    try:
        since = parse_instant(rest[1])
    except ValueError:
        return error(400, f"{rest[1]!r} is not an ISO timestamp")
    return _list(tenant, resource, tenant.world.collections[resource].changed_since(since), request.query)


def parse(scope: dict[str, Any]) -> Request:
    """Read tenant, resource, query and token from an ASGI scope."""
    tenant, _, rest = scope["path"][len(PREFIX) :].partition("/")
    words = [unquote(word) for word in rest.split("/")]
    path = tuple(words[2:]) if words[:2] == ["api", "v2"] and words[-1] else ()
    query = {name.lower(): value for name, value in parse_qsl(scope["query_string"].decode("latin-1"))}
    token = b""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            token = value[7:]
    return Request(tenant, path, query, token.decode("latin-1"))


async def serve(
    simulator: Simulator, interceptors: list[Interceptor], scope: dict[str, Any], send: Send
) -> None:
    """Answer one API request."""
    request = parse(scope)
    if scope["method"] != "GET":
        response = error(405, "The simulator is read-only")
    else:
        responses = (interceptor(simulator, request) for interceptor in interceptors)
        response = next((found for found in responses if found), None) or _route(simulator, request)
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(response.body)).encode()),
        *response.headers,
        (b"api-supported-versions", schema.API_VERSIONS.encode()),
        (b"x-correlation-id", str(uuid4()).encode()),
        (b"server", b"Microsoft-IIS/10.0"),
        (b"x-powered-by", b"ASP.NET"),
        (b"date", simulator.clock.http_date.encode()),
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
