"""The commands of a person who sets a warehouse up: see what is missing first, then run the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mercurios.tenants import Tenant
    from mercurios.warehouse.snowflake.account.plan import Statement

app = typer.Typer(
    no_args_is_help=True,
    help="Set up the warehouses of the tenants: the Snowflake account, its policies and grants.",
)

TenantOption = Annotated[str | None, typer.Option(help="Only this tenant, and what it needs of the account.")]
DatabaseOption = Annotated[
    str | None, typer.Option(help="Only this Snowflake database; it may have no tenant yet.")
]
ConnectionOption = Annotated[
    str,
    typer.Option(help="An Airflow connection, or else an entry of Snowflake's connections.toml."),
]


@app.command()
def plan(
    tenant: TenantOption = None,
    database: DatabaseOption = None,
    connection: ConnectionOption = "snowflake_admin",
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Print every statement, and ask the account nothing.")
    ] = False,
) -> None:
    """Print what would be created or changed in the account, in the order in which it runs.

    What is printed is SQL that a worksheet can run, each group under the role that runs it. Without a connection that
    can be asked what exists, every statement is printed.
    """
    with _reported():
        chosen = _chosen(tenant)
        statements = _statements(chosen, tenant, database)
    if statements and not everything:
        statements = _compared(statements, connection)
    _print(statements)
    _report_elsewhere(chosen, database)


def _compared(statements: list[Statement], connection: str) -> list[Statement]:
    """Return what is missing in the account, or everything where that cannot be found out; say which it is."""
    from mercurios.cli.connect import open_account
    from mercurios.warehouse.engine import WarehouseError
    from mercurios.warehouse.snowflake.account.difference import difference, read_existing

    try:
        with open_account(connection) as session:
            existing = read_existing(session, statements)
    except WarehouseError as error:
        typer.echo(f"-- Not compared with the account, so every statement is printed: {error}\n")
        return statements
    found = difference(statements, existing)
    counts = Counter(f"{each.action} {each.kind}" for each in found.repeated)
    typer.echo(
        f"-- Compared through connection {connection}: {found.present} statements would change nothing."
    )
    if counts:
        listed = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        typer.echo(
            f"-- {counts.total()} more are repeated by every apply, because the account does not show their effect: "
            f"{listed}."
        )
        typer.echo("-- `--all` prints them.")
    if found.misplaced:
        typer.echo(
            "-- Of an earlier release, and not where their owner is now. Move policies before `apply`, or the tables "
            "that point to them keep them, and drop stages after it; docs/snowflake.md says how: "
            f"{', '.join(found.misplaced)}."
        )
    if found.surplus:
        typer.echo(
            f"-- Roles may do more than the plan says. Revoke what has no reason: {'; '.join(found.surplus)}."
        )
    typer.echo(f"-- {len(found.missing) or 'No'} statements would create or change something.\n")
    return found.missing


def _print(statements: Sequence[Statement]) -> None:
    role = file = ""
    for statement in statements:
        if statement.file != file:
            file = statement.file
            typer.echo(f"-- {file}\n")
        if statement.role != role:
            role = statement.role
            typer.echo(f"use role {role};\n")
        typer.echo(f"{statement.text};\n")


@app.command()
def apply(
    tenant: TenantOption = None,
    database: DatabaseOption = None,
    connection: ConnectionOption = "snowflake_admin",
) -> None:
    """Run the plan, printing each statement's object when it is done; may be run again at any time."""
    from mercurios.cli.connect import open_account
    from mercurios.warehouse.snowflake.account.apply import apply as run

    role = ""

    def progress(done: Statement) -> None:
        nonlocal role
        if done.role != role:
            role = done.role
            typer.echo(f"as {role}")
        typer.echo(f"  {done}")

    with _reported():
        chosen = _chosen(tenant)
        statements = _statements(chosen, tenant, database)
        if statements:
            with open_account(connection) as session:
                count = run(session, statements, progress)
            typer.echo(f"{count} statements ran. Running them again changes nothing.")
    _report_elsewhere(chosen, database)


def _chosen(tenant: str | None) -> list[Tenant]:
    from mercurios.tenants import load_tenants

    found = load_tenants(only=tenant)
    if tenant is not None:
        return [found.get(tenant)]
    for error in found.errors:
        typer.secho(f"left out: {error}", err=True, fg=typer.colors.RED)
    return list(found)


def _statements(tenants: Sequence[Tenant], tenant: str | None, database: str | None) -> list[Statement]:
    from mercurios.warehouse.snowflake.account.plan import Database, account_plan, databases_of
    from mercurios.warehouse.snowflake.account.settings import load_account_settings

    databases = databases_of(tenants)
    if database is not None:
        databases = [each for each in databases if each.name == database.upper()]
        if not databases and tenant is not None:
            raise ValueError(f"tenant {tenant} is not in database {database}")
        databases = databases or [Database.named(database)]
    return account_plan(load_account_settings(), databases) if databases else []


def _report_elsewhere(tenants: Sequence[Tenant], database: str | None) -> None:
    from mercurios.warehouse.snowflake.backend import BACKEND

    elsewhere = [tenant for tenant in tenants if tenant.engine != BACKEND.name and database is None]
    for tenant in elsewhere:
        typer.echo(
            f"-- {tenant.id} is on {tenant.backend.title} ({tenant.connections.warehouse}): nothing to apply. Its "
            "pipeline creates the schemas raw, standard, analytics and ops, and their tables when it begins; so does "
            "warehouse_setup."
        )


@contextmanager
def _reported() -> Iterator[None]:
    """Report what goes wrong without a traceback."""
    from mercurios.warehouse.engine import WarehouseError
    from mercurios.warehouse.snowflake.account.settings import AccountSettingsError

    try:
        yield
    except (KeyError, ValueError, AccountSettingsError, WarehouseError) as error:
        typer.secho(str(error.args[0]), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None
