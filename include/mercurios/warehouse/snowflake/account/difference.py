"""What a plan would create or change in an account: the statements whose effect is not there yet.

What exists is read with SHOW, through the session of an administrator. A statement is left out when the account shows
that running it would change nothing. Some effects are not shown, or only one object at a time: bodies of policies,
settings of users and of the account, tags, masks, clustering, rows. Such statements are counted, not compared; applying
repeats them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.snowflake.account.apply import Connection
from mercurios.warehouse.snowflake.account.plan import Statement, without_comments
from mercurios.warehouse.sql import render, statements

# The role that is shown everything.
READER = "accountadmin"

_ACCOUNT_KINDS = {
    "role": "roles",
    "resource monitor": "resource monitors",
    "warehouse": "warehouses",
    "storage integration": "storage integrations",
    "user": "users",
    "network policy": "network policies",
    "database": "databases",
}
_DATABASE_KINDS = {
    "schema": "schemas",
    "tag": "tags",
    "table": "tables",
    "row access policy": "row access policies",
    "masking policy": "masking policies",
    "file format": "file formats",
    "stage": "stages",
}
# Settings that SHOW gives another name than ALTER.
_COLUMNS = {"warehouse_size": "size"}
_SIZES = {"xxlarge": "2xlarge"}
_SETTINGS = re.compile(r"(\w+) = ('[^']*'|[\w.]+)")
_GRANT = re.compile(
    r"grant (?P<privileges>.+?) on (?P<place>future |all )?(?P<kind>account|[a-z ]+?)"
    r"(?: in schema)?(?: (?P<name>[\w.]+))? to role (?P<grantee>\w+)"
)
_ROLE_GRANT = re.compile(r"grant role (?P<role>\w+) to (?P<kind>role|user) (?P<grantee>\w+)")

Row = Mapping[str, Any]
Grant = tuple[str, str, str]


@dataclass(frozen=True)
class Existing:
    """What an account has, in small letters.

    Attributes:
        objects: what SHOW says of each object, by kind and name.
        grants: privilege, kind and name of what each role or user has, by `role <name>` or `user <name>`.
        future: the same of what is granted in advance; the name is that of the schema.
    """

    objects: dict[tuple[str, str], Row] = field(default_factory=dict)
    grants: dict[str, set[Grant]] = field(default_factory=dict)
    future: dict[str, set[Grant]] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """A plan without what is there.

    Attributes:
        missing: what would create or change something, in order.
        repeated: what the account does not show the effect of; applying runs it again.
        present: number of statements that would change nothing.
        misplaced: policies, tags and lists that the account has in another schema than the plan, where an earlier
            release made them; tables that point to these are protected by what they said then. Stages outside
            of their schema too: whoever owns one reads files past all policies.
        surplus: what roles of the plan may do or own in the account, and not by the plan.
    """

    missing: list[Statement]
    repeated: list[Statement]
    present: int
    misplaced: list[str]
    surplus: list[str]


def read_existing(connection: Connection, plan: Sequence[Statement]) -> Existing:
    """Ask an account what it has of what a plan names.

    Raises:
        WarehouseError: the session may not take on the role that is shown everything, or a question is refused.
    """
    existing = Existing()
    cursor = connection.cursor()
    _rows(cursor, f"use role {READER}")
    for kind, kinds in _ACCOUNT_KINDS.items():
        for row in _rows(cursor, _statement("objects", kinds=kinds, database=None)):
            existing.objects[kind, str(row["name"]).lower()] = row
    _read_databases(cursor, plan, existing)
    _read_timeouts(cursor, plan, existing)
    _read_grants(cursor, plan, existing)
    return existing


def selected(connection: Connection, name: str, **context: Any) -> list[dict[str, Any]]:
    """Return the rows of a question about an account: the last statement of a template, after those before it.

    Raises:
        WarehouseError: a statement is refused.
    """
    cursor, rows = connection.cursor(), []
    for statement in statements(render("snowflake", f"account/{name}", **context)):
        rows = _rows(cursor, without_comments(statement))
    return rows


def difference(plan: Sequence[Statement], existing: Existing) -> Difference:
    """Compare a plan with what an account has."""
    missing: list[Statement] = []
    repeated: list[Statement] = []
    present = 0
    for before, statement in pairwise([None, *plan]):
        if statement is None or statement.action == "use":
            continue
        effect = _is_there(statement, existing)
        if effect is None:
            repeated.append(statement)
        elif effect:
            present += 1
        else:
            # What only chooses a warehouse for the next statement comes along with it.
            missing += [before] if before is not None and before.action == "use" else []
            missing.append(statement)
    return Difference(
        missing, repeated, present, list(_misplaced(plan, existing)), list(_surplus(plan, existing))
    )


def _misplaced(plan: Sequence[Statement], existing: Existing) -> Iterator[str]:
    """Yield what the plan has in a schema of policies and the account in another schema of the database."""
    wanted = {
        (each.kind, each.object.lower())
        for each in plan
        if each.action == "create" and ".policies." in each.object.lower()
    }
    for kind, name in sorted(existing.objects):
        database, last = name.partition(".")[0], name.rpartition(".")[2]
        moved = (kind, name) not in wanted and (kind, f"{database}.policies.{last}") in wanted
        if moved or (kind == "stage" and not name.startswith(f"{database}.landing.")):
            yield f"{kind} {name}"


def _surplus(plan: Sequence[Statement], existing: Existing) -> Iterator[str]:
    """Yield privileges that roles of the plan have beyond it, in the account and in the databases of the plan.

    Left out is what comes with tables and views: their owner is who makes them, and reading is granted on all of them.
    """
    wanted = {(each.role, "ownership", each.kind, each.object) for each in plan if each.action == "create"}
    wanted |= {one for each in plan if each.action == "grant" for one in _wanted(each.text)}
    roles = [each.object for each in plan if (each.action, each.kind) == ("create", "role")]
    databases = {each.object for each in plan if (each.action, each.kind) == ("create", "database")}
    for role in roles:
        for privilege, kind, name in sorted(existing.grants.get(f"role {role}", ())):
            is_elsewhere = (kind == "database" or "." in name) and name.partition(".")[0] not in databases
            is_of_data = kind in ("table", "view") and privilege in ("ownership", "select")
            if not is_elsewhere and not is_of_data and (role, privilege, kind, name) not in wanted:
                yield " ".join(f"{privilege} on {kind} {name}".split()) + f" to role {role}"


def _wanted(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield role, privilege, kind and name of each privilege that a statement grants."""
    if match := _ROLE_GRANT.fullmatch(text):
        yield (match["grantee"], "usage", "role", match["role"])
    elif (match := _GRANT.fullmatch(" ".join(text.split()))) and not match["place"]:
        for privilege in match["privileges"].split(", "):
            yield (match["grantee"], privilege, match["kind"], match["name"] or "")


