"""Accuracy measures, each with its formula and source, so that a number in a report can be checked."""

from __future__ import annotations

import numpy as np

from mercurios.forecasting.arrays import F64


def wape(actual: F64, forecast: F64) -> float:
    """Weighted absolute percentage error: sum|y - f| / sum|y|; NaN when nothing was sold.

    Kolassa and Schuetz (2007), Advantages of the MAD/Mean ratio over the MAPE, Foresight 6, 40-43.
    """
    return _ratio(float(np.abs(actual - forecast).sum()), float(np.abs(actual).sum()))


def bias(actual: F64, forecast: F64) -> float:
    """Relative bias: sum(f - y) / sum|y|; positive when too much was forecast.

    Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., section 5.8 (scaled mean error).
    """
    return _ratio(float((forecast - actual).sum()), float(np.abs(actual).sum()))


def coverage(actual: F64, quantile: F64) -> float:
    """Share of weeks with y <= q; near the quantile's probability for a calibrated forecast.

    Gneiting, Balabdaoui and Raftery (2007), Probabilistic forecasts, calibration and sharpness, JRSS B 69(2), 243-268.
    """
    return float((actual <= quantile).mean()) if actual.size else float("nan")


def pinball(actual: F64, quantile: F64, probability: float) -> float:
    """Mean quantile loss: mean of max(p (y - q), (p - 1) (y - q)).

    Koenker and Bassett (1978), Regression quantiles, Econometrica 46(1), 33-50.
    """
    error = actual - quantile
    loss = np.maximum(probability * error, (probability - 1.0) * error)
    return float(loss.mean()) if loss.size else float("nan")


def weighted_quantile_loss(actual: F64, quantiles: F64, probabilities: tuple[float, ...]) -> float:
    """Mean over p of 2 sum(pinball_p) / sum|y|; `quantiles` has one more, last axis with an entry for each p.

    Salinas et al. (2020), DeepAR, Int. J. Forecasting 36(3), 1181-1191 (the rho-risk), averaged over the probabilities.
    """
    losses = [
        2.0 * pinball(actual, quantiles[..., at], p) * actual.size for at, p in enumerate(probabilities)
    ]
    return _ratio(float(np.mean(losses)), float(np.abs(actual).sum()))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else float("nan")
