"""Snowflake's refusals in words that say what to do.

Snowflake says the same thing for an object that is missing and for one that a role may not see, so the remedy names
both. Every text carries Snowflake's own code and message, and the id under which its history shows the statement.
"""

from __future__ import annotations

import re

from mercurios.warehouse.engine import without_values

_APPLY = "`python -m mercurios warehouse apply` creates it and grants it to the loader's role"
_KEY = (
    "the account refuses the key pair: set the user's RSA_PUBLIC_KEY to the public half of the key in the Airflow "
    "connection, and check the connection's login and account"
)
_ROLE = "grant the role to the connection's user, or correct the connection's role"
_WAREHOUSE = (
    "resume or create the connection's warehouse and grant USAGE and OPERATE on it to the role; a warehouse that its "
    "resource monitor has suspended needs a higher quota"
)
_OBJECT = f"the object is missing, or the role has no grant on it{{grant}}: {_APPLY}"
_PRIVILEGE = f"grant the privilege to the connection's role{{grant}}: {_APPLY}"
_FILE = "a landed file is gone: clear the extract task, so that a new attempt lands it again"
_TYPE = (
    "a value does not fit its column: the file was landed for another version of the contract. Clear the extract task, "
    "so that a new attempt lands it again"
)
_LOST = "the session was lost and nothing of its transaction is kept: clear the task"
_BUSY = (
    "more statements than Snowflake lets wait were waiting for the same table, for half an hour: let the tenants of "
    "this database begin at different minutes, as they do where their files have no 'schedules', and clear the task"
)

# An object that does not exist, and a column that does not.
_MISSING = {2003, 904}
# No more than twenty statements wait for one table; the next is refused at once.
_WAITERS = 625

REMEDIES: dict[int, str] = {
    # The user or the password is wrong; the token is refused.
    390100: _KEY,
    390144: _KEY,
    # The role does not exist; it is not granted.
    390186: _ROLE,
    390189: _ROLE,
    390201: f"the connection's database or schema is missing or not granted: {_APPLY}",
    # No warehouse is selected; it cannot be resumed.
    606: _WAREHOUSE,
    90073: _WAREHOUSE,
    2003: _OBJECT,
    2043: _OBJECT,
    3001: _PRIVILEGE,
    91016: _FILE,
    100016: _TYPE,
    100035: _TYPE,
    100038: _TYPE,
    100040: _TYPE,
    100046: _TYPE,
    100069: _TYPE,
    100071: _TYPE,
    100078: _TYPE,
    100080: _TYPE,
    100132: _TYPE,
    _WAITERS: _BUSY,
    630: "the statement took longer than its time-out: look at the warehouse's load and size, and clear the task",
    604: "the statement was cancelled: clear the task",
    250001: "the account cannot be reached: check the connection's account and host, and the network policy",
    250002: _LOST,
    250003: _LOST,
    390104: _LOST,
    390111: _LOST,
    390112: _LOST,
    390114: _LOST,
}


# What a statement needs, and how Snowflake names what it refuses.
_NEEDED = {
    "select": "select",
    "show": "usage",
    "insert": "insert",
    "update": "select, update",
    "delete": "select, delete",
    "merge": "select, insert, update, delete",
    "copy": "insert on the table and usage",
    "create table": "create table",
    "create view": "create view",
    "create schema": "create schema",
}
_MAKES = re.compile(r"create (?:or replace )?(?:temporary |transient )?(table|view|schema)\b", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:Insufficient privileges to operate on (?P<kind>[a-z ]+?)|(?P<what>[A-Z][a-z]+)) '(?P<name>[^']+)'"
)


# What Snowflake refuses of data: conversions, lengths, duplicates of a merge with the rows themselves, JSON.
_DATA = range(100_000, 101_000)

# The connector's own codes for responses that are not Snowflake's: 290000 and the status.
_HTTP = range(290_000, 291_000)


def explained(error: Exception, statement: str = "", place: str = "") -> str:
    """Return Snowflake's message with its remedy.

    Args:
        error: what the connector raised.
        statement: what was sent; empty while a session is opened.
        place: more about where it happened.
    """
    message = " ".join(str(getattr(error, "msg", None) or error).split())
    code = abs(int(getattr(error, "errno", None) or 0))
    remedy = _LOST if code in _HTTP else REMEDIES.get(code)
    if shows_a_value(error):
        message = without_values(message, statement)
    if remedy in (_OBJECT, _PRIVILEGE):
        remedy = remedy.format(grant=_grant(statement, message))
    lines = [f"Snowflake{place}: {message}"]
    if remedy:
        lines.append(f"remedy: {remedy}")
    if statement:
        lines.append(f"statement: {_compact(statement)[:400]}")
    query_id = getattr(error, "sfqid", None)
    if query_id:
        lines.append(f"query id: {query_id}")
    return "\n".join(lines)


def shows_a_value(error: BaseException) -> bool:
    """Return whether Snowflake's own message may quote a value that did not fit, as all about data may."""
    return abs(int(getattr(error, "errno", None) or 0)) in _DATA


def names_what_is_missing(error: BaseException) -> bool:
    """Return whether a statement was refused for an object or a column that is not there, or is not seen."""
    return abs(int(getattr(error, "errno", None) or 0)) in _MISSING


def _grant(statement: str, message: str) -> str:
    """Return the grant that the first object of a refusal lacks, as far as statement and message tell it."""
    named = _NAMED.search(message)
    made = _MAKES.match(_compact(statement))
    verb = f"create {made[1]}" if made else _compact(statement).partition(" ")[0].lower()
    if named is None or verb not in _NEEDED:
        return ""
    kind = (named["kind"] or named["what"] or "object").lower()
    return f" ({_NEEDED[verb]} on {kind} {named['name']})"


def is_transient(error: BaseException) -> bool:
    """Return whether a session that could not be opened may be opened a moment later; a refusal stays one."""
    from snowflake.connector.errors import OperationalError

    return isinstance(error, OperationalError)


def queue_is_full(error: BaseException) -> bool:
    """Return whether a statement was refused because twenty others wait for its table; nothing of it has begun."""
    return getattr(error, "errno", None) == _WAITERS


def _compact(statement: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", statement)).strip()
