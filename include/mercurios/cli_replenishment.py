"""The command of a buyer who wants the proposed orders as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def propose(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    warehouse: Annotated[
        Path, typer.Option(help="The tenant's DuckDB warehouse file, or the published one.")
    ],
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another process holds the file.")
    ] = 30,
) -> None:
    """Write what to order now, by supplier: units, cost, the day to order by, and why."""
    from mercurios.replenishment.proposals import read_proposals, write_proposals
    from mercurios.warehouse.engine import WarehouseError

    try:
        proposals = read_proposals(warehouse, tenant, wait)
        write_proposals(proposals, out)
    except (WarehouseError, ValueError, OSError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None
    suppliers = len(set(proposals["supplier_number"].to_pylist()))
    cost = sum(each or 0 for each in proposals["order_cost"].to_pylist())
    typer.echo(f"{proposals.num_rows} lines to {suppliers} suppliers for {cost:,.2f} in {out}.")
