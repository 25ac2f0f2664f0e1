"""The summary at the end of the demo, read from what the readers of the product would read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from mercurios.orders.proposals import ORDER, cost_of, fetch_actions, orders_of
from mercurios.warehouse.duckdb.engine import DuckDBEngine
from mercurios.warehouse.duckdb.publish import read_status
from mercurios.warehouse.engine import Engine, WarehouseError
from mercurios.warehouse.sql import render
from mercurios_demo.follow import RunOutcome
from mercurios_demo.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

_PROPOSALS_SHOWN = 10


def print_summary(
    console: Console, stack: Stack, outcomes: Sequence[RunOutcome], tenants: Sequence[str]
) -> None:
    """Print runs, rows, forecast error and what to order first, for every tenant."""
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
            _print_file(console, tenant, published, outcomes)
        except WarehouseError as error:
            console.print(f"  [red]{error}[/]")
    console.print(f"\nAirflow: {stack.airflow_url} (no login on this machine)")
    console.print(f"Simulated ProHandel API: {stack.simulator_url}/_simulator/health")
    console.print(f"What readers see: {stack.published}/<tenant>.duckdb")
    console.print(f"Logs: {stack.home / 'logs'}")


def _print_file(console: Console, tenant: str, published: Path, outcomes: Sequence[RunOutcome]) -> None:
    with DuckDBEngine(published, read_only=True) as engine:
        print_tenant(console, tenant, engine, outcomes, fetch_actions(engine, tenant), published)
    print_publication(console, read_status(published))


def print_tenant(
    console: Console,
    tenant: str,
    engine: Engine,
    outcomes: Sequence[RunOutcome],
    actions: pa.Table,
    published: Path | None = None,
) -> None:
    """Print rows, forecast error and what to order first, from an open warehouse on whichever engine."""
    pipelines = [o.run_id for o in outcomes if o.tenant == tenant and o.dag_id.startswith("pipeline")]
    key = {"tenant_id": tenant}
    runs = {**key, "first_run": pipelines[0], "last_run": pipelines[-1]}
    ledger = engine.fetch_arrow(render(engine.dialect, "report_ledger"), runs).to_pylist()
    accuracy = engine.fetch_arrow(render(engine.dialect, "report_accuracy"), key).to_pylist()
    console.print(_ledger_table(ledger))
    identity = all(row["identity_holds"] for row in ledger)
    console.print(
        "  extracted = loaded + quarantined + superseded: "
        + ("[green]holds for every run and resource[/]" if identity else "[red]BROKEN[/]")
    )
    for row in accuracy:
        _print_accuracy(console, row)
    print_actions(console, tenant, actions, published)


def _print_accuracy(console: Console, row: Mapping[str, float | None]) -> None:
    """Print what the forecast's methods are judged by, and beside it how wrong the total was and what is not known."""
    console.print(
        f"  forecast error (WAPE, backtest): {_error(row['wape_model'])}; "
        f"seasonal naive {_error(row['wape_seasonal_naive'])}, 13-week mean {_error(row['wape_mean_13w'])}"
    )
    for title, name, left_out in (
        ("backtest, all known weeks", "known", "left_out_units"),
        ("published, weeks since closed", "live", "live_left_out_units"),
    ):
        console.print(
            f"  {title}: WAPE {_error(row[f'{name}_wape'])}, bias of the total {_share(row[f'{name}_bias'])}, "
            f"not known {_share(row[left_out])} of the units forecast"
        )


def print_publication(console: Console, status: Mapping[str, Any]) -> None:
    """Print how fresh what readers see is."""
    console.print(f"  publication: {status.get('status')}, {status.get('published_at', '')[:19]} UTC")


def _error(value: float | None) -> str:
    """Return a WAPE as text; a history too short for a backtest has none."""
    return "not measurable yet" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f} %"


def _money(value: float | None, currency: str = "") -> str:
    """Return an amount; what has no purchase price, or no margin, is not known."""
    return "unknown" if value is None else f"{value:,.2f} {currency}".strip()


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


def print_actions(console: Console, tenant: str, actions: pa.Table, published: Path | None = None) -> None:
    """Print what must be ordered first, what it costs and saves and why, as the file of `propose` says it.

    Args:
        console: where to print.
        tenant: whose actions.
        actions: all of them, the most urgent first.
        published: the file of readers, which no connection leads to after the demo; None on an account.
    """
    proposals = orders_of(actions)
    suppliers = len(set(proposals["supplier_number"].to_pylist()))
    urgent: list[dict[str, Any]] = proposals.slice(0, _PROPOSALS_SHOWN).to_pylist()
    currency = urgent[0]["currency"] if urgent else ""
    console.print(
        f"Most urgent of {proposals.num_rows} proposed orders to {suppliers} suppliers for {cost_of(proposals)}",
        style="italic",
        highlight=False,
    )
    for place, line in enumerate(urgent, start=1):
        goods = " ".join(part for part in (line["article_name"], line["size"]) if part)
        headline = (
            f"{place:3}. Order by {line['due_on']}{', late' if line['is_late'] else ''}: "
            f"{line['units']:,.0f} x {goods}, {line['branch_name']}: "
            f"cost {_money(line['cost'], currency)}, margin at risk {_money(line['margin_at_risk'])}"
        )
        why = f"{line['reason']} Confidence {line['confidence']}."
        console.print(escape(headline), highlight=False)
        console.print(Padding(escape(why), (0, 0, 0, 5)), style="dim", highlight=False)
    kinds = zip(actions["action"].to_pylist(), actions["is_minor"].to_pylist(), strict=True)
    others = Counter("minor" if is_minor else kind for kind, is_minor in kinds if is_minor or kind != ORDER)
    minor = others.pop("minor", 0)
    if others or minor:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(others.items())) or "nothing"
        left_out = f"; {minor:,} more are not worth the work yet" if minor else ""
        console.print(f"  beside orders: {listed}{left_out}", highlight=False)
    console.print(
        f"  all of them: .venv/bin/python -m mercurios propose --tenant {tenant} "
        f"{f'--warehouse {published} ' if published else ''}--out orders.xlsx",
        highlight=False,
    )
