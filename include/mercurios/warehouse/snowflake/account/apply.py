"""Running the set-up of a Snowflake account: sign in, change roles as the plan says, name the grant that is missing.

A person runs it with their own sign-in, since it takes the system roles that create users and warehouses; no service
of Mercurios has them. It stops at the first statement that fails. DDL commits by itself, so what ran stays, and the
same command goes on from there: every statement can run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.snowflake.account.plan import Statement

ADMIN_CONNECTION = "snowflake_admin"

# Snowflake's numbers for what a role may not do, and for what is not there or not shown to it.
_NOT_ALLOWED = {3001, 3003, 1003}
_NOT_SEEN = {2003, 2043, 2049}

# What lets a role do it, where the role of the plan has been given less than a new account gives it.
_NEEDED = {
    "resource monitor": "ACCOUNTADMIN; no other role can",
    "account": "ACCOUNTADMIN; no other role can",
    "warehouse": "create warehouse on account, or ownership of the warehouse",
    "storage integration": "create integration on account",
    "role": "create role on account",
    "user": "create user on account, or ownership of the user",
    "network policy": "create network policy on account",
    "database": "create database on account",
    "privilege": "manage grants on account",
    "schema": "create schema on the database",
    "row access policy": "create row access policy on its schema",
    "masking policy": "create masking policy on its schema",
    "tag": "create tag on its schema",
    "stage": "create stage on its schema and usage on the integration",
    "file format": "create file format on its schema",
    "table": "ownership of the table, and apply on the policies and tags it gets",
}


class AccountError(WarehouseError):
    """A statement of the set-up failed; the message names the object and the grant that is missing."""


class Connection(Protocol):
    """What is used of a connection of the Snowflake connector, whether opened here or by Airflow's hook."""

    def cursor(self) -> Any:
        """Return a cursor."""


def apply(
    connection: Connection, plan: Sequence[Statement], progress: Callable[[Statement], None] = lambda _: None
) -> int:
    """Run a plan in order and return the number of its statements.

    Args:
        connection: of a user who may take on every role of the plan.
        plan: statements in order.
        progress: called with each statement after it ran.

    Raises:
        AccountError: a role cannot be taken on, or a statement failed. What ran before it stays.
    """
    role = ""
    cursor = connection.cursor()
    for done, statement in enumerate(plan):
        try:
            if statement.role != role:
                cursor.execute(f"use role {statement.role}")
                role = statement.role
            cursor.execute(statement.text)
        except Exception as error:
            if not hasattr(error, "errno"):
                raise
            raise AccountError(_explained(statement, role, error, done, len(plan))) from error
        progress(statement)
    return len(plan)


def _explained(statement: Statement, role: str, error: Any, done: int, count: int) -> str:
    where = f"statement {done + 1} of {count}, {statement}"
    rest = "What ran before stays; run the same command again when that is put right."
    if statement.role != role:
        return (
            f"{where}: role {statement.role} cannot be taken on: grant it to the user that signs in, "
            f"or sign in as a user who has it. {rest}"
        )
    if error.errno in _NOT_ALLOWED:
        needed = _NEEDED.get(statement.kind, f"a privilege on {statement.object}")
        if statement.action == "drop":
            needed = f"ownership of {statement.object}"
        return f"{where}: role {role} may not do this; it needs {needed}. {rest}"
    message = " ".join(str(getattr(error, "msg", None) or error).split())
    if error.errno in _NOT_SEEN:
        return f"{where}: role {role} does not find it, or may not see it: {message}. {rest}"
    return f"{where}: refused for role {role}: {message}. {rest}"
