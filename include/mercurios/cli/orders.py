"""The command of a buyer who wants the proposed orders as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pyarrow as pa

_DEMO_HOME = ".demo/data"


def propose(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    out: Annotated[Path, typer.Option(help="File to write: .xlsx, with a sheet for each supplier, or .csv.")],
    warehouse: Annotated[
        Path | None,
        typer.Option(
            help="The tenant's DuckDB warehouse file (default: what was published in $MERCURIOS_HOME, or else by the "
            "demo in this folder; on Snowflake, where the connection of the tenant's file leads)."
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another process holds the file.")
    ] = 30,
) -> None:
    """Write what to order now, by supplier: units, cost, the day to order by, and why."""
    from mercurios.orders.export import write_proposals
    from mercurios.warehouse.engine import WarehouseError

    try:
        proposals = _read(tenant, warehouse, wait)
        write_proposals(proposals, out)
    except (WarehouseError, ValueError, OSError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None
    suppliers = len(set(proposals["supplier_number"].to_pylist()))
    currency = proposals["currency"][0].as_py() if proposals.num_rows else ""
    cost = f"{sum(proposals['order_cost'].to_pylist()):,.2f} {currency}".strip()
    typer.echo(f"{proposals.num_rows} lines to {suppliers} suppliers for {cost} in {out}.")
    beyond = proposals["is_within_budget"].to_pylist().count(False)
    if beyond:
        typer.echo(f"{beyond} of the lines are beyond the budget.")


def _read(tenant: str, warehouse: Path | None, wait: float) -> pa.Table:
    """Return a tenant's proposals from the file that was named, or else from what was published."""
    from mercurios.cli.connect import open_snowflake
    from mercurios.orders.proposals import fetch_published, read_proposals
    from mercurios.tenants import load_tenants

    known = {each.id: each for each in load_tenants(only=tenant)} if warehouse is None else {}
    if tenant in known and known[tenant].engine == "snowflake":
        with open_snowflake(known[tenant], "propose", as_loader=False) as engine:
            return fetch_published(engine, tenant)
    return read_proposals(warehouse or _published(tenant), tenant, wait)


def _published(tenant: str) -> Path:
    home = Path(os.environ.get("MERCURIOS_HOME") or _DEMO_HOME)
    return home / "published" / f"{tenant}.duckdb"
