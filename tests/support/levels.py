"""The levels of a fashion buyer, read from the source's article masters: nothing here reads the product's SQL."""

from __future__ import annotations

from datetime import date
from typing import Any

from line_kinds import Row

TIERS = ((10, "budget"), (50, "economy"), (100, "standard"), (500, "premium"))


def tier_of(price: float) -> str:
    """Return the price tier of a label price."""
    if price <= 0:
        return "no price"
    return next((name for most, name in TIERS if price <= most), "luxury")


def levels_of(article: Row | None, at: date) -> tuple[Any, ...]:
    """Return the levels that an article's sales of a day are in: month, season, category, NOS and so on."""
    if article is None:
        return at.replace(day=1), 0, 0, False, 0, "no colour", "no price"
    return (
        at.replace(day=1),
        article["seasonNumber"],
        article["categoryNumber"],
        article["isNOS"],
        article["supplierNumber"],
        article["supplierColor"].strip() or "no colour",
        tier_of(article["labelPrice"]),
    )
