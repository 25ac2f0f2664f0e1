"""Endpoints outside the ProHandel surface: tokens on their own paths, and the switches and oracles tests use."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from prohandel_simulator.auth import tenant_for
from prohandel_simulator.changes.dirty import add_dirty_rows
from prohandel_simulator.clock import parse_instant
from prohandel_simulator.simulator import CHANGEABLE, Simulator, Tenant

Handler = Callable[[Request], Awaitable[Response]]
AdminHandler = Callable[[Simulator, Request, Tenant], Awaitable[Response]]


class BadRequest(Exception):
    """The request cannot be understood; the message says what was expected."""


def _failure(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": status, "message": message, "correlationId": str(uuid4())}, status)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise BadRequest("The body must be a JSON object.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


def _issued(simulator: Simulator, tenant: str, request: Request) -> JSONResponse:
    root = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
    return JSONResponse(simulator.tokens.issue(tenant, f"{root}/t/{tenant}"))


async def _token(simulator: Simulator, request: Request) -> Response:
    given = {name.lower(): str(value) for name, value in (await _body(request)).items()}
    tenant = tenant_for(list(simulator.tenants), given.get("apikey", ""), given.get("secret", ""))
    return _issued(simulator, tenant, request) if tenant else _failure(401, "Wrong API key or secret.")


async def _refresh(simulator: Simulator, request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    tenant = simulator.tokens.tenant_of(token, refresh=True) if scheme.lower() == "bearer" else None
    return (
        _issued(simulator, tenant, request) if tenant else _failure(401, "Unknown or expired refresh token.")
    )


async def _clock(simulator: Simulator, request: Request) -> Response:
    happened: dict[str, Any] = {}
    if request.method == "POST":
        body = await _body(request)
        try:
            if "to" in body:
                happened = simulator.advance_to(parse_instant(str(body["to"])))
            else:
                happened = simulator.advance_hours(float(body["advance_hours"]))
        except KeyError:
            raise BadRequest('Send {"advance_hours": 24} or {"to": "<ISO timestamp>"}.') from None
        except (TypeError, ValueError) as problem:
            raise BadRequest(str(problem)) from None
    return JSONResponse({"now": simulator.clock.now.isoformat(), "happened": happened})


async def _health(simulator: Simulator, request: Request) -> Response:
    return JSONResponse({"status": "ok", "now": simulator.clock.now.isoformat()})


async def _tenants(simulator: Simulator, request: Request) -> Response:
    response = {}
    for name, tenant in simulator.tenants.items():
        rows = {resource: len(found.visible) for resource, found in tenant.world.collections.items()}
        response[name] = {
            "rows": rows,
            "changed": sorted(tenant.changed),
            "outage": tenant.outage,
            "silentDeletes": tenant.engine.silent_deletes,
            "zone": tenant.world.zone,
            "instantsIn": tenant.world.instants_in,
        }
    return JSONResponse(response)


async def _truth(simulator: Simulator, request: Request, tenant: Tenant) -> Response:
    resource = request.path_params["resource"]
    collection = tenant.world.collections.get(resource)
    if collection is None:
        return _failure(404, f"There is no resource {resource!r}.")
    slots = collection.visible
    lines = b"".join(collection.raw(int(slot)) + b"\n" for slot in slots)
    return Response(lines, media_type="application/x-ndjson", headers={"x-rows": str(len(slots))})


async def _changed(simulator: Simulator, request: Request, tenant: Tenant) -> Response:
    wanted = await _body(request)
    unknown = set(wanted) - CHANGEABLE
    if unknown:
        raise BadRequest(
            f"changed/<ts> cannot exist for {sorted(unknown)}; choose among {sorted(CHANGEABLE)}."
        )
    for resource, on in wanted.items():
        (tenant.changed.add if on else tenant.changed.discard)(resource)
    return JSONResponse({"changed": sorted(tenant.changed)})


async def _outage(simulator: Simulator, request: Request, tenant: Tenant) -> Response:
    tenant.outage = bool((await _body(request)).get("on", True))
    return JSONResponse({"outage": tenant.outage})


async def _expire(simulator: Simulator, request: Request, tenant: Tenant) -> Response:
    return JSONResponse({"expired": simulator.tokens.expire(tenant.world.name)})


async def _silent(simulator: Simulator, request: Request, tenant: Tenant) -> Response:
    tenant.engine.silent_deletes = bool((await _body(request)).get("on", True))
    return JSONResponse({"silentDeletes": tenant.engine.silent_deletes})


async def _dirty(simulator: Simulator, request: Request, tenant: Tenant) -> Response:
    body = await _body(request)
    try:
        counts = (int(body.get("unknown_field", 0)), int(body.get("unparsable", 0)))
        ids = add_dirty_rows(tenant.world, str(body.get("resource", "sale")), *counts, simulator.clock.ticks)
    except (TypeError, ValueError) as problem:
        raise BadRequest(str(problem)) from None
    return JSONResponse(ids)


def routes(simulator: Simulator) -> list[Route]:
    """Return the Starlette routes around one simulator."""

    def plain(handler: Callable[[Simulator, Request], Awaitable[Response]]) -> Handler:
        async def endpoint(request: Request) -> Response:
            try:
                response = await handler(simulator, request)
            except BadRequest as problem:
                response = _failure(400, str(problem))
            response.headers["date"] = simulator.clock.http_date
            return response

        return endpoint

    def of_tenant(handler: AdminHandler) -> Handler:
        async def found(_: Simulator, request: Request) -> Response:
            tenant = simulator.tenants.get(request.path_params["tenant"])
            if tenant is None:
                return _failure(404, f"There is no tenant {request.path_params['tenant']!r}.")
            return await handler(simulator, request, tenant)

        return plain(found)

    prefix = "/_simulator/{tenant}"
    return [
        Route("/auth/api/v4/token", plain(_token), methods=["POST"]),
        Route("/auth/api/v4/token/refresh", plain(_refresh), methods=["POST"]),
        Route("/_simulator/clock", plain(_clock), methods=["GET", "POST"]),
        Route("/_simulator/health", plain(_health)),
        Route("/_simulator/tenants", plain(_tenants)),
        Route(f"{prefix}/truth/{{resource}}", of_tenant(_truth)),
        Route(f"{prefix}/changed", of_tenant(_changed), methods=["POST"]),
        Route(f"{prefix}/outage", of_tenant(_outage), methods=["POST"]),
        Route(f"{prefix}/expire_tokens", of_tenant(_expire), methods=["POST"]),
        Route(f"{prefix}/silent_deletes", of_tenant(_silent), methods=["POST"]),
        Route(f"{prefix}/dirty", of_tenant(_dirty), methods=["POST"]),
    ]
