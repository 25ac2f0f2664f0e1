"""The commands of a person who finds out what a run did and puts right what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mercurios.sources.contract import Contract
    from mercurios.warehouse.engine import Engine

TenantOption = Annotated[str, typer.Option(help="The tenant's id.")]
WarehouseOption = Annotated[
    Path | None,
    typer.Option(help="A DuckDB warehouse file (default: where the connection of the tenant's file leads)."),
]
ResourceOption = Annotated[str, typer.Option(help="A resource, such as sale.")]
WaitOption = Annotated[
    float, typer.Option(min=0, help="Seconds to wait while another process holds the file.")
]

_ALERTS_LOOKED_AT = 1000
_COUNTS = ("extracted", "loaded", "quarantined", "superseded", "deleted", "held_for_review", "late")


def ledger(
    tenant: TenantOption,
    warehouse: WarehouseOption = None,
    runs: Annotated[int, typer.Option(min=1, help="How many of the newest runs.")] = 3,
    wait: WaitOption = 30,
) -> None:
    """Show how many rows the newest runs loaded, held back or deleted, and where each resource stands.

    The exit code is 1 when extracted = loaded + quarantined + superseded does not hold for a row.
    """
    from mercurios.warehouse.sql import render

    with _opened(warehouse, tenant, wait) as engine:
        rows = _rows(engine, render(engine.dialect, "ledger_newest"), {"tenant_id": tenant, "runs": runs})
        standing = _rows(engine, render(engine.dialect, "watermarks"), {"tenant_id": tenant})
    _show(
        f"Ledger of {tenant}: the newest {runs} runs",
        ("run", "resource", "attempt", "mode", *_COUNTS, "identity"),
        [
            (
                row["run_id"],
                row["resource"],
                row["attempt"],
                f"{row['mode']}, complete" if row["is_complete"] else row["mode"],
                *(f"{row[name]:,}" for name in _COUNTS),
                "holds" if row["identity_holds"] else "BROKEN",
            )
            for row in rows
        ],
    )
    _show(
        "Where each resource stands (UTC)",
        ("resource", "watermark", "last complete read", "next read"),
        [
            (
                row["resource"],
                row["cursor_value"],
                row["last_complete_at"],
                "complete (resync)" if row["resync_pending"] else "by the tenant's settings",
            )
            for row in standing
        ],
    )
    raise typer.Exit(0 if all(row["identity_holds"] for row in rows) else 1)


def alerts(
    tenant: TenantOption,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest alerts.")] = 1,
    *,
    failures: Annotated[bool, typer.Option("--failures", help="Only failures.")] = False,
) -> None:
    """Show what the newest alerts of a tenant said, whether Slack took them or not."""
    from mercurios.alerts.record import AlertRecord, Occasion, folder
    from mercurios.cli.connect import open_landing
    from mercurios.landing.store import LandingError
    from mercurios.tenants import load_tenants
    from mercurios.warehouse.engine import WarehouseError

    try:
        store = open_landing(load_tenants(only=tenant).get(tenant))
        urls = store.newest_documents(folder(tenant), _ALERTS_LOOKED_AT)
        records = (AlertRecord.model_validate_json(store.read_bytes(url)) for url in urls)
        wanted = (each for each in records if not failures or each.kind is Occasion.FAILURE)
        shown = list(islice(wanted, last))
    except (KeyError, ValueError, LandingError, WarehouseError) as error:
        _fail(str(error.args[0]))
    if not shown:
        typer.echo(f"No {'failure' if failures else 'alert'} of tenant {tenant} is on record in {store.url}.")
    for each in shown:
        typer.echo(f"{each.reported_at:%Y-%m-%d %H:%M:%S} UTC\n{each.text}\n")


def quarantine(
    tenant: TenantOption,
    warehouse: WarehouseOption = None,
    resource: Annotated[str | None, typer.Option(help="Only this resource.")] = None,
    wait: WaitOption = 30,
) -> None:
    """Show the rows that did not fit, by resource, run and reason, the newest first; never their content."""
    from mercurios.warehouse.counting import listed
    from mercurios.warehouse.sql import render

    if resource is not None:
        _check_resource(tenant, resource)
    parameters = {"tenant_id": tenant, "resource": resource}
    with _opened(warehouse, tenant, wait) as engine:
        rows = _rows(engine, render(engine.dialect, "quarantine_groups"), parameters)
    if not rows:
        scope = f" of {resource}" if resource else ""
        typer.echo(f"No row{scope} is in quarantine for tenant {tenant}.")
        return
    _show(
        f"Quarantine of {tenant}",
        ("resource", "run", "reason", "waiting", "replayed", "source ids, for example"),
        [
            (
                row["resource"],
                row["run_id"],
                row["reason"],
                f"{row['waiting']:,}",
                f"{row['replayed']:,}",
                "\n".join(listed(row["examples"]) or ["(no id)"]),
            )
            for row in rows
        ],
    )


def replay(
    tenant: TenantOption,
    resource: ResourceOption,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 30,
) -> None:
    """Type the quarantined rows of a resource with today's contract and load those that now fit.

    Running it again changes nothing. The marts follow with the next run of the pipeline.
    """
    from mercurios.cli.connect import open_landing
    from mercurios.jobs.replay import replay as replay_rows
    from mercurios.tenants import load_tenants

    _check_resource(tenant, resource)
    with _opened(warehouse, tenant, wait, loads=True) as engine:
        settings = load_tenants(only=tenant).get(tenant)
        done = replay_rows(engine, open_landing(settings), settings, resource)
    if done.ledger is None:
        typer.echo(f"{resource}: nothing to load; {done.waiting:,} rows in quarantine do not fit.")
        return
    row = done.ledger
    typer.echo(
        f"{resource}: {row.extracted:,} rows now fit; {row.loaded:,} loaded, {row.superseded:,} superseded by what "
        f"RAW holds; {done.waiting:,} still do not fit. Run {done.run_id}."
    )


def resync(
    tenant: TenantOption,
    resource: ResourceOption,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 30,
) -> None:
    """Forget how far a resource was read, so that the next run of the pipeline reads it completely."""
    from mercurios.warehouse.requests import request_resync

    with _opened(warehouse, tenant, wait) as engine:
        request_resync(engine, tenant, [resource], "command line", _contract(tenant))
    typer.echo(f"{resource}: the next run of the pipeline of {tenant} reads it completely.")


def reconcile(tenant: TenantOption, warehouse: WarehouseOption = None, wait: WaitOption = 30) -> None:
    """Have the next run of the pipeline read every resource completely and compare RAW with the source.

    That run loads what RAW lacks, marks as deleted what the source no longer shows, and advances every watermark;
    `ledger` then shows by resource how many rows differed.
    """
    from mercurios.tenants import load_tenants
    from mercurios.warehouse.requests import request_resync

    with _opened(warehouse, tenant, wait) as engine:
        collections = load_tenants(only=tenant).get(tenant).source.contract.collections
        request_resync(engine, tenant, collections, "command line")
    typer.echo(f"The next run of the pipeline of {tenant} reads all {len(collections)} resources completely.")


def accept_deletes(
    tenant: TenantOption,
    resource: ResourceOption,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 30,
) -> None:
    """Confirm that the rows a complete read missed are deleted, however many; the next run reads and deletes them.

    Look first: `ledger` shows how many were held for review. The approval serves one complete read.
    """
    from mercurios.warehouse.requests import approve_deletes

    with _opened(warehouse, tenant, wait) as engine:
        approve_deletes(engine, tenant, [resource], "command line", _contract(tenant))
    typer.echo(
        f"{resource}: the next run of the pipeline of {tenant} reads it completely and deletes what it misses."
    )


def accept_source(tenant: TenantOption, warehouse: WarehouseOption = None, wait: WaitOption = 30) -> None:
    """Confirm that the retailer's source has moved; the next run that loads notes the new address.

    Look first what the tenant's source leads to: with another retailer's, two shops would mix in RAW.
    """
    from mercurios.warehouse.requests import forget_source

    with _opened(warehouse, tenant, wait) as engine:
        before = forget_source(engine, tenant)
    earlier = f"was read from {before}" if before else "was read from nowhere yet"
    typer.echo(f"{tenant} {earlier}; the next run that loads notes where it reads.")


def rekey(tenant: TenantOption, warehouse: WarehouseOption = None, wait: WaitOption = 30) -> None:
    """Have the next run of the pipeline hash persons' numbers with another hash_key, by a complete read.

    Enter the new key in the source's connection as well. Every row with a person that the source still shows is read
    again; rows that it has deleted keep the hash of the earlier key.
    """
    from datetime import UTC, datetime

    from mercurios.tenants import load_tenants
    from mercurios.warehouse.hash_key import request_rekey

    with _opened(warehouse, tenant, wait) as engine:
        contract = load_tenants(only=tenant).get(tenant).source.contract
        names = request_rekey(engine, tenant, contract, "command line", datetime.now(UTC))
    typer.echo(
        f"The next run of the pipeline of {tenant} takes a new hash_key and reads completely: {', '.join(names)}."
    )


def _contract(tenant: str) -> Contract | None:
    """Return what a tenant's source declares; None where only a warehouse file is at hand, and no tenant file."""
    from mercurios.tenants import load_tenants

    try:
        return load_tenants(only=tenant).get(tenant).source.contract
    except KeyError:
        return None


