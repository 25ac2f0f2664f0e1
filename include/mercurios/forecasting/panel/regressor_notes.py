"""What a person should know of the regressors that were given: which teach nothing, and what a plan asks for first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mercurios.forecasting.arrays import F64, Bool, masked_mean
from mercurios.forecasting.panel.panel import Panel

# Share of a regressor's variation that the others must leave unexplained.
_OWN_VARIANCE = 1e-4
_CONSTANT = 1e-9


def regressor_notes(panel: Panel) -> Iterator[str]:
    """Yield a sentence for each regressor without an effect of its own, and for what lies beyond the history."""
    x = panel.past_x
    if not panel.mask.any() or not x.shape[2]:
        return
    within = _within(x, panel.mask)
    varies = np.abs(within).max(axis=0) > _CONSTANT * np.maximum(np.abs(x[panel.mask]).max(axis=0), 1e-12)
    names = list(panel.x_names)
    for column in np.flatnonzero(~varies).tolist():
        yield f"{names[column]} never changes within a series of the history: it has no effect to learn"
    for column in _explained(within, varies):
        yield (
            f"{names[column]} follows from the regressors before it: what they do together is learned, not which of "
            "them does it"
        )
    yield from _beyond(panel, varies)


def _within(x: F64, mask: Bool) -> F64:
    """Differences from each series' mean in the observed periods, periods x regressors."""
    means = [masked_mean(np.ascontiguousarray(x[:, :, column]), mask) for column in range(x.shape[2])]
    return (x - np.stack(means, axis=1)[:, None])[mask]


def _explained(within: F64, varies: Bool) -> Iterator[int]:
    """Columns of which the ones before leave nothing unexplained."""
    columns = np.flatnonzero(varies).tolist()
    unit = within[:, columns] / np.sqrt((within[:, columns] ** 2).mean(axis=0))
    gram = unit.T @ unit / unit.shape[0]
    for at in range(1, len(columns)):
        before = gram[:at, :at]
        explained = gram[at, :at] @ np.linalg.lstsq(before, gram[:at, at], rcond=1e-9)[0]
        if 1.0 - explained < _OWN_VARIANCE:
            yield columns[at]


def _beyond(panel: Panel, varies: Bool) -> Iterator[str]:
    """Sentences about planned values that no series had in the history."""
    if panel.x is None:
        return
    planned = panel.x[:, panel.n_weeks :]
    for column, name in enumerate(panel.x_names):
        seen = panel.past_x[panel.mask][:, column]
        beyond = int(((planned[:, :, column] < seen.min()) | (planned[:, :, column] > seen.max())).sum())
        if not beyond:
            continue
        if varies[column]:
            yield (
                f"{name}: {beyond:,} planned values lie beyond those of the history and count as the nearest that "
                "was seen"
            )
        else:
            yield f"{name}: {beyond:,} planned values never happened before, so that they change no forecast"
