"""A simulated source that writes persons and secrets wherever a server can: headers, error pages, tokens and rows.

As a script with the arguments of `python -m prohandel_simulator` it serves the same worlds. `PERSON` is written where
nothing may be kept: into headers, error pages, fields that no contract declares or that it drops, and in the place of
persons' numbers. `PAYLOAD` is written into all other declared fields: their row is set aside, with the payload.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from mercurios.sources.contract import ColumnType, Resource
from mercurios.sources.prohandel.resources import RESOURCES
from prohandel_simulator import cli
from prohandel_simulator.auth import Tokens
from prohandel_simulator.server import Application
from prohandel_simulator.simulator import Simulator

PERSON = "Erika Kanarienvogel <erika@kanarien.invalid> 0815-4711-0815"
NOWHERE = ("Kanarienvogel", "kanarien.invalid", "0815-4711-0815")
PAYLOAD = "Zeisig-4712-4712"
TOKEN = "token-of-the-canary-source-"
ROW = "row-of-the-canary-source"
# What a correlation id looks like is kept, so it is no place for a canary without blanks.
HEADERS = (
    "set-cookie",
    "x-powered-by",
    "www-authenticate",
    "warning",
    "link",
    "retry-after",
    "x-correlation-id",
)
BROKEN = (500, 503, 429)
# Fields that the simulator itself goes on to count with.
COUNTED = frozenset({"id", "lastChange", "number", "receiptNumber", "receiptPosition"})
Send = Callable[[dict[str, Any]], Awaitable[None]]


class CanarySource(Application):
    """The simulator's application, with canaries in all that it says; each list answers first with an error."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(simulator)
        self._begun: set[str] = set()
        simulator.tokens.__class__ = CanaryTokens
        for tenant in simulator.tenants.values():
            for name, collection in tenant.world.collections.items():
                if not len(collection.visible):
                    continue
                row = collection.read(int(collection.visible[-1]))
                for number, content in enumerate(rows_of(RESOURCES[name], row)):
                    content["id"] = f"{ROW}-{number}"
                    collection.add({**row, "id": content["id"]}, simulator.clock.ticks, orjson.dumps(content))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if path.startswith("/_simulator"):
            await super().__call__(scope, receive, send)
        elif path.startswith("/t/") and path not in self._begun:
            self._begun.add(path)
            status = BROKEN[len(self._begun) % len(BROKEN)]
            await Marked(send)({"type": "http.response.start", "status": status, "headers": []})
        else:
            await super().__call__(scope, receive, Marked(send))


class CanaryTokens(Tokens):
    """Issues tokens that can be found."""

    def issue(self, tenant: str, server_url: str) -> dict[str, Any]:
        """Issue tokens that begin alike."""
        issued = super().issue(tenant, server_url)
        token = issued["token"]["token"]
        known = self._access.pop(token["value"])
        token["value"] = f"{TOKEN}{token['value']}"
        self._access[token["value"]] = known
        return issued


class Marked:
    """Writes canaries into the headers of a response, and into the body of an error."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_error = False

    async def __call__(self, message: dict[str, Any]) -> None:
        """Send a message."""
        if message["type"] == "http.response.start":
            self._is_error = message["status"] >= 400
            await self._begin(message)
        elif not self._is_error:
            await self._send(message)

    async def _begin(self, message: dict[str, Any]) -> None:
        body = orjson.dumps({"message": PERSON, PERSON: [PERSON]})
        replaced = {name.encode(): PERSON.encode() for name in HEADERS}
        if self._is_error:
            replaced[b"content-length"] = str(len(body)).encode()
        kept = [item for item in message["headers"] if item[0] not in replaced]
        await self._send({**message, "headers": [*kept, *replaced.items()]})
        if self._is_error:
            await self._send({"type": "http.response.body", "body": body})


def rows_of(resource: Resource, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row that is set aside, and, where rows are about people, one that loads."""
    kinds = {column.field: column.type for column in resource.columns}
    undeclared = {PERSON: PERSON, "undeclared": PERSON, "list": [{"name": PERSON}]}
    aside = {name: _canary(kinds.get(name)) for name in row.keys() - COUNTED}
    loads = dict.fromkeys(resource.dropped, PERSON)
    # What is nested in a row that is set aside would be rows without it.
    nested = {name: [] for name, value in row.items() if isinstance(value, list)}
    rows = [{**row, **aside, **nested, **undeclared}]
    return [*rows, {**row, **loads, **undeclared}] if resource.personal else rows


def _canary(kind: ColumnType | None) -> str:
    return PERSON if kind in (ColumnType.KEY_HASH, None) else PAYLOAD


if __name__ == "__main__":
    cli.Application = CanarySource  # type: ignore[misc]
    sys.exit(cli.main())
