"""What Prophet and statsforecast need for the series of a file, and what they forecast.

It runs in the bench environment, which holds them and nothing of the product. Each series is given from its first
observed week on; masked weeks are left out for Prophet, which takes gaps, and closed up for statsforecast, which does
not. Prophet has its defaults without the seasons of day and week, and quantiles from its own simulation.

Run by forecast_comparison.py: .venv-bench/bin/python benchmarks/forecast_competitor.py PANEL.npz RESULT.npz
"""

from __future__ import annotations

import argparse
import json
import logging
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

PROBABILITIES = (0.5, 0.8, 0.95)
ALPHA = 0.1


def prophet(panel: Any, rows: Any, horizon: int) -> tuple[Any, Any, float]:
    """Fit and forecast series one by one; return means, quantiles and seconds."""
    import numpy as np
    import pandas as pd
    from prophet import Prophet

    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    logging.getLogger("prophet").setLevel(logging.ERROR)
    weeks = pd.to_datetime(panel["weeks"])
    future = pd.DataFrame({"ds": weeks[-1] + pd.to_timedelta(7 * np.arange(1, horizon + 1), unit="D")})
    means, quantiles = [], []
    begin = time.perf_counter()
    for row in rows:
        seen = panel["mask"][row]
        history = pd.DataFrame({"ds": weeks[seen], "y": panel["y"][row][seen]})
        model = Prophet(weekly_seasonality=False, daily_seasonality=False)
        model.fit(history)
        means.append(model.predict(future)["yhat"].to_numpy())
        draws = model.predictive_samples(future)["yhat"]
        quantiles.append(np.quantile(draws, PROBABILITIES, axis=1).T)
    seconds = time.perf_counter() - begin
    return np.maximum(np.stack(means), 0.0), np.maximum(np.stack(quantiles), 0.0), seconds


def smoothers(panel: Any, horizon: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Forecast all series with each smoother in one process; compiled before the clock."""
    import numpy as np
    import pandas as pd
    from statsforecast import StatsForecast
    from statsforecast.models import TSB, CrostonSBA, SimpleExponentialSmoothing

    series, _ = np.nonzero(panel["mask"])
    values = panel["y"][panel["mask"]]
    start = np.flatnonzero(np.diff(series, prepend=-1))
    position = np.arange(series.size) - np.repeat(start, np.diff(np.append(start, series.size)))
    frame = pd.DataFrame({"unique_id": series, "ds": position, "y": values})
    means, seconds = {}, {}
    models = {
        "sba": CrostonSBA(),
        "tsb": TSB(alpha_d=ALPHA, alpha_p=ALPHA),
        "ses": SimpleExponentialSmoothing(alpha=ALPHA),
    }
    for name, model in models.items():
        fitter = StatsForecast(models=[model], freq=1)
        fitter.forecast(df=frame[frame["unique_id"] < 5], h=horizon)
        begin = time.perf_counter()
        found = fitter.forecast(df=frame, h=horizon)
        seconds[name] = time.perf_counter() - begin
        means[name] = found.iloc[:, -1].to_numpy().reshape(-1, horizon)
    return means, seconds


def main() -> None:
    """Read a panel, write forecasts, print what they took."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("panel", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--horizon", type=int, required=True)
    parser.add_argument("--prophet", type=int, default=0, help="series for Prophet; none when 0")
    options = parser.parse_args()
    import numpy as np

    panel = dict(np.load(options.panel))
    said: dict[str, Any] = {name: version(name) for name in ("prophet", "statsforecast")}
    means, said["seconds"] = smoothers(panel, options.horizon)
    if options.prophet:
        rows = np.linspace(0, panel["y"].shape[0] - 1, options.prophet).astype(int)
        mean, quantiles, seconds = prophet(panel, rows, options.horizon)
        means |= {"prophet_rows": rows, "prophet": mean, "prophet_quantiles": quantiles}
        said["seconds"]["prophet"] = seconds
    np.savez(options.result, **means)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
