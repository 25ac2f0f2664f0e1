"""The command of a buyer who wants what to do now as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pyarrow as pa

_WAITS = {
    "budget": "the budget does not reach them",
    "supplier minimum": "what is ordered of their supplier is worth less than its minimum (`minimum_order_value`)",
}


class Language(StrEnum):
    """Languages of the workbook."""

    en = "en"
    de = "de"


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
    language: Annotated[
        Language | None,
        typer.Option(help="Of a workbook (default: what is spoken in the tenant's country)."),
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another process holds the file.")
    ] = 30,
) -> None:
    """Write what to do now: orders by supplier, and what to expedite, move, mark down, decide and cancel."""
    from mercurios.cli.connect import open_readers
    from mercurios.orders.export import write_actions
    from mercurios.orders.proposals import fetch_actions, orders_of
    from mercurios.orders.sheets import language_of
    from mercurios.warehouse.engine import WarehouseError

    try:
        with open_readers(tenant, warehouse, wait, command="propose") as engine:
            actions = fetch_actions(engine, tenant)
        country = actions["country"][0].as_py() if actions.num_rows else None
        write_actions(actions, out, language or language_of(country))
    except (KeyError, WarehouseError, ValueError, OSError) as error:
        typer.secho(
            str(error.args[0] if isinstance(error, KeyError) else error), err=True, fg=typer.colors.RED
        )
        raise typer.Exit(1) from None
    _summarise(actions, orders_of(actions), out)


def _summarise(actions: pa.Table, proposals: pa.Table, out: Path) -> None:
    """Print how many lines were written, for how much, and how many of them wait."""
    from mercurios.orders.proposals import cost_of

    suppliers = len(set(proposals["supplier_number"].to_pylist()))
    typer.echo(f"{proposals.num_rows} lines to {suppliers} suppliers for {cost_of(proposals)} in {out}.")
    minor = actions["is_minor"].to_pylist().count(True)
    others = actions.num_rows - proposals.num_rows - minor
    if others:
        typer.echo(f"{others} lines of other actions.")
    if minor:
        typer.echo(f"{minor} lines more are not worth the work yet (`action_value`, `order_line_value`).")
    for reason, text in _WAITS.items():
        if count := proposals["waits_for"].to_pylist().count(reason):
            typer.echo(f"{count} of the lines wait: {text}.")
