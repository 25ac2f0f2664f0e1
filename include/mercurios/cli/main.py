"""The command line. Each command composes functions that the DAGs use too; heavy imports wait for their command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mercurios.cli import account, backtest, forecast, new, offboard, operate, orders

_HELP = "Commands for people who work on one piece of Mercurios; the DAGs use the same functions."

app = typer.Typer(no_args_is_help=True, add_completion=False, help=_HELP, pretty_exceptions_enable=False)
for command in (
    forecast.forecast,
    orders.propose,
    backtest.backtest,
    operate.ledger,
    operate.alerts,
    operate.quarantine,
    operate.replay,
    operate.resync,
    operate.reconcile,
    operate.accept_deletes,
    operate.accept_source,
    operate.rekey,
    offboard.offboard,
):
    app.command()(command)
# What the command was called before it was confused with `simulator`.
app.command("simulate", hidden=True)(backtest.backtest)
app.add_typer(account.app, name="warehouse")
app.add_typer(new.app, name="new")


@app.command()
def tenants() -> None:
    """List the tenants, and say what is wrong with files that cannot be used."""
    from rich.console import Console
    from rich.table import Table

    from mercurios.tenants import load_tenants, tenants_dir

    found = load_tenants()
    table = Table(
        "tenant", "name", "country", "warehouse", "pipeline", title=f"Tenants in {tenants_dir().name}/"
    )
    for tenant in found:
        place = f"{tenant.country}-{tenant.region}" if tenant.region else tenant.country
        table.add_row(
            tenant.id,
            tenant.name,
            place,
            tenant.connections.warehouse,
            tenant.pipeline_schedule or "on request",
        )
    Console().print(table)
    for error in found.errors:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
    raise typer.Exit(1 if found.errors else 0)


@app.command()
def load(
    manifest: Annotated[str, typer.Argument(help="URL or path of a manifest.json in a landing area.")],
    tenant: Annotated[str, typer.Option(help="Tenant whose file names time zone, holidays and warehouse.")],
    warehouse: Annotated[
        Path | None,
        typer.Option(
            help="DuckDB warehouse file; created when missing (default: where the tenant's connection leads)."
        ),
    ] = None,
) -> None:
    """Load one manifest into a warehouse and print its ledger rows."""
    from rich.console import Console
    from rich.table import Table

    from mercurios.cli.connect import open_for_load, open_landing
    from mercurios.landing.store import LandingError
    from mercurios.tenants import load_tenants
    from mercurios.warehouse.engine import WarehouseError
    from mercurios.warehouse.load import load_manifest
    from mercurios.warehouse.run_plan import adopt_run
    from mercurios.warehouse.setup import set_up

    # Addresses in manifests are plain, not percent-encoded as Path.as_uri() would have it.
    url = manifest if "://" in manifest else f"file://{Path(manifest).resolve()}"
    try:
        settings = load_tenants(only=tenant).get(tenant)
        store = open_landing(settings, url.rsplit("/", 1)[0])
        landed = store.read_manifest(url)
        if landed.tenant_id != tenant:
            raise ValueError(f"{url} is of tenant {landed.tenant_id!r}, not of {tenant}; nothing was loaded")
        with open_for_load(settings, warehouse, store) as engine:
            set_up(engine)
            adopt_run(engine, landed, "command line")
            rows = load_manifest(engine, store, url, time_zone=settings.time_zone)
    except (KeyError, ValueError, LandingError, WarehouseError) as error:
        typer.secho(str(error.args[0]), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None
    table = Table("resource", "extracted", "loaded", "quarantined", "superseded", "deleted")
    for row in rows:
        table.add_row(row.resource, *(f"{count:,}" for count in row.counts().values()))
    Console().print(table)
