"""A picture for each demand class: what sold, what is expected, how sure that is, and what it is made of."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.output.writer import Example

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HISTORY_DAYS = 2 * 364
_DAILY_HISTORY_DAYS = 120
_WORTH_DRAWING = 0.01
_INK, _DEMAND, _FORECAST = "#222222", "#6b7280", "#1d4ed8"
_COLORS = {
    "level": "#93c5fd",
    "trend": "#f59e0b",
    "season": "#10b981",
    "holiday": "#a855f7",
    "regressor": "#ef4444",
}
_NOUNS = {1: "day", 7: "week", 30: "month"}
_WORDS = {"level": "usual level", "regressor": "promotion, price"}


def draw_classes(out: Path, examples: dict[str, Example]) -> list[str]:
    """Draw the example of each class; return the names of the files."""
    files = []
    for name, example in examples.items():
        file = f"plot_{name}.png"
        _draw(out / file, example)
        files.append(file)
    return files


def _draw(path: Path, example: Example) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7.5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    _history(above, example)
    _parts(below, example)
    figure.suptitle(example.title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=_INK)
    figure.supxlabel(fill(example.explanation, 130), x=0.01, ha="left", fontsize=10, color=_INK)
    figure.savefig(path)


def _history(axes: Axes, example: Example) -> None:
    """History, stock-outs, mean and quantiles."""
    span = _HISTORY_DAYS if example.days > 1 else _DAILY_HISTORY_DAYS
    count = min(example.past.size, span // example.days)
    past, demand = example.past[-count:], example.demand[-count:]
    axes.plot(past, demand, color=_DEMAND, linewidth=1.2, marker=".", markersize=3, label="sold")
    step = np.timedelta64(example.days, "D")
    first_sale = int(np.argmax(~np.isnan(example.demand))) - (example.past.size - count)
    gaps = np.flatnonzero(np.isnan(demand) & (np.arange(count) > first_sale))
    for number, at in enumerate(gaps.tolist()):
        label = "not in stock" if number == 0 else None
        axes.axvspan(past[at] - step / 2, past[at] + step / 2, color="#fde68a", linewidth=0, label=label)
    lower = np.zeros(example.mean.size)
    shades = np.linspace(0.45, 0.12, len(example.probabilities))
    for column, (probability, shade) in enumerate(zip(example.probabilities, shades, strict=True)):
        upper = example.quantiles[:, column]
        label = f"up to here in {100 * probability:g} of 100 cases"
        axes.fill_between(
            example.ahead, lower, upper, color=_FORECAST, alpha=float(shade), linewidth=0, label=label
        )
        lower = upper
    axes.plot(
        example.ahead,
        example.mean,
        color=_FORECAST,
        linewidth=2.2,
        marker="o",
        markersize=4,
        label="expected",
    )
    axes.axvline(past[-1] + step / 2, color=_INK, linewidth=0.8, linestyle=":")
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"units a {_NOUNS[example.days]}")
    _legend(axes)
    _plain(axes)


def _parts(axes: Axes, example: Example) -> None:
    """Parts of the mean, those that add above zero and those that take below."""
    above, below = np.zeros(example.mean.size), np.zeros(example.mean.size)
    width = 0.7 * example.days
    for name, part in example.parts.items():
        if not np.abs(part).max(initial=0.0) > _WORTH_DRAWING * np.abs(example.mean).max(initial=0.0):
            continue
        base = np.where(part >= 0, above, below)
        axes.bar(
            example.ahead, part, width=width, bottom=base, color=_COLORS[name], label=_WORDS.get(name, name)
        )
        above, below = above + np.maximum(part, 0.0), below + np.minimum(part, 0.0)
    axes.plot(
        example.ahead,
        example.mean,
        color=_FORECAST,
        linewidth=1.8,
        marker="o",
        markersize=4,
        label="expected",
    )
    axes.axhline(0.0, color=_INK, linewidth=0.8)
    axes.set_ylabel("parts, units")
    _legend(axes)
    axes.set_xticks(
        example.ahead,
        [str(day)[5:] for day in example.ahead],
        fontsize=9,
        rotation=0 if example.mean.size <= 14 else 90,
    )
    _plain(axes)


def _legend(axes: Axes) -> None:
    """Put the legend above the axes, in one narrow line."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 0.98),
        ncols=7,
        fontsize=8.5,
        frameon=False,
        columnspacing=1.2,
        handlelength=1.5,
        handletextpad=0.5,
    )


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.7)
    axes.set_axisbelow(True)
