"""A forecast from file to files: read a panel, forecast it in shards, write tables and a summary."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mercurios.forecasting.arrays import I64, Bool
from mercurios.forecasting.engine import fit_shared, forecast
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.output.summary import Accuracy
from mercurios.forecasting.output.writer import Writer, previous_methods
from mercurios.forecasting.panel.cadence import WEEKLY, Cadence
from mercurios.forecasting.panel.classes import CLASS_NAMES
from mercurios.forecasting.panel.closing import closed_notes, find_closed
from mercurios.forecasting.panel.panel import Panel, shards
from mercurios.forecasting.panel.public_holidays import holidays_of
from mercurios.forecasting.panel.reader import read_source
from mercurios.forecasting.panel.source import Source
from mercurios.forecasting.selection.backtest import origins
from mercurios.forecasting.settings import ForecastSettings

# Periods that are forecast when nothing else is asked for.
_HORIZONS = {"W": 8, "D": 28, "M": 6}
_PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "statsmodels")


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for.

    Attributes:
        panel: Parquet or CSV file.
        out: Folder for what is written; made when missing.
        horizon: Periods to forecast; 8 weeks, 28 days or 6 months when omitted.
        protection: Periods of lead time and review; 3 weeks, 21 days or 1 month when omitted.
        quantiles: Probabilities, ascending.
        origin: Last day of the history; the latest row when omitted.
        frequency: `W`, `D` or `M`; `W` or `D` is found out when omitted.
        group: Column to pool by.
        plan: File with future regressors.
        country: Country of the public holidays; none when omitted.
        region: Region of the public holidays.
        previous: Forecast file whose methods are kept where no others are clearly better.
        plots: Whether to draw a picture for each demand class.
        shard_series: Series forecast at a time; bounds memory, never changes a number.
    """

    panel: Path
    out: Path
    horizon: int | None = None
    protection: int | None = None
    quantiles: tuple[float, ...] = (0.5, 0.8, 0.95)
    origin: date | None = None
    frequency: str | None = None
    group: str | None = None
    plan: Path | None = None
    country: str | None = None
    region: str | None = None
    previous: Path | None = None
    plots: bool = False
    shard_series: int = 10_000

    def published(self, cadence: Cadence) -> int:
        """Periods to write."""
        return self.horizon or _HORIZONS[cadence.name]

    def settings(self, cadence: Cadence) -> ForecastSettings:
        """Settings whose horizon covers the protection period too."""
        protection = self.protection or cadence.periods(3)
        horizon = max(self.published(cadence), protection)
        return ForecastSettings(horizon=horizon, protection=protection, quantiles=self.quantiles)


@dataclass(slots=True)
class _Clock:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - begin)

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 3)


