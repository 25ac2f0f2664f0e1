"""The command of a person who wants a panel forecast: a file in, files out."""

from __future__ import annotations

import os
from datetime import date, datetime
from importlib.util import find_spec
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

_STEPS = {
    "read": "panel read",
    "factors": "seasons and effects learned",
    "backtest": "methods tested",
    "forecast": "series forecast",
    "plots": "pictures drawn",
}


PanelArgument = Annotated[
    Path,
    typer.Argument(
        help="Parquet or CSV: article, branch, week or date, quantity; optionally in_stock, group columns and x_*."
    ),
]
OutOption = Annotated[Path, typer.Option(help="Folder for the tables and the summary.")]
HorizonOption = Annotated[
    int | None, typer.Option(min=1, max=366, help="Periods to forecast (default: 8 weeks or 28 days).")
]
OriginOption = Annotated[
    str | None,
    typer.Option(help="Last day of the history, such as 2026-01-31 (default: the latest row)."),
]
FrequencyOption = Annotated[
    str | None, typer.Option(help="W, D or M (default: W or D, found out from the dates).")
]
QuantilesOption = Annotated[str, typer.Option(help="Probabilities of the quantiles, comma-separated.")]
ProtectionOption = Annotated[
    int | None,
    typer.Option(min=1, max=366, help="Periods of lead time and review (default: 3 weeks or 21 days)."),
]
PlanOption = Annotated[
    Path | None, typer.Option(help="Parquet or CSV with the future values of the x_* columns.")
]
PreviousOption = Annotated[
    Path | None,
    typer.Option(help="Earlier forecast.parquet; its methods are kept unless clearly beaten."),
]
PlotsOption = Annotated[bool, typer.Option("--plots", help="Draw a picture for each demand class.")]


def forecast(
    panel: PanelArgument,
    out: OutOption,
    horizon: HorizonOption = None,
    origin: OriginOption = None,
    frequency: FrequencyOption = None,
    quantiles: QuantilesOption = "0.5,0.8,0.95",
    protection: ProtectionOption = None,
    group: GroupOption = None,
    plan: PlanOption = None,
    country: CountryOption = None,
    region: RegionOption = None,
    previous: PreviousOption = None,
    *,
    plots: PlotsOption = False,
) -> None:
    """Forecast the demand of every article in every branch of a panel from anywhere.

    Writes forecast.parquet, protection.parquet, backtest.parquet and summary.json.
    """
    # The matrices are small: more threads wait for each other longer than they calculate. Read when numpy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from rich.console import Console

    from mercurios.forecasting.command import Request

    console = Console()
    with mistakes_named(panel):
        if plots:
            _check_plots()
        request = Request(
            panel=panel,
            out=out,
            horizon=horizon,
            protection=protection,
            quantiles=_probabilities(quantiles),
            origin=_day(origin),
            frequency=frequency_of(frequency),
            group=group,
            plan=plan,
            country=country,
            region=region,
            previous=previous,
            plots=plots,
        )
        summary = _run(console, request)
    _show(console, summary, out)


def _run(console: Console, request: Any) -> dict[str, Any]:
    from mercurios.forecasting.command import run_request

    with progress(console, "reading the panel", _STEPS) as done:
        return run_request(request, done)


def _show(console: Console, summary: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    tested, seconds = summary["backtest"], summary["seconds"]
    table = Table("method", "WAPE", "bias", title=f"Backtest, {tested['origins']} origins")
    rows = {"published": tested, **tested["by_method"]}
    for name, row in rows.items():
        table.add_row(name, _figure(row["wape"], "{:.4f}"), _figure(row["bias"], "{:+.3f}"))
    if tested["wape"] is not None:
        console.print(table)
    for note in summary["notes"]:
        console.print(f"note: {note}", highlight=False)
    classes = ", ".join(f"{count:,} {name}" for name, count in summary["classes"].items() if count)
    console.print(
        f"{summary['series']:,} series ({classes}), {summary['rows']:,} rows, {seconds['total']:.1f} s, "
        f"{summary['peak_memory_mib']:,} MiB: {out}",
        highlight=False,
    )


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _check_plots() -> None:
    """Ask for what draws pictures before anything is calculated; the product is deployed without it."""
    if find_spec("matplotlib") is None:
        raise ValueError(
            "--plots: matplotlib is not installed: install it (`pip install matplotlib`; requirements-dev.txt has the "
            "tested version), or leave --plots out"
        )


def _probabilities(text: str) -> tuple[float, ...]:
    try:
        found = sorted({float(part) for part in text.split(",") if part.strip()})
    except ValueError:
        found = []
    if not found or found[0] <= 0 or found[-1] >= 1:
        raise ValueError(f"--quantiles: '{text}' must be probabilities between 0 and 1, such as 0.5,0.8,0.95")
    return tuple(found)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ValueError(f"--origin: '{text}' is not a date such as 2026-01-31") from None