def _check_resource(tenant: str, name: str) -> None:
    from mercurios.sources.registry import every_resource

    contract = _contract(tenant)
    known = every_resource() if contract is None else contract.resources
    if name not in known:
        _fail(f"unknown resource {name}; known resources: {', '.join(sorted(known))}")


@contextmanager
def _opened(warehouse: Path | None, tenant: str, wait: float, *, loads: bool = False) -> Iterator[Engine]:
    """Open the warehouse and report what goes wrong without a traceback."""
    from mercurios.cli.connect import open_tenant
    from mercurios.landing.store import LandingError
    from mercurios.warehouse.engine import WarehouseError, WarehouseLockedError

    try:
        with open_tenant(tenant, warehouse, wait, command=_command(), loads=loads) as engine:
            yield engine
    except WarehouseLockedError as error:
        held = str(error).split(". ", 1)[0]
        _fail(f"{held}. Run the command again when that process is done, or give it longer with --wait.")
    except (KeyError, ValueError, LandingError, WarehouseError) as error:
        _fail(str(error.args[0]))


def _command() -> str:
    """Return the name of the command that is running."""
    import click

    context = click.get_current_context(silent=True)
    return (context.info_name or "") if context else ""


def _fail(message: str) -> None:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def _rows(engine: Engine, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = engine.fetch_arrow(sql, parameters).to_pylist()
    return rows


def _show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title)
    for row in rows:
        # As plain text: what came from a source must not be read as markup.
        table.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    Console().print(table)
