"""The files of a forecast in the words of the panel's file: its keys, its dates, its column names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.forecasting.arrays import F64, Bool, Days
from mercurios.forecasting.methods.additive import Parts
from mercurios.forecasting.methods.pool import METHODS
from mercurios.forecasting.output.explain import sentences
from mercurios.forecasting.output.result import ForecastResult
from mercurios.forecasting.output.tables import methods_of, quantile_name
from mercurios.forecasting.panel.classes import CLASS_NAMES
from mercurios.forecasting.panel.columns import as_keys, read_table
from mercurios.forecasting.panel.panel import PanelError
from mercurios.forecasting.panel.source import Source
from mercurios.forecasting.settings import ForecastSettings

if TYPE_CHECKING:
    import pyarrow as pa

_PARTS = ("level", "trend", "season", "holiday", "regressor")


@dataclass(frozen=True, slots=True)
class Example:
    """One series of a demand class, as a picture shows it.

    Attributes:
        title: Class, article and branch.
        explanation: Sentence of the period that sells most.
        past: First days of the periods of history.
        demand: Demand; NaN where it is masked.
        ahead: First days of the periods forecast.
        mean: Mean forecast.
        quantiles: Horizon x probability.
        probabilities: Their probabilities.
        parts: Parts of the mean.
        days: Days of a period.
    """

    demand_class: str
    title: str
    explanation: str
    past: Days
    demand: F64
    ahead: Days
    mean: F64
    quantiles: F64
    probabilities: tuple[float, ...]
    parts: dict[str, F64]
    days: int


class Writer:
    """Writes the tables of one shard after the other.

    Args:
        out: Folder; made when missing.
        source: The panel.
        settings: Settings of the run.
        horizon: Periods to write; the settings' may be longer for the sake of the protection period.
    """

    def __init__(self, out: Path, source: Source, settings: ForecastSettings, horizon: int) -> None:
        self.horizon = horizon
        self.rows = 0
        self.files: list[str] = []
        self.examples: dict[str, Example] = {}
        self._out, self._source, self._settings = out, source, settings
        self._open: dict[str, Any] = {}
        self._volume: dict[str, float] = {}

    def __enter__(self) -> Writer:
        self._out.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._open.values():
            writer.close()

    def add(self, result: ForecastResult) -> None:
        """Write the tables of one shard and remember an example of each class."""
        import pyarrow.compute as pc

        explanations = self._explanations(result)
        forecast = self._forecast(result.forecast).append_column("explanation", explanations)
        if self.horizon < self._settings.horizon:
            forecast = forecast.filter(pc.less_equal(forecast["horizon"], self.horizon))
        self.rows += forecast.num_rows
        self._write("forecast", forecast)
        protected = pc.equal(result.protection["periods"], self._settings.protected)
        self._write("protection", self._renamed(result.protection.filter(protected)))
        self._write("backtest", self._renamed(result.backtest))
        self._remember(result, explanations)

    def _explanations(self, result: ForecastResult) -> pa.Array:
        import pyarrow as pa

        found, model = result.prediction, result.model
        names = model.methods[model.method].tolist()
        period = self._source.panel.cadence.noun
        upper, probability = found.quantiles[:, :, -1], float(model.probabilities[-1])
        return pa.array(sentences(found.mean, found.parts, upper, probability, names, period), pa.string())

    def _forecast(self, table: pa.Table) -> pa.Table:
        return self._renamed(table.drop_columns(["origin_week"]))

    def _renamed(self, table: pa.Table) -> pa.Table:
        """Keys, dates and names of the panel's file."""
        import pyarrow as pa

        source, columns = self._source, {}
        quantiles = {quantile_name(p): f"q{p:g}" for p in self._settings.quantiles}
        names = {"origin_week": "origin", "week_start": source.time_column, **quantiles}
        for name in table.column_names:
            column = table.column(name)
            if name == "article_number":
                columns["article"] = source.articles.take(column.combine_chunks())
            elif name == "branch_number":
                columns["branch"] = source.branches.take(column.combine_chunks())
            elif pa.types.is_date(column.type):
                days = column.to_numpy().astype("datetime64[D]") + np.timedelta64(source.shift, "D")
                columns[names[name]] = pa.array(days, pa.date32())
            else:
                columns[names.get(name, name)] = column
        return pa.table(columns)

    def _write(self, name: str, table: pa.Table) -> None:
        import pyarrow.parquet as pq

        if name not in self._open:
            file = f"{name}.parquet"
            self._open[name] = pq.ParquetWriter(self._out / file, table.schema, compression="zstd")
            self.files.append(file)
        self._open[name].write_table(table)

    def _remember(self, result: ForecastResult, explanations: pa.Array) -> None:
        """Keep, for each class, the series of the shard that will sell most, if it sells more than the one before."""
        model, recent = result.model, result.prediction.mean.sum(axis=1)
        for code, name in enumerate(CLASS_NAMES):
            rows = np.flatnonzero(model.demand_class == code)
            if not rows.size:
                continue
            row = int(rows[np.argmax(recent[rows])])
            if recent[row] > self._volume.get(name, -1.0):
                self._volume[name] = float(recent[row])
                self.examples[name] = self._example(result, row, name, explanations)

    def _example(self, result: ForecastResult, row: int, name: str, explanations: pa.Array) -> Example:
        source, model, found = self._source, result.model, result.prediction
        panel = source.panel
        article, branch = int(model.article_number[row]), int(model.branch_number[row])
        row_of_panel = int(
            np.flatnonzero((panel.article_number == article) & (panel.branch_number == branch))[0]
        )
        past = panel.week_starts + np.timedelta64(source.shift, "D")
        shift = np.timedelta64(source.shift, "D")
        ahead = panel.cadence.starts(panel.week_starts[-1], self.horizon + 1)[1:] + shift
        best = int(np.argmax(found.mean[row, : self.horizon]))
        parts: Parts = found.parts
        return Example(
            demand_class=name,
            title=f"{name}: article {source.articles[article]}, branch {source.branches[branch]}",
            explanation=f"{ahead[best]}: {explanations[row * self._settings.horizon + best]}",
            past=past,
            demand=np.where(panel.mask[row_of_panel], panel.y[row_of_panel], np.nan),
            ahead=ahead,
            mean=found.mean[row, : self.horizon],
            quantiles=found.quantiles[row, : self.horizon],
            probabilities=self._settings.quantiles,
            parts={part: getattr(parts, part)[row, : self.horizon] for part in _PARTS},
            days=panel.cadence.days,
        )


def previous_methods(path: Path, source: Source) -> Bool:
    """Methods that an earlier forecast file gave each series of the panel, series x methods.

    Raises:
        PanelError: the file has no such column.
    """
    table = read_table(path)
    for name in ("article", "branch", "method"):
        if name not in table.column_names:
            raise PanelError(name, None, f"missing in {path.name}, which is to be an earlier forecast")
    code, names = as_keys(table, "method")
    known = methods_of([str(name) for name in names])
    chosen = np.zeros((source.panel.n_series, len(METHODS)), dtype=bool)
    series = source.series_of(table)
    inside = series >= 0
    chosen[series[inside]] = known[code[inside]]
    return chosen
