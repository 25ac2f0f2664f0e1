"""What must hold for each mart: what its readers rely on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from mercurios.quality.baseline import volume_checks
from mercurios.quality.checks import Check, History, Reference, Severity, Suite
from mercurios.quality.expectations import (
    absent,
    at_least,
    columns_present,
    fact_at_most,
    in_set,
    key_checks,
    not_null,
    ordered,
)
from mercurios.warehouse.marts import declared


def mart_suite(table: str, tenant_id: str, history: History) -> Suite:
    """Return the suite of a mart.

    Raises:
        ValueError: no suite is written for this mart, so nothing would gate it.
    """
    promise = _MARTS.get(table)
    if promise is None:
        raise ValueError(f"analytics.{table} has no suite: add it to mercurios.quality.mart_suites")
    name = f"analytics.{table}"
    key = declared()[table].grain
    promised = promise.checks()
    read = [column for check in promised for column in check.columns]
    wanted = dict.fromkeys([*key, *read, *(reference.column for reference in promise.references)])
    checks = [
        columns_present(list(wanted)),
        *key_checks(key, tenant_id),
        *(volume_checks(name, history) if promise.is_kept_full else []),
        *promised,
        *(fact_at_most(reference.fact, 0, label=reference.column) for reference in promise.references),
    ]
    return Suite("analytics", table, key, tuple(checks), references=promise.references)


@dataclass(frozen=True)
class _Promise:
    """What readers rely on in one mart, besides the grain that its YAML declares.

    Attributes:
        is_kept_full: whether fewer rows than before are a bad sign.
    """

    checks: Callable[[], list[Check]]
    references: tuple[Reference, ...] = ()
    is_kept_full: bool = True


_TO_ARTICLE = Reference("article_number", "dim_article", "article_number")
_TO_BRANCH = Reference("branch_number", "dim_branch", "branch_number")
_PARTS = ("part_level", "part_trend", "part_season", "part_holiday", "part_regressor")
_QUANTILES = ("quantile_50", "quantile_80", "quantile_95")
# What inventory_issue may name. Stock and orders are computed in spite of each, so none stops a run.
ISSUES = (
    "article without master",
    "branch without master",
    "cancelled order",
    "closed branch",
    "inactive supplier",
    "keying error",
    "negative stock",
    "no forecast",
    "no lead time",
    "no margin",
    "no net purchase price",
    "no price basis",
    "no purchase price",
    "no rate of exchange",
    "no sizes",
    "no supplier",
    "order without article",
    "order without branch",
    "order without header",
    "overdue order",
    "sale after today",
    "sale without article",
    "sale without branch",
    "sale without cost",
    "sale without net purchase price",
    "sale without rate of exchange",
    "sale without tax rate",
    "stock of a service",
    "unclassified",
    "unconfirmed order",
    "unexplained stock",
    "unknown size",
    "unknown supplier",
    "write-off",
)

_MARTS: dict[str, _Promise] = {
    "dim_article": _Promise(lambda: [not_null("article_name")]),
    "dim_branch": _Promise(lambda: [not_null("branch_name")]),
    "dim_date": _Promise(lambda: [not_null("week_start"), at_least("iso_week", 1, 53)]),
    "fct_sales": _Promise(
        lambda: [not_null("revenue"), not_null("units"), not_null("sold_on")],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "fct_demand_weekly": _Promise(
        lambda: [
            not_null("units"),
            not_null("is_stock_out"),
            not_null("gross_units"),
            at_least("gross_units", 0),
            at_least("returned_units", 0),
        ],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "inventory_position": _Promise(
        lambda: [
            not_null("on_hand"),
            at_least("average_weekly_units", 0),
            at_least("days_of_supply_at_past_sales", 0),
            at_least("on_hand", 0, severity=Severity.WARNING),
            at_least("on_order", 0, severity=Severity.WARNING),
        ],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "inventory_issue": _Promise(
        lambda: [in_set("issue", ISSUES, Severity.WARNING), *(absent("issue", issue) for issue in ISSUES)],
        (_TO_ARTICLE,),
        is_kept_full=False,
    ),
    "forecast_accuracy": _Promise(
        lambda: [
            in_set("kind", ("backtest", "live")),
            *(at_least(column, 0) for column in ("actual", "wape", "wape_mean_13w", "ratio", "mase")),
            *(at_least(f"coverage_{percent}", 0, 1) for percent in (50, 80, 95)),
        ],
    ),
    "forecast_protection": _Promise(
        lambda: [at_least("periods", 1, 53), *_amounts()],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
    "forecast_weekly": _Promise(
        lambda: [
            not_null("method"),
            at_least("horizon", 1, 53),
            *(not_null(column) for column in _PARTS),
            *_amounts(),
        ],
        (_TO_ARTICLE, _TO_BRANCH),
    ),
}


def _amounts() -> list[Check]:
    """Mean and quantiles that are never negative, never NaN and never cross."""
    return [
        # A NaN is null in a frame, so both checks are needed.
        *(not_null(column) for column in ("mean", *_QUANTILES)),
        *(at_least(column, 0) for column in ("mean", *_QUANTILES)),
        *(ordered(low, high) for low, high in pairwise(_QUANTILES)),
    ]
