"""A forecast in a sentence for a buyer: what usually sells, what these weeks add or take, how sure it is."""

from __future__ import annotations

from mercurios.forecasting.arrays import F64
from mercurios.forecasting.methods.additive import Parts
from mercurios.forecasting.methods.pool import METHODS

_NAMES = dict(
    zip(
        METHODS,
        (
            "trend and season",
            "recent sales with the group's season",
            "how often and how much it sold lately, with the group's season",
            "size and distance of its sales",
            "how often and how much it sold lately",
            "recent sales",
            "the mean of the last 13 weeks",
            "the same time last season",
            "recent sales with the season of the article itself",
        ),
        strict=True,
    )
)
_CAUSES = (
    ("trend", "the trend"),
    ("season", "the season"),
    ("holiday", "holidays"),
    ("regressor", "promotion or price"),
)
# A cause is named from this share of the usual level on.
_LEAST_SHARE = 0.05


def sentences(
    mean: F64, parts: Parts, upper: F64, probability: float, methods: list[str], period: str
) -> list[str]:
    """One sentence a forecast, series by series.

    Args:
        mean: Mean forecasts, series x horizon.
        parts: Parts that add up to them.
        upper: A high quantile.
        probability: Its probability.
        methods: Mixture of methods of each series.
        period: `week` or `day`.
    """
    causes = [getattr(parts, name).tolist() for name, _ in _CAUSES]
    descriptions = {name: _method(name) for name in set(methods)}
    found = []
    for row, (means, levels, uppers) in enumerate(
        zip(mean.tolist(), parts.level.tolist(), upper.tolist(), strict=True)
    ):
        ending = f"in {round(100 * probability)} of 100 such {period}s not more than "
        for step, value in enumerate(means):
            changes = [cause[row][step] for cause in causes]
            start = _sentence(value, levels[step], changes, period)
            found.append(f"{start}; {ending}{amount(uppers[step])}. Made from {descriptions[methods[row]]}.")
    return found


def amount(value: float) -> str:
    """A quantity with the digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}".removesuffix(".0")


def _sentence(mean: float, level: float, changes: list[float], period: str) -> str:
    least = max(_LEAST_SHARE * max(level, mean), 0.05)
    causes = [
        f"{name} {'adds' if change > 0 else 'takes'} {amount(abs(change))}"
        for change, (_, name) in zip(changes, _CAUSES, strict=True)
        if abs(change) >= least
    ]
    if mean < 0.05:
        return f"Hardly a sale is expected that {period}"
    usual = f"Sells about {amount(mean)} that {period}"
    if not causes:
        return f"{usual}, as usual"
    return f"{usual}: usually {amount(level)}, {_joined(causes)}"


def _method(name: str) -> str:
    known = [_NAMES[part] for part in name.split("+") if part in _NAMES]
    return "; ".join(known) if known else name


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