def _is_there(statement: Statement, existing: Existing) -> bool | None:
    """Return whether a statement would change nothing; None where the account does not show it."""
    if statement.action == "grant":
        return _is_granted(statement.text, existing)
    if statement.kind == "account":
        return None
    row = existing.objects.get((statement.kind, statement.object.lower()))
    if statement.action == "create" or row is None:
        # A table that does not exist yet is left alone by what says so.
        return None if row is None and "table if exists" in statement.text else row is not None
    return _is_set(statement, row) if statement.action == "alter" else None


def _is_set(statement: Statement, row: Row) -> bool | None:
    settings = _SETTINGS.findall(
        statement.text.partition(" set ")[2] or statement.text.partition(" set\n")[2]
    )
    shown = {name: _COLUMNS.get(name, name) for name, _ in settings}
    if not settings or any(column not in row for column in shown.values()):
        return None
    return all(_plain(value) == _plain(row[shown[name]]) for name, value in settings)


def _plain(value: Any) -> str:
    """Return a setting as it is compared: Snowflake shows XSMALL as X-Small and a quota of 50 as 50.00."""
    text = str(value).strip("'")
    if "/" in text:
        return text
    if re.fullmatch(r"\d+\.0+", text):
        return text.partition(".")[0]
    text = text.lower().replace("-", "")
    return _SIZES.get(text, text)


