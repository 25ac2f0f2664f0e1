"""Sign-in to the emulated account: users with key pairs, roles and running warehouses.

fakesnow admits every user under any role and needs no warehouse. A deployment fails at exactly these three, so the
emulator asks for them, with the codes and words of Snowflake. What a role may do is not emulated.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from typing import Any

import fakesnow.server as server
import jwt
import snowflake.connector.errors as errors
from fakesnow.cursor import FakeSnowflakeCursor
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ACCOUNT_VARIABLE = "EMULATOR_ACCOUNT"

_USE_WAREHOUSE = re.compile(r"\s*use\s+warehouse\s+(\w+)", re.IGNORECASE)
# Snowflake answers these without a warehouse.
_NEEDS_NO_WAREHOUSE = re.compile(
    r"\s*(--[^\n]*\n\s*)*(create|alter|drop|show|desc|use|begin|commit|rollback|grant)\b", re.I
)


def guard_account() -> None:
    """Ask for a key, a known role and a running warehouse, where the environment describes an account."""
    account = json.loads(os.environ.get(ACCOUNT_VARIABLE) or "{}")
    if not account:
        return
    _guard_logins(account)
    _guard_warehouses(account)


def _guard_logins(account: dict[str, Any]) -> None:
    original = server.login_request

    async def login_request(request: Request) -> JSONResponse:
        body = await request.body()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        data = json.loads(body)["data"]
        refusal = _refusal(account, data, request.query_params)
        if refusal:
            code, message = refusal
            return JSONResponse({"success": False, "code": code, "message": message, "data": None})
        response = await original(request)
        content = json.loads(bytes(response.body))
        token = content["data"]["token"]
        server.sessions[token].warehouse_name = (request.query_params.get("warehouse") or "").upper()
        # A user without a default role gets this one.
        content["data"]["sessionInfo"]["roleName"] = (
            request.query_params.get("roleName") or "PUBLIC"
        ).upper()
        return JSONResponse(content)

    for route in server.app.routes:
        if isinstance(route, Route) and route.path == "/session/v1/login-request":
            server.app.routes.remove(route)
            break
    server.app.routes.append(Route("/session/v1/login-request", login_request, methods=["POST"]))


def _refusal(account: dict[str, Any], data: dict[str, Any], query: Any) -> tuple[str, str] | None:
    user = str(data.get("LOGIN_NAME", "")).upper()
    role = (query.get("roleName") or "").upper()
    if not _is_signed(account["users"].get(user), data):
        return "390144", "JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]"
    if role and role not in account["roles"]:
        return "390189", (
            f"Role '{role}' specified in the connect string is not granted to this user. Contact your local system "
            "administrator, or attempt to login with another role, e.g. PUBLIC."
        )
    return None


def _is_signed(public_key: str | None, data: dict[str, Any]) -> bool:
    if public_key is None or data.get("AUTHENTICATOR") != "SNOWFLAKE_JWT":
        return False
    try:
        jwt.decode(data["TOKEN"], public_key, algorithms=["RS256"])
    except jwt.InvalidTokenError:
        return False
    return True


def _guard_warehouses(account: dict[str, Any]) -> None:
    original = FakeSnowflakeCursor.execute

    def execute(self: Any, command: str, *arguments: Any, **options: Any) -> Any:
        if chosen := _USE_WAREHOUSE.match(command):
            self._conn.warehouse_name = chosen[1].upper()
        name = getattr(self._conn, "warehouse_name", None)
        if name is not None and not _NEEDS_NO_WAREHOUSE.match(command) and "from" in command.lower():
            if name not in account["warehouses"]:
                raise errors.ProgrammingError(
                    msg="No active warehouse selected in the current session.  Select an active warehouse with the "
                    "'use warehouse' command.",
                    errno=606,
                    sqlstate="57P03",
                )
            if name in account.get("exhausted", ()):
                raise errors.ProgrammingError(
                    msg=f"Warehouse '{name}' cannot be resumed because resource monitor 'MERCURIOS_MONTHLY' has "
                    "exceeded its quota.",
                    errno=90073,
                    sqlstate="57014",
                )
        return original(self, command, *arguments, **options)

    FakeSnowflakeCursor.execute = execute
