"""The file of a backtest: what happened in every week."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from mercurios.policy_backtest.replay import DETAILS, Plan, Week
from mercurios.policy_backtest.sales_history import SalesHistory

if TYPE_CHECKING:
    import pyarrow as pa


class Writer:
    """Writes what happened in every week at the policy's own service levels, week by week.

    Args:
        out: folder, made when missing; nothing is written without.
        history: in whose words articles and branches are named.
        plan: what is replayed.
    """

    NAME = "weekly.parquet"

    def __init__(self, out: Path | None, history: SalesHistory, plan: Plan) -> None:
        import pyarrow as pa

        self._out = out
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        self._variants = [
            number for number, variant in enumerate(plan.variants) if variant.service_level is None
        ]
        self._rules = [plan.variants[number].rule for number in self._variants]
        self._history = history
        self._articles = history.articles.take(pa.array(plan.panel.article_number))
        self._branches = history.branches.take(pa.array(plan.panel.branch_number))
        self._writer: Any = None

    def add(self, week: Week) -> None:
        """Append a week."""
        import pyarrow.parquet as pq

        if self._out is None:
            return
        table = self._table(week.first(self._variants), week.measured)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._partial(self._out), table.schema, compression="zstd")
        self._writer.write_table(table)

    def _table(self, week: Week, measured: Any) -> pa.Table:
        import pyarrow as pa

        count, rules = len(self._articles), len(self._rules)
        day = self._history.label(week.number)
        columns: dict[str, Any] = {
            "rule": pa.array(np.repeat(np.array(self._rules), count)),
            "article": pa.concat_arrays([self._articles] * rules),
            "branch": pa.concat_arrays([self._branches] * rules),
            "week": pa.array(np.full(count * rules, day), pa.date32()),
            "is_measured": np.tile(measured, rules),
            "demand": np.tile(week.demand, rules),
        }
        columns |= {name: getattr(week, name).ravel() for name in DETAILS}
        columns["lost"] = columns["demand"] - columns["sold"]
        return pa.table(columns)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the file its name when it is whole."""
        if self._writer is None or self._out is None:
            return
        self._writer.close()
        if kind is None:
            os.replace(self._partial(self._out), self._out / self.NAME)
        else:
            self._partial(self._out).unlink()

    def _partial(self, out: Path) -> Path:
        return out / f"{self.NAME}.partial"
