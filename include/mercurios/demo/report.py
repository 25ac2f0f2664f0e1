"""The summary at the end of the demo, read from what the readers of the product would read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from mercurios.demo.follow import RunOutcome
from mercurios.demo.stack import Stack
from mercurios.warehouse.duckdb import DuckDBEngine
from mercurios.warehouse.engine import WarehouseError
from mercurios.warehouse.publish import read_status
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    from pathlib import Path


def print_summary(
    console: Console, stack: Stack, outcomes: Sequence[RunOutcome], tenants: Sequence[str]
) -> None:
    """Print runs, rows, forecast error and what runs out first, for every tenant."""
    runs = Table("tenant", "run", "state", "seconds", title="Runs", title_justify="left")
    for outcome in outcomes:
        colour = "green" if outcome.state == "success" else "red"
        kind = outcome.dag_id.partition("__")[0]
        runs.add_row(
            outcome.tenant,
            f"{kind}, {outcome.label}",
            f"[{colour}]{outcome.state}[/]",
            f"{outcome.seconds:.0f}",
        )
    console.print()
    console.print(runs)
    for tenant in tenants:
        published = stack.published / f"{tenant}.duckdb"
        console.print(f"\n[bold]{tenant}[/]")
        if not published.exists():
            console.print("  nothing was published")
            continue
        try:
            _print_tenant(console, tenant, published, outcomes)
        except WarehouseError as error:
            console.print(f"  [red]{error}[/]")
    console.print(f"\nAirflow: {stack.airflow_url} (no login on this machine)")
    console.print(f"Simulated ProHandel API: {stack.simulator_url}/_simulator/health")
    console.print(f"What readers see: {stack.published}/<tenant>.duckdb")
    console.print(f"Logs: {stack.home / 'logs'}")


def _print_tenant(console: Console, tenant: str, published: Path, outcomes: Sequence[RunOutcome]) -> None:
    pipelines = [o.run_id for o in outcomes if o.tenant == tenant and o.dag_id.startswith("pipeline")]
    with DuckDBEngine(published, read_only=True) as engine:
        ledger = engine.fetch_arrow(
            render("duckdb", "report_ledger"), [pipelines[0], pipelines[-1]]
        ).to_pylist()
        accuracy = engine.fetch_arrow(render("duckdb", "report_accuracy")).to_pylist()
        urgent = engine.fetch_arrow(render("duckdb", "report_running_out"), [10]).to_pylist()
    console.print(_ledger_table(ledger))
    identity = all(row["identity_holds"] for row in ledger)
    console.print(
        "  extracted = loaded + quarantined + superseded: "
        + ("[green]holds for every run and resource[/]" if identity else "[red]BROKEN[/]")
    )
    for row in accuracy:
        console.print(
            f"  forecast error (WAPE, backtest): {_error(row['wape_model'])}; "
            f"seasonal naive {_error(row['wape_seasonal_naive'])}, 13-week mean {_error(row['wape_mean_13w'])}"
        )
    console.print(_urgent_table(urgent))
    status = read_status(published)
    console.print(f"  publication: {status.get('status')}, {status.get('published_at', '')[:19]} UTC")


def _error(value: float | None) -> str:
    """Return a WAPE as text; a history too short for a backtest has none."""
    return "not measurable yet" if value is None else f"{value:.3f}"


def _ledger_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(
        "resource", title="Rows by resource", title_justify="left", caption_justify="left", pad_edge=False
    )
    for heading in ("first: read", "changed", "second: read", "changed", "deleted", "quarantined"):
        table.add_column(heading, justify="right")
    names = (
        "first_extracted",
        "first_loaded",
        "second_extracted",
        "second_loaded",
        "second_deleted",
        "quarantined",
    )
    for row in rows:
        table.add_row(row["resource"], *(f"{row[name] or 0:,}" for name in names))
    return table


def _urgent_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="About to run out first", title_justify="left", pad_edge=False)
    table.add_column("article")
    table.add_column("branch")
    for heading in ("on hand", "on order", "a week", "days of supply"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row["display_name"],
            row["branch_name"],
            f"{row['on_hand']:,.0f}",
            f"{row['on_order']:,.0f}",
            f"{row['weekly_units']:,.1f}",
            f"{row['days_of_supply']:,.1f}",
        )
    return table
