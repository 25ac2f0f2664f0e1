"""Which regressors are prices, so that they count by their ratio to the series' usual one.

A discount of a fifth does to an article of ten euros what it does to one of a thousand; in euros the one is two and the
other two hundred. A column is a price if its name says so, or if all of it is positive and series vary by as much as
they are high: the logarithm of a price, a share of days or a temperature does not.
"""

from __future__ import annotations

import re

import numpy as np

from mercurios.forecasting.arrays import F64, Bool, masked_mean

_NAMED = re.compile(r"price|preis")
# What is called a logarithm, a change or a relation of prices is not one itself.
_DERIVED = re.compile(r"log|ln_|_ln|index|ratio|rel|diff|change|discount|rabatt|promo|flag|cut|delta")
_LEAST_SERIES = 20
_LEAST_SPREAD = 0.3
# Between 0, variation that does not depend on the level, and 1, variation in proportion to it.
_LEAST_SLOPE, _GREATEST_SLOPE = 0.7, 1.3


def named_price(name: str) -> bool:
    """Whether a column is called a price."""
    lower = name.lower()
    return bool(_NAMED.search(lower)) and not _DERIVED.search(lower)


def price_like(x: F64, mask: Bool, names: tuple[str, ...] = ()) -> Bool:
    """Mark the regressors that are prices.

    Args:
        x: Regressors, series x periods x regressors.
        mask: Observed periods.
        names: Names of the regressors; their values alone decide when omitted.
    """
    found = np.zeros(x.shape[2], dtype=bool)
    for column in range(x.shape[2]):
        values = x[:, :, column]
        named = bool(names) and named_price(names[column])
        found[column] = bool((values[mask] > 0).any()) if named else _varies_by_its_height(values, mask)
    return found


def _varies_by_its_height(values: F64, mask: Bool) -> bool:
    """Whether a regressor is positive and series that are higher vary by as much more."""
    if bool((values[mask] <= 0).any()):
        return False
    mean = masked_mean(values, mask)
    deviation = np.sqrt(masked_mean((values - mean[:, None]) ** 2, mask))
    varies = deviation > 1e-6 * mean
    if int(varies.sum()) < _LEAST_SERIES:
        return False
    height, width = np.log(mean[varies]), np.log(deviation[varies])
    spread = float(height.std())
    if spread < _LEAST_SPREAD:
        return False
    slope = float(((height - height.mean()) * (width - width.mean())).mean()) / spread**2
    return _LEAST_SLOPE <= slope <= _GREATEST_SLOPE
