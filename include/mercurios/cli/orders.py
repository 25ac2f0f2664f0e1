"""The command of a buyer who wants the proposed orders as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def propose(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    out: Annotated[Path, typer.Option(help="File to write: .xlsx, with a sheet for each supplier, or .csv.")],
    warehouse: Annotated[
        Path | None,
        typer.Option(
            help="A DuckDB file with the marts (default: what was published where the connection of the tenant's file "
            "leads)."
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another process holds the file.")
    ] = 30,
) -> None:
    """Write what to order now, by supplier: units, cost, the day to order by, and why."""
    from mercurios.cli.connect import open_readers
    from mercurios.orders.export import write_proposals
    from mercurios.orders.proposals import fetch_proposals
    from mercurios.warehouse.engine import WarehouseError

    try:
        with open_readers(tenant, warehouse, wait, command="propose") as engine:
            proposals = fetch_proposals(engine, tenant)
        write_proposals(proposals, out)
    except (KeyError, WarehouseError, ValueError, OSError) as error:
        typer.secho(
            str(error.args[0] if isinstance(error, KeyError) else error), err=True, fg=typer.colors.RED
        )
        raise typer.Exit(1) from None
    suppliers = len(set(proposals["supplier_number"].to_pylist()))
    currency = proposals["currency"][0].as_py() if proposals.num_rows else ""
    cost = f"{sum(proposals['order_cost'].to_pylist()):,.2f} {currency}".strip()
    typer.echo(f"{proposals.num_rows} lines to {suppliers} suppliers for {cost} in {out}.")
    beyond = proposals["is_within_budget"].to_pylist().count(False)
    if beyond:
        typer.echo(f"{beyond} of the lines are beyond the budget.")