def _is_granted(text: str, existing: Existing) -> bool | None:
    if match := _ROLE_GRANT.fullmatch(text):
        return ("usage", "role", match["role"]) in existing.grants.get(
            f"{match['kind']} {match['grantee']}", ()
        )
    match = _GRANT.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    if match["place"] == "all ":
        # Which of the tables lack it is not asked; where there is no schema or role yet, it is to be done.
        there = ("schema", match["name"]) in existing.objects and (
            "role",
            match["grantee"],
        ) in existing.objects
        return None if there else False
    granted = (existing.future if match["place"] else existing.grants).get(f"role {match['grantee']}", set())
    kind = match["kind"].removesuffix("s") if match["place"] else match["kind"]
    wanted = {(each.strip(), kind, match["name"] or "") for each in match["privileges"].split(",")}
    return wanted <= granted


def _read_databases(cursor: Any, plan: Sequence[Statement], existing: Existing) -> None:
    wanted = {each.object.lower() for each in plan if each.kind == "database" and each.action == "create"}
    for database in sorted(wanted):
        if ("database", database) not in existing.objects:
            continue
        for kind, kinds in _DATABASE_KINDS.items():
            for row in _rows(cursor, _statement("objects", kinds=kinds, database=database)):
                parts = (database, row.get("schema_name"), row["name"])
                name = ".".join(str(part).lower() for part in parts if part)
                existing.objects[kind, name] = row


def _read_timeouts(cursor: Any, plan: Sequence[Statement], existing: Existing) -> None:
    wanted = {each.object.lower() for each in plan if each.kind == "warehouse" and each.action == "create"}
    for warehouse in sorted(wanted):
        key = ("warehouse", warehouse)
        if key in existing.objects:
            [row] = _rows(cursor, _statement("timeout", warehouse=warehouse))
            existing.objects[key] = {**existing.objects[key], "statement_timeout_in_seconds": row["value"]}


def _read_grants(cursor: Any, plan: Sequence[Statement], existing: Existing) -> None:
    grantees = {match[1] for each in plan if (match := re.search(r" to ((?:role|user) \w+)$", each.text))}
    for grantee in sorted(grantees):
        kind, _, name = grantee.partition(" ")
        if name != "sysadmin" and (kind, name) not in existing.objects:
            continue
        rows = _rows(cursor, _statement("grants", future=False, grantee_kind=kind, grantee=name))
        existing.grants[grantee] = {_grant(row) for row in rows}
        if kind == "role":
            rows = _rows(cursor, _statement("grants", future=True, grantee_kind=kind, grantee=name))
            existing.future[grantee] = {_future_grant(row) for row in rows}


def _grant(row: Row) -> Grant:
    if "role" in row:
        return ("usage", "role", str(row["role"]).lower())
    kind = str(row["granted_on"]).lower().replace("_", " ")
    name = "" if kind == "account" else str(row["name"]).lower().replace('"', "")
    return (str(row["privilege"]).lower(), kind, name)


def _future_grant(row: Row) -> Grant:
    schema = str(row["name"]).lower().rpartition(".")[0]
    return (str(row["privilege"]).lower(), str(row["grant_on"]).lower(), schema)


def _statement(name: str, **context: Any) -> str:
    [statement] = statements(render("snowflake", f"account/existing/{name}", **context))
    return without_comments(statement)


def _rows(cursor: Any, text: str) -> list[dict[str, Any]]:
    try:
        cursor.execute(text)
        names = [str(column[0]).lower() for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except Exception as error:
        if not hasattr(error, "errno"):
            raise
        reason = " ".join(str(getattr(error, "msg", None) or error).split())
        raise WarehouseError(f"what exists cannot be read ({text}): {reason}") from error
