"""An account that remembers the set-up it is given and shows it as Snowflake's SHOW does.

Columns and spellings are those of Snowflake's reference: names in capitals, a size as X-Small, a quota as 50.00. It
knows the statements of the plan and nothing else.
"""

from __future__ import annotations

import re
from typing import Any

from snowflake.connector.errors import ProgrammingError

_CREATE = re.compile(
    r"create (resource monitor|network policy|storage integration|row access policy|masking policy|file format"
    r"|role|warehouse|user|database|schema|tag|table|stage) if not exists ([\w.]+)"
)
_ALTER = re.compile(r"alter (resource monitor|warehouse|stage) ([\w.]+) set\s")
_GRANT = re.compile(r"grant (.+?) on (future )?(account|[a-z ]+?)(?: in schema)?(?: ([\w.]+))? to role (\w+)")
_ROLE_GRANT = re.compile(r"grant role (\w+) to (role|user) (\w+)")
_SIZES = {"XSMALL": "X-Small", "SMALL": "Small", "XXLARGE": "2X-Large"}
_RENAMED = {"warehouse_size": "size"}


class ShownAccount:
    """A session of its administrator; it is its own cursor.

    Args:
        refused: part of a statement that is refused, as for a user with too few rights.
    """

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.asked: list[str] = []
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.grants: dict[str, list[dict[str, Any]]] = {}
        self.future: dict[str, list[dict[str, Any]]] = {}
        self._rows: list[dict[str, Any]] = []

    def cursor(self) -> ShownAccount:
        return self

    def close(self) -> None:
        self.asked.append("(closed)")

    @property
    def description(self) -> list[tuple[str]]:
        return [(name,) for name in (self._rows[0] if self._rows else {"name": ""})]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._rows]

    def execute(self, text: str) -> None:
        if self.refused and self.refused in text:
            raise ProgrammingError(msg=f"Insufficient privileges: {text}", errno=3001, sqlstate="42501")
        self.asked.append(text)
        self._rows = self._shown(text) if text.startswith("show ") else []
        self._create(text)
        self._alter(text)
        self._grant(" ".join(text.split()))

    def _create(self, text: str) -> None:
        if match := _CREATE.match(text):
            parts = match[2].upper().split(".")
            row: dict[str, Any] = {"name": parts[-1]}
            if len(parts) > 1:
                row["database_name"] = parts[0]
            if len(parts) > 2:
                row["schema_name"] = parts[1]
            self.objects.setdefault(match[1], {}).setdefault(match[2], row | self._settings(text))

    def _alter(self, text: str) -> None:
        if match := _ALTER.match(text):
            self.objects[match[1]][match[2]] |= self._settings(text)

    def _settings(self, text: str) -> dict[str, Any]:
        found = re.findall(
            r"(warehouse_size|auto_suspend|auto_resume|resource_monitor|statement_timeout_in_seconds|credit_quota"
            r"|url|storage_integration) = '?([^'\s;]+)",
            text,
        )
        settings = {_RENAMED.get(name, name): value for name, value in found}
        if "size" in settings:
            settings["size"] = _SIZES[settings["size"]]
        if "credit_quota" in settings:
            settings["credit_quota"] = f"{settings['credit_quota']}.00"
        return {
            name: value.upper() if name in ("resource_monitor", "storage_integration") else value
            for name, value in settings.items()
        }

    def _grant(self, text: str) -> None:
        if match := _ROLE_GRANT.fullmatch(text):
            role = {"role": match[1].upper()}
            if match[2] == "role":
                role = {"privilege": "USAGE", "granted_on": "ROLE", "name": match[1].upper()}
            self.grants.setdefault(f"{match[2]} {match[3]}", []).append(role)
        elif (match := _GRANT.fullmatch(text)) and " on all " not in text:
            kind = match[3].upper().replace(" ", "_")
            for privilege in match[1].upper().split(", "):
                if match[2]:
                    kind = kind.removesuffix("S")
                    row = {"privilege": privilege, "grant_on": kind, "name": f"{match[4].upper()}.<{kind}>"}
                    self.future.setdefault(f"role {match[5]}", []).append(row)
                else:
                    row = {
                        "privilege": privilege,
                        "granted_on": kind,
                        "name": (match[4] or "AN_ACCOUNT").upper(),
                    }
                    self.grants.setdefault(f"role {match[5]}", []).append(row)

    def _shown(self, text: str) -> list[dict[str, Any]]:
        if match := re.fullmatch(r"show (future )?grants to ((?:role|user) \w+)", text):
            return (self.future if match[1] else self.grants).get(match[2], [])
        if match := re.fullmatch(
            r"show parameters like 'STATEMENT_TIMEOUT_IN_SECONDS' in warehouse (\w+)", text
        ):
            value = self.objects["warehouse"][match[1]].get("statement_timeout_in_seconds", "172800")
            return [{"key": "STATEMENT_TIMEOUT_IN_SECONDS", "value": value}]
        match = re.fullmatch(r"show ([a-z ]+?)(?: in database (\w+))?", text)
        assert match, text
        kind = match[1].replace("policies", "policy").removesuffix("s")
        found = self.objects.get(kind, {}).items()
        return _same_columns([row for name, row in found if not match[2] or name.startswith(f"{match[2]}.")])


def _same_columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {name: None for row in rows for name in row if name != "statement_timeout_in_seconds"}
    return [{name: row.get(name) for name in names} for row in rows]
