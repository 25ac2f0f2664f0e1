"""What was published before: earlier forecasts, to be measured, and their methods, kept while they are good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mercurios.jobs.forecast_accuracy import Measurement
from mercurios.warehouse.counting import scalar
from mercurios.warehouse.engine import Engine
from mercurios.warehouse.sql import render

if TYPE_CHECKING:
    import pyarrow as pa

    from mercurios.forecasting import Panel
    from mercurios.forecasting.selection.monitor import Kept, Measured

# Weeks that are measured again each time: demand of the last weeks still changes with returns and late receipts.
MEASURED_WEEKS = 4
_QUANTILES = ("quantile_50", "quantile_80", "quantile_95")


@dataclass(frozen=True, slots=True)
class Earlier:
    """Earlier forecasts of a tenant.

    Attributes:
        kept: Those of the last closed weeks, one row a series, origin and week; None when nothing was published yet.
        methods: Method of every series in the latest of them.
    """

    kept: pa.Table | None
    methods: pa.Table | None

    def methods_of(self, panel: Panel) -> Any:
        """Methods of the latest forecast, series of the panel x methods; none for a series that had no forecast."""
        import numpy as np

        from mercurios.forecasting.methods.pool import METHODS
        from mercurios.forecasting.output.tables import methods_of

        chosen = np.zeros((panel.n_series, len(METHODS)), dtype=bool)
        if self.methods is not None and self.methods.num_rows:
            row = _rows(self.methods, panel)
            known = row >= 0
            chosen[row[known]] = methods_of(self.methods["method"].to_pylist())[known]
        return chosen

    def measured(self, panel: Panel) -> list[Measurement]:
        """What the kept forecasts were worth, by demand class; empty when there are none."""
        from mercurios.forecasting.selection.monitor import measure

        kept = self._kept(panel)
        return [] if kept is None else [_measurement(one) for one in measure(panel, kept)]

    def left_out(self, panel: Panel) -> dict[str, float | None]:
        """How much of the kept forecasts cannot be measured, by the names of the figures in `ops.model_monitor`."""
        from mercurios.forecasting.selection.monitor import left_out

        kept = self._kept(panel)
        if kept is None:
            return {}
        weeks, units = left_out(panel, kept)
        return {"live_left_out_weeks": weeks, "live_left_out_units": units}

    def _kept(self, panel: Panel) -> Kept | None:
        import numpy as np

        from mercurios.forecasting.selection.monitor import Kept

        if self.kept is None or not self.kept.num_rows:
            return None
        row = _rows(self.kept, panel)
        columns = {
            name: (self.kept[name].to_numpy().astype("datetime64[D]") - panel.week_starts[0]).astype(np.int64)
            // 7
            for name in ("origin_week", "week_start")
        }
        use = (row >= 0) & (columns["origin_week"] >= 0)
        quantiles = np.stack([self.kept[name].to_numpy() for name in _QUANTILES], axis=1)
        return Kept(
            row[use],
            columns["origin_week"][use],
            columns["week_start"][use],
            self.kept["mean"].to_numpy()[use],
            quantiles[use],
        )


def _measurement(one: Measured) -> Measurement:
    covered = dict(zip(_QUANTILES, one.coverage, strict=True))
    return Measurement(
        kind="live",
        demand_class=one.demand_class,
        actual=one.actual,
        wape=one.wape,
        wape_mean_13w=one.wape_mean_13w,
        ratio=one.ratio,
        mase=one.mase,
        bias=one.bias,
        tracking_signal=one.tracking_signal,
        **{name.replace("quantile", "coverage"): share for name, share in covered.items()},
    )


def read_earlier(engine: Engine, tenant_id: str, panel: Panel) -> Earlier:
    """Read what was published of earlier forecasts.

    Args:
        engine: the tenant's published marts; before the first forecast they have no such table.
        tenant_id: the tenant.
        panel: demand; its last week is the newest that may be measured.
    """
    table = {"table_name": "forecast_weekly"}
    if not scalar(engine, render(engine.dialect, "is_published"), table):
        return Earlier(None, None)
    last = panel.week_starts[-1].item()
    key = {"tenant_id": tenant_id, "last_week": last}
    after = {"after": last - timedelta(weeks=MEASURED_WEEKS)}
    return Earlier(
        engine.fetch_arrow(render(engine.dialect, "forecast_kept"), key | after),
        engine.fetch_arrow(render(engine.dialect, "forecast_methods"), key),
    )


def _rows(table: pa.Table, panel: Panel) -> Any:
    """Row of the panel of each row of a table, -1 where the panel has no such series."""
    import numpy as np

    order = np.lexsort((panel.branch_number, panel.article_number))
    keys = np.stack([panel.article_number, panel.branch_number])[:, order]
    # A warehouse may have whole numbers as decimals.
    pairs = np.stack([table[name].cast("int64").to_numpy() for name in ("article_number", "branch_number")])
    both = np.concatenate([keys, pairs], axis=1)
    unique, code = np.unique(both, axis=1, return_inverse=True)
    place = np.full(unique.shape[1], -1, dtype=np.int64)
    place[code[: order.size]] = order
    return place[code[order.size :]]
