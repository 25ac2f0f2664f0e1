"""Demand forecasting over arrays and tables: article x branch x week in, mean, quantiles and their parts out.

The package knows neither warehouse nor tenant. Names are resolved on first use, so that importing it costs
milliseconds; pandas and statsmodels load only when a calendar is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mercurios.forecasting.context import SharedContext
    from mercurios.forecasting.engine import ForecastResult, fit_shared, forecast
    from mercurios.forecasting.panel.panel import Panel, PanelError, shards
    from mercurios.forecasting.settings import ForecastSettings

_HOME = {
    "ForecastResult": "engine",
    "ForecastSettings": "settings",
    "Panel": "panel.panel",
    "PanelError": "panel.panel",
    "SharedContext": "context",
    "fit_shared": "engine",
    "forecast": "engine",
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
    "shards",
]


def __getattr__(name: str) -> Any:
    """Import the module that owns `name` when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'mercurios.forecasting' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"mercurios.forecasting.{_HOME[name]}"), name)
