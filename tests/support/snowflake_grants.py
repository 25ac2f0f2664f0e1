"""The rules that a set of Snowflake statements has to keep: what may be granted, to whom and by whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mercurios.warehouse.snowflake.account.plan import Statement

SYSTEM_ROLES = {"accountadmin", "orgadmin", "globalorgadmin", "securityadmin", "useradmin", "sysadmin"}
# What only an account administrator can do.
ADMINISTRATORS = {"resource monitor", "storage integration", "account"}
# Who makes schemas: managed ones, in which the tables' owners grant nothing.
MAKE_SCHEMAS = {"mercurios_admin", "mercurios_policy_admin"}
_LOADER = re.compile(r"mercurios_loader(?:_(?P<database>\w+))?")
_PRIVILEGE = re.compile(
    r"grant (?P<privileges>.+?) on (?P<object>.+?) to (?P<kind>\w+) (?P<to>[\w.\"]+)(?P<rest>.*)"
)
_ROLE = re.compile(r"grant role (?P<role>[\w\"]+) to (?P<kind>role|user) (?P<to>[\w\"]+)(?P<rest>.*)")


@dataclass(frozen=True)
class Grant:
    """Privileges on an object, given to a role."""

    privileges: frozenset[str]
    object: str
    to: str


def one_line(text: str) -> str:
    """Return a statement in lower case on one line, without comments of their own lines."""
    lines = (line for line in text.lower().splitlines() if not line.lstrip().startswith("--"))
    return " ".join(" ".join(lines).split())


def grants(texts: Iterable[str]) -> list[Grant]:
    """Return the privileges that statements grant."""
    found = (_PRIVILEGE.fullmatch(one_line(text)) for text in texts if not _ROLE.match(one_line(text)))
    return [
        Grant(frozenset(match["privileges"].split(", ")), match["object"], match["to"])
        for match in found
        if match
    ]


def inherited(texts: Iterable[str], role: str) -> set[str]:
    """Return the roles that a role can act as: itself, and what was granted to it, directly or not."""
    given = [match for match in (_ROLE.fullmatch(one_line(text)) for text in texts) if match]
    reached = {role}
    while (
        new := {each["role"] for each in given if each["kind"] == "role" and each["to"] in reached} - reached
    ):
        reached |= new
    return reached


def offences(plan: Sequence[Statement]) -> list[str]:
    """Return what in a plan breaks the rules."""
    return [f"{said}: {one_line(each.text)}" for each in plan for said in _said(each)]


def _said(statement: Statement) -> Iterable[str]:
    text = one_line(statement.text)
    if "password" in text:
        yield "a password"
    if text.startswith("create user") and " type = service " not in f"{text} ":
        yield "a user that is no service"
    if text.startswith("grant"):
        yield from _said_of_grant(text)
    if statement.role == "accountadmin" and not _needs_administrator(statement, text):
        yield "an account administrator where another role would do"
    if text.startswith(("drop", "revoke", "truncate", "delete")) or " or replace " in text:
        yield "a statement that takes away what is there"


def _said_of_grant(text: str) -> Iterable[str]:
    match = _ROLE.fullmatch(text) or _PRIVILEGE.fullmatch(text)
    if not match:
        yield "a grant that cannot be read"
        return
    if match["to"].strip('"') == "public":
        yield "a grant to everyone"
    if "grant option" in match["rest"]:
        yield "a grant that may be handed on"
    if "role" in match.groupdict() and match["role"].strip('"') in SYSTEM_ROLES:
        yield "a system role"
    for privilege in match.groupdict().get("privileges", "").split(", "):
        if privilege in ("ownership", "all", "all privileges", "manage grants"):
            yield "a privilege that is too much"
        if privilege == "create schema" and match["to"] not in MAKE_SCHEMAS:
            yield "a schema without policies"
        if privilege in ("write", "create stage"):
            yield "a stage that can be written to"
    database = re.search(r"\b(?:database|schema) (\w+)", match.groupdict().get("object") or "")
    loader = _LOADER.fullmatch(match["to"])
    if database and loader and (loader["database"] or "mercurios_data") != database[1]:
        yield "a loader in another database"


def _needs_administrator(statement: Statement, text: str) -> bool:
    return statement.kind in ADMINISTRATORS or bool(
        re.fullmatch(r"alter warehouse \w+ set resource_monitor = \w+", text)
    )