def run_request(request: Request, progress: Callable[[str, int], None] | None = None) -> dict[str, Any]:
    """Forecast a file and write `forecast.parquet`, `protection.parquet`, `backtest.parquet` and `summary.json`.

    Args:
        request: What is asked for.
        progress: Called with the name of each step that was done, and how many there are.

    Returns:
        The summary.

    Raises:
        PanelError: the panel or the plan cannot be used; names column and row.
        ValueError: an option makes no sense.
    """
    clock, begin = _Clock(), time.perf_counter()
    # An option that makes no sense is reported before a large file is read.
    request.settings(WEEKLY)
    with clock.stage("read"):
        job = _read(request)
    steps, totals = _steps(job), _Totals()

    def done(name: str) -> None:
        if progress is not None:
            progress(name, steps)

    done("read")
    with Writer(request.out, job.source, job.settings, request.published(job.panel.cadence)) as writer:
        for result in _results(job, clock, done):
            for stage, seconds in result.summary["seconds"].items():
                clock.add(stage, seconds)
            with clock.stage("write"):
                writer.add(result)
            totals.add(result)
            done("forecast")
    if request.plots:
        from mercurios.forecasting.output.plots import draw_classes

        with clock.stage("plots"):
            writer.files += draw_classes(request.out, writer.examples)
        done("plots")
    clock.add("total", time.perf_counter() - begin)
    summary = _summary(job, totals, writer, clock)
    (request.out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


@dataclass(frozen=True, slots=True)
class _Job:
    """A request and what was read for it."""

    request: Request
    source: Source
    settings: ForecastSettings
    days: tuple[date, ...]
    previous: Bool | None

    @property
    def panel(self) -> Panel:
        return self.source.panel


@dataclass(slots=True)
class _Totals:
    """What the results of the shards add up to."""

    accuracy: list[Accuracy] = field(default_factory=list)
    classes: I64 = field(default_factory=lambda: np.zeros(len(CLASS_NAMES), dtype=np.int64))
    methods: dict[str, float] = field(default_factory=dict)
    coverage: dict[str, float | None] = field(default_factory=dict)

    def add(self, result: ForecastResult) -> None:
        self.accuracy.append(result.accuracy)
        self.classes += np.bincount(result.model.demand_class, minlength=len(CLASS_NAMES))
        for name, count in result.summary["methods"].items():
            self.methods[name] = round(self.methods.get(name, 0.0) + count, 2)
        # Of the whole panel, the same in every shard.
        self.coverage = result.summary["coverage"]


def _read(request: Request) -> _Job:
    source = read_source(
        request.panel,
        horizon=lambda cadence: request.settings(cadence).horizon,
        frequency=request.frequency,
        origin=request.origin,
        group=request.group,
        plan=request.plan,
    )
    settings = request.settings(source.panel.cadence)
    days = holidays_of(source.panel, settings.horizon, request.country, request.region)
    closed = find_closed(source.panel, settings.horizon, days)
    source.notes.extend(closed_notes(closed, source.panel, days))
    previous = None if request.previous is None else previous_methods(request.previous, source)
    return _Job(request, source, settings, days, previous)


def _summary(job: _Job, totals: _Totals, writer: Writer, clock: _Clock) -> dict[str, Any]:
    source, panel, settings = job.source, job.panel, job.settings
    return {
        "panel": job.request.panel.name,
        "series": panel.n_series,
        "rows": writer.rows,
        "periods": panel.n_weeks,
        "frequency": panel.cadence.name,
        "first": str(source.label(panel.week_starts[0])),
        "origin": str(source.label(panel.week_starts[-1])),
        "horizon": writer.horizon,
        "protection": settings.protected,
        "quantiles": list(settings.quantiles),
        "regressors": list(panel.x_names),
        "holidays": len(job.days),
        "outliers": source.outliers(),
        "masked": int((~panel.mask).sum()),
        "notes": source.notes,
        "classes": dict(zip(CLASS_NAMES, totals.classes.tolist(), strict=True)),
        "methods": totals.methods,
        "backtest": sum(totals.accuracy[1:], start=totals.accuracy[0]).measured(),
        "coverage": totals.coverage,
        "seconds": clock.seconds,
        "peak_memory_mib": _peak_mib(),
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in _PACKAGES}},
        "files": [*writer.files, "summary.json"],
    }


def _results(job: _Job, clock: _Clock, done: Callable[[str], None]) -> Iterator[ForecastResult]:
    """Forecast the panel at once, or shard by shard where it is large."""
    panel, days, settings, previous = job.panel, job.days, job.settings, job.previous
    if panel.n_series <= job.request.shard_series:
        yield forecast(panel, days, settings, previous=previous, progress=done)
        return
    panel = panel.planned(settings.horizon)
    with clock.stage("shared"):
        context = fit_shared(panel, days, settings, done)
    begin = 0
    for shard in shards(panel, job.request.shard_series):
        rows = slice(begin, begin + shard.n_series)
        begin += shard.n_series
        kept = None if previous is None else previous[rows]
        yield forecast(shard, days, settings, context, kept, done)


def _steps(job: _Job) -> int:
    """Steps of which the progress is shown: one for each origin's factors and each shard's backtests."""
    cuts = len(origins(job.panel.n_weeks, job.settings, job.panel.cadence))
    parts = -(-job.panel.n_series // job.request.shard_series)
    backtests = cuts if parts == 1 else cuts * (parts + 1)
    return 1 + (cuts + 1) + backtests + parts + int(job.request.plots)


def _peak_mib() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak / (2**20 if sys.platform == "darwin" else 2**10))
