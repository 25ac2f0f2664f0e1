"""Demand forecasting over arrays and tables: article x branch x week in, mean, quantiles and their parts out.

The package knows neither warehouse nor tenant. From the ground up, each part knowing only those before it:

- `arrays`, `settings`: array types, and the settings of a run.
- `panel`: the demand of many series on one calendar, read from a file or a table and checked once.
- `effects`: what moves demand apart from a series' level: calendar, seasonal factors, promotions, prices.
- `uncertainty`: quantiles of single periods and of their sums, the common error of all series included.
- `methods`: the additive model, smoothing, baselines and cold start, each for every series at once.
- `selection`: backtests, what shards share, which methods are published for a series, accuracy afterwards.
- `output`: the model that is kept, tables, files, explanations, plots, the summary.
- `engine`: `fit_shared` and `forecast`, the whole run over arrays.
- `command`: the run from file to files behind `python -m mercurios forecast`.

Names are resolved on first use, so that importing it costs milliseconds; pandas and statsmodels load only when a
calendar is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mercurios.forecasting.engine import fit_shared, forecast
    from mercurios.forecasting.output.result import ForecastResult
    from mercurios.forecasting.panel.demand import panel_of
    from mercurios.forecasting.panel.panel import Panel, PanelError, shards
    from mercurios.forecasting.selection.context import SharedContext
    from mercurios.forecasting.settings import ForecastSettings

_HOME = {
    "ForecastResult": "output.result",
    "ForecastSettings": "settings",
    "Panel": "panel.panel",
    "PanelError": "panel.panel",
    "SharedContext": "selection.context",
    "fit_shared": "engine",
    "forecast": "engine",
    "panel_of": "panel.demand",
    "shards": "panel.panel",
}

__all__ = [
    "ForecastResult",
    "ForecastSettings",
    "Panel",
    "PanelError",
    "SharedContext",
    "fit_shared",
    "forecast",
    "panel_of",
    "shards",
]


def __getattr__(name: str) -> Any:
    """Import the module that owns `name` when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'mercurios.forecasting' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"mercurios.forecasting.{_HOME[name]}"), name)
