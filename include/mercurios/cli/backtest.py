"""The command of a person who wants to know what the product's orders would have brought: a history in, a table out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercurios.cli.panel_options import (
    CountryOption,
    GroupOption,
    RegionOption,
    frequency_of,
    mistakes_named,
    progress,
)

if TYPE_CHECKING:
    from rich.console import Console

_STEPS = {"prepare": "formula compiled", "replay": "weeks replayed"}
_NAMES = {"product": "product", "mean_13w": "13-week mean", "seasonal_naive": "seasonal naive"}


PanelOption = Annotated[
    Path,
    typer.Option(
        help="Parquet or CSV as for `forecast`: article, branch, week or date, quantity; optionally in_stock, "
        "group columns, x_*, initial_state, unit_cost, holding_cost, shortage_cost, order_cost."
    ),
]
WeeksOption = Annotated[int, typer.Option(min=1, help="Weeks that count: the last of the panel.")]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        help="YAML in the words of a tenant file's `replenishment`, with `costs` (default: the product's defaults)."
    ),
]
OutOption = Annotated[Path, typer.Option(help="Folder for weekly.parquet and summary.json.")]
WarmUpOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Weeks replayed before and not counted (default: 2 x (lead time + review), or 0 with a given stock).",
    ),
]
InitialStateOption = Annotated[
    Path | None,
    typer.Option(
        help="Parquet or CSV: article, branch, on_hand, optionally in_transit_1 (arrives in the first week) …"
    ),
]
FrequencyOption = Annotated[
    str | None,
    typer.Option(help="W or D (default: found out from the dates); days are added up to weeks."),
]
ServiceLevelsOption = Annotated[
    str, typer.Option(help="Service levels of the comparison at equal fill rates, comma-separated.")
]
PlannedOption = Annotated[
    bool,
    typer.Option(
        "--plan/--no-plan", help="Whether the x_* of the weeks to come are known when an order is made."
    ),
]


def backtest(
    panel: PanelOption,
    weeks: WeeksOption,
    policy: PolicyOption = None,
    out: OutOption = Path("backtest"),
    warm_up: WarmUpOption = None,
    initial_state: InitialStateOption = None,
    group: GroupOption = None,
    frequency: FrequencyOption = None,
    country: CountryOption = None,
    region: RegionOption = None,
    service_levels: ServiceLevelsOption = "0.5,0.7,0.8,0.85,0.9,0.93,0.95,0.97,0.98,0.99,0.995,0.999",
    *,
    planned: PlannedOption = True,
) -> None:
    """Replay history week by week: forecast from the past, order by the product's formula, lose what is not in stock.

    Prints service, stock and cost of the product and of simple rules, and their stock at the same fill rate. Writes
    weekly.parquet and summary.json.
    """
    # The matrices are small: more threads wait for each other longer than they calculate. Read when numpy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from rich.console import Console

    from mercurios.policy_backtest.request import Request

    console = Console()
    with mistakes_named(panel):
        request = Request(
            panel=panel,
            weeks=weeks,
            policy=policy,
            out=out,
            warm_up=warm_up,
            initial_state=initial_state,
            group=group,
            frequency=frequency_of(frequency, "WD"),
            planned=planned,
            country=country,
            region=region,
            service_levels=_levels(service_levels),
        )
        summary = _run(console, request)
    _show(console, summary)
    console.print(f"Every week and the figures: {out}", highlight=False)


def _run(console: Console, request: Any) -> dict[str, Any]:
    from mercurios.policy_backtest.command import run_backtest

    with progress(console, "reading and compiling", _STEPS) as done:
        return run_backtest(request, done)


def _show(console: Console, summary: dict[str, Any]) -> None:
    """Print the figures of the rules, and their stock at the same fill rate."""
    from rich.table import Table

    span = f"{summary['weeks']} weeks from {summary['first']}, {summary['series']:,} series"
    heads = ("rule", "service level", "fill rate", "lost units", "average stock", "orders", "cost")
    table = Table(*heads, title=f"At the policy's service level: {span}")
    for rule, row in summary["rules"].items():
        names = ("lost_units", "average_stock", "orders", "cost")
        shares = (_share(row["service_level"]), _share(row["fill_rate"]))
        table.add_row(_NAMES[rule], *shares, *(f"{row[name]:,.0f}" for name in names))
    console.print(table)
    simple = [rule for rule in summary["rules"] if rule != "product"]
    stocks = [_NAMES[rule] for rule in summary["rules"]]
    ratios = [f"/ {_NAMES[rule]}" for rule in simple]
    table = Table("fill rate", *stocks, *ratios, title="Stock at the same fill rate")
    for row in summary["equal_fill_rate"]:
        stocks = [_number(row["stock"][rule], "{:,.0f}") for rule in summary["rules"]]
        ratios = [_number(row["ratio"][rule], "{:.3f}") for rule in simple]
        mark = " *" if row["is_reference"] else ""
        table.add_row(f"{_share(row['fill_rate'])}{mark}", *stocks, *ratios)
    console.print(table)
    console.print(
        "Levels of the simple rules: mean + z x standard deviation. / : the product's stock divided by theirs. "
        "* : the fill rate of the 13-week mean at the policy's service level.",
        highlight=False,
    )
    for note in summary["notes"]:
        console.print(f"note: {note}", highlight=False)


def _share(value: float | None) -> str:
    return _number(value, "{:.2%}")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _levels(text: str) -> tuple[float, ...]:
    try:
        return tuple(sorted({float(part) for part in text.split(",") if part.strip()}))
    except ValueError:
        raise ValueError(f"--service-levels: '{text}' must be probabilities such as 0.8,0.9,0.95") from None
