"""The command that takes a retailer out of everything that Mercurios keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mercurios.cli.operate import TenantOption, WaitOption

if TYPE_CHECKING:
    from mercurios.tenants import Tenant, Tenants
    from mercurios.warehouse.removal import Place


def offboard(
    tenant: TenantOption,
    connection: Annotated[
        str, typer.Option(help="Of a Snowflake account's administrator, as for `warehouse apply`.")
    ] = "snowflake_admin",
    wait: WaitOption = 30,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what is kept, and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a tenant that leaves: rows, quarantine, published marts, landed files, roles and a database of its own.

    Pause its DAGs first. Nothing of another tenant is touched. Stopped half way, it goes on when it runs again; the
    tenant file is needed until it says that nothing is left. The exit code is 1 where something is.
    """
    from mercurios.jobs.offboard import remove, survey
    from mercurios.landing.store import LandingError
    from mercurios.tenants import load_tenants
    from mercurios.warehouse.engine import WarehouseError

    try:
        found = load_tenants()
        places = _places(found, found.get(tenant), connection, wait)
        _print(tenant, survey(places), [step for place in places for step in place.also()])
        if dry_run:
            return
        if (
            not yes
            and typer.prompt(f"This cannot be undone. Type {tenant} to remove it", default="") != tenant
        ):
            typer.echo("Nothing was removed.")
            raise typer.Exit(1)
        left = remove(places)
    except (KeyError, ValueError, LandingError, WarehouseError) as error:
        typer.secho(str(error.args[0]), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None
    for name, count in left.items():
        typer.secho(f"left: {count:,} {name}", err=True, fg=typer.colors.RED)
    if left:
        raise typer.Exit(1)
    typer.echo(
        f"Nothing of {tenant} is left. Now remove its file and its connections, and delete its DAGs in Airflow "
        f"(`airflow dags delete pipeline__{tenant}`, `airflow dags delete forecast__{tenant}`)."
    )


def _print(tenant: str, kept: dict[str, int], steps: list[str]) -> None:
    typer.echo(f"Kept of {tenant}:" if kept else f"Nothing is kept of {tenant}.")
    for name, count in kept.items():
        typer.echo(f"{count:>14,} {name}")
    for step in steps:
        typer.echo(f"               {step}")


def _places(found: Tenants, tenant: Tenant, connection: str, wait: float) -> list[Place]:
    """Return where something of a tenant may be: readers' first, so that no one reads what is half removed."""
    from mercurios.cli.connect import connections, open_account, open_landing
    from mercurios.jobs.offboard import LandedFiles
    from mercurios.warehouse.commands import Leaving, commands_of

    leaving = Leaving(
        tenant,
        [each for each in found if each.id != tenant.id and each.engine == tenant.engine],
        connection=lambda: connections().warehouse(tenant, "offboard"),
        account=lambda: open_account(connection),
        lock_wait=wait,
    )
    landed = LandedFiles(open_landing(tenant), tenant.id)
    return [*commands_of(tenant).places_to_remove(leaving), landed]
