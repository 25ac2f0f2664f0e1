"""The range of the fashion retailer: categories, seasons, articles in size runs, and its stock rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from prohandel_simulator.rendering import Coded, uuids
from prohandel_simulator.worlds import calendar
from prohandel_simulator.worlds.model import MIGRATED, State, Table, days, fractions, rng_for

FIRST_ARTICLE = 100_020_001


class Category(NamedTuple):
    """A category: number, name, first price in cents, size group, yearly swing, day of its peak, share of articles."""

    number: int
    name: str
    price: int
    size_group: int
    swing: float
    peak: int
    share: float


SIZE_GROUPS: dict[int, list[str]] = {
    8: ["ONE"],
    140: ["34", "36", "38", "40", "42", "44", "46"],
    506: ["46", "48", "50", "52", "54", "56"],
    610: ["36", "37", "38", "39", "40", "41", "42"],
    750: ["XS", "S", "M", "L", "XL", "XXL"],
}
CATEGORIES = (
    Category(1210, "Damen Jacken", 12995, 140, 0.45, 300, 1.0),
    Category(1211, "Damen Mäntel", 19995, 140, 0.60, 315, 0.6),
    Category(1220, "Damen Blusen", 4995, 140, 0.15, 130, 1.2),
    Category(1221, "Damen Shirts", 2495, 750, 0.30, 170, 1.8),
    Category(1230, "Damen Hosen", 6995, 140, 0.10, 280, 1.4),
    Category(1240, "Damen Kleider", 7995, 140, 0.50, 160, 1.2),
    Category(1250, "Damen Strick", 5995, 750, 0.50, 320, 1.2),
    Category(1410, "Herren Jacken", 14995, 506, 0.45, 300, 0.7),
    Category(1420, "Herren Hemden", 4995, 750, 0.10, 140, 1.2),
    Category(1421, "Herren Shirts", 2495, 750, 0.30, 170, 1.2),
    Category(1430, "Herren Hosen", 7995, 506, 0.10, 280, 1.0),
    Category(1440, "Herren Sakkos", 17995, 506, 0.20, 120, 0.5),
    Category(1610, "Schuhe Damen", 8995, 610, 0.15, 270, 0.8),
    Category(1810, "Wäsche", 1995, 750, 0.05, 350, 1.2),
    Category(1820, "Strümpfe", 995, 8, 0.25, 340, 0.8),
    Category(2010, "Schals", 2995, 8, 0.80, 335, 0.4),
    Category(2020, "Taschen", 5995, 8, 0.10, 350, 0.4),
    Category(2030, "Bademode", 4495, 140, 0.90, 175, 0.4),
)
SERVICE_CATEGORY = (9910, "Service", True)
BASICS = {1221, 1230, 1420, 1421, 1430, 1810, 1820}
"""Categories whose articles may be basics that are never out of stock."""


@dataclass(frozen=True)
class Profile:
    """How big a fashion world is."""

    articles: int
    branches: tuple[tuple[int, str, str, bool, float], ...]
    weeks: int
    basics: float
    basic_units: float
    fashion_units: float
    customers: int
    staff: int
    suppliers: int


def season_of(day: int) -> tuple[int, str, int, int]:
    """Return number, name, first and last day of a day's season: spring from February, autumn from August."""
    moment = calendar.as_date(day)
    half, year = (1, moment.year) if 2 <= moment.month <= 7 else (2, moment.year - (moment.month == 1))
    begins = calendar.day_number(date(year, 2 if half == 1 else 8, 1))
    ends = calendar.day_number(date(year + (half == 2), 8 if half == 1 else 2, 1)) - 1
    name = f"{'Frühjahr/Sommer' if half == 1 else 'Herbst/Winter'} {year}"
    return year % 100 * 10 + half, name, begins, ends


def seasons_between(first: int, last: int) -> list[tuple[int, str, int, int]]:
    """Return the seasons that touch a span of days, oldest first."""
    found = []
    day = first
    while day <= last:
        found.append(season_of(day))
        day = found[-1][3] + 1
    return found


def articles(profile: Profile, seed: int, first_day: int, today: int) -> State:
    """Draw the articles: category, season, supplier, prices, life and base rate; one entry per article."""
    rng = rng_for(seed, "articles")
    count = profile.articles
    shares = np.array([category.share for category in CATEGORIES])
    category = rng.choice(len(CATEGORIES), size=count, p=shares / shares.sum())
    nos = np.zeros(count, dtype=bool)
    may = np.flatnonzero(np.isin([CATEGORIES[c].number for c in category], list(BASICS)))
    nos[may[: max(4, int(profile.basics * count))]] = True
    seasons = seasons_between(first_day, today + 100)
    season = rng.integers(0, len(seasons), count)
    begin = np.array([entry[2] for entry in seasons])[season] + 14 * rng.integers(0, 6, count) - 14
    start = np.where(nos, first_day, np.maximum(begin, first_day))
    late = nos & (rng.random(count) < 0.15)
    start[late] = first_day + rng.integers(100, max(101, (today - first_day) - 60), late.sum())
    price = np.array([c.price for c in CATEGORIES])[category] * np.exp(rng.normal(0, 0.3, count))
    price = (np.maximum(price, 500) // 500 * 500 + 495).astype(np.int64)
    units = np.where(nos, profile.basic_units, profile.fashion_units) * np.exp(rng.normal(-0.3, 0.75, count))
    return {
        "article_number": FIRST_ARTICLE + np.arange(count),
        "article_category": category,
        "article_season": np.where(nos, 0, np.array([entry[0] for entry in seasons])[season]),
        "article_nos": nos,
        "article_start": np.array([calendar.next_open(int(day)) for day in start]),
        "article_weeks": np.where(nos, 520, rng.integers(16, 27, count)).astype(np.float64),
        "article_price": price,
        "article_purchase": (price / 1.19 / rng.uniform(2.2, 2.9, count)).astype(np.int64),
        "article_rate": units,
        "article_trend": np.where(nos, rng.normal(0.0, 0.10, count), 0.0),
        "article_swing": np.array([c.swing for c in CATEGORIES])[category] * np.where(nos, 1.0, 0.4),
        "article_peak": np.array([c.peak for c in CATEGORIES])[category] + rng.integers(-15, 16, count),
        "article_supplier": 70_001
        + rng.integers(0, np.where(nos, max(2, profile.suppliers // 8), profile.suppliers)),
        "article_color": rng.integers(0, 1000, count),
        "article_lead": rng.integers(2, 5, count),
        "first_day": np.array([first_day]),
    }


def ean13(twelve: np.ndarray) -> np.ndarray:
    """Append the check digit of an EAN to twelve digits."""
    digits = twelve[:, None] // 10 ** np.arange(11, -1, -1) % 10
    check = (10 - (digits * np.tile([1, 3], 6)).sum(axis=1) % 10) % 10
    return np.asarray(twelve * 10 + check)


def _size_share(rng: np.random.Generator, count: int) -> np.ndarray:
    place = np.arange(count)
    bell = np.exp(-0.5 * ((place - (count - 1) / 2 + 0.3) / (0.28 * count + 0.3)) ** 2)
    shares = bell * np.exp(rng.normal(0, 0.15, count))
    return np.asarray(shares / shares.sum())


def _skus(groups: list[int], counts: np.ndarray, rng: np.random.Generator) -> State:
    """Number the sizes of articles whose size groups are given, and say which share of the demand each has."""
    share = np.concatenate([_size_share(rng, count) for count in counts])
    article = np.repeat(np.arange(len(groups)), counts)
    internal = rng.random(len(article)) < 0.07
    eans = ean13(290_000_000_000 + np.arange(len(article)) * 7 + 1000)
    return {
        "article": article,
        "share": share,
        "place": np.arange(len(article)) - (np.cumsum(counts) - counts)[article],
        "size": np.array([name for group in groups for name in SIZE_GROUPS[group]]),
        "number": np.where(internal, 900_000_001 + np.arange(len(article)), eans),
        "ean": np.where(internal, "", eans.astype("U13")),
    }


def stock_rows(profile: Profile, state: State, seed: int) -> State:
    """Lay out one row per article, branch and size, with its number, base rate and prices."""
    rng = rng_for(seed, "rows")
    groups = [CATEGORIES[c].size_group for c in state["article_category"]]
    counts = np.array([len(SIZE_GROUPS[group]) for group in groups])
    skus = _skus(groups, counts, rng)
    number_of_branches = len(profile.branches)
    sku = np.concatenate(
        [np.tile(np.flatnonzero(skus["article"] == a), number_of_branches) for a in range(len(groups))]
    )
    article = skus["article"][sku]
    first_of = np.concatenate([[0], np.cumsum(counts * number_of_branches)])[article]
    branch = (np.arange(len(sku)) - first_of) // counts[article]
    weight = np.array([entry[4] for entry in profile.branches])
    affinity = np.exp(rng.normal(0, 0.25, (len(CATEGORIES), number_of_branches))) * weight
    affinity /= affinity.sum(axis=1, keepdims=True)
    listed = (rng.random((len(groups), number_of_branches)) < np.minimum(1.0, 0.55 + 2.5 * weight))[
        article, branch
    ]
    rate = state["article_rate"][article] * skus["share"][sku]
    rate = rate * affinity[state["article_category"][article], branch]
    return {
        "row_article": article,
        "row_article_number": state["article_number"][article],
        "row_branch_slot": branch,
        "row_branch": np.array([entry[0] for entry in profile.branches])[branch],
        "row_size": skus["size"][sku],
        "row_size_group": np.array(groups)[article],
        "row_size_place": skus["place"][sku] + 1,
        "row_sku": skus["number"][sku],
        "row_ean": skus["ean"][sku],
        "row_supplier": state["article_supplier"][article],
        "row_purchase": state["article_purchase"][article],
        "row_first_price": state["article_price"][article],
        "row_base": rate * listed,
        "row_service": np.zeros(len(sku), dtype=bool),
        "branch_number": np.array([entry[0] for entry in profile.branches]),
        "branch_web": np.array([entry[3] for entry in profile.branches]),
    }


def article_table(state: State, seed: int, today: int) -> Table:
    """The `article` resource; it has no name, which is composed from category, supplier and supplier's number."""
    rng = rng_for(seed, "article rows")
    count = len(state["article_number"])
    price = state["article_price_now"]
    started = state["article_start"] < today
    old = rng.random(count) < 0.3
    begin = np.where(started, np.where(old, 7305, state["article_start"]), -1)
    age = np.minimum(today - 1, state["article_start"] + rng.integers(0, 120, count))
    stamp = np.where(started, age, today - 20) * 864_000_000_000 + rng.integers(0, 80_000, count) * 10_000_000
    last_sale = state["article_last_sale"]
    columns: dict[str, Any] = {
        "isActive": state["article_nos"] | (today - state["article_start"] < 300),
        "purchasePrice": state["article_purchase"],
        "firstPurchaseDate": days(begin),
        "lastPurchaseDate": days(np.where(started, state["article_start"], -1)),
        "manufacturerNumber": state["article_supplier"],
        "information": ["\r\n" if pick < 0.05 else "" for pick in rng.random(count)],
        "supplierArticleNumber": [
            f"{a % 9000 + 1000}-{b}"
            for a, b in zip(state["article_number"], state["article_color"], strict=True)
        ],
        "supplierColor": ["" if color % 3 else f"{color:03d}" for color in state["article_color"]],
        "isNOS": state["article_nos"],
        "number": state["article_number"],
        "price": price,
        "firstSaleDate": days(np.where(last_sale >= 0, begin, -1)),
        "lastSaleDate": days(last_sale),
        "labelPrice": price,
        "calculatedPrice": state["article_price"],
        "labelNumber": rng.integers(0, 3, count),
        "currencyNumber": "EUR",
        "countryNumber": "D",
        "supplierNumber": state["article_supplier"],
        "seasonNumber": state["article_season"],
        "categoryNumber": Coded(state["article_category"], [c.number for c in CATEGORIES]),
        "lastChange": stamp + fractions(rng, count),
    }
    return Table(columns, count)


def stock_table(state: State, seed: int, today: int, currency: str) -> Table:
    """The `articlesize` resource: the only place where stock is."""
    rng = rng_for(seed, "articlesize rows")
    count = len(state["row_stock"])
    changed = np.maximum(state["row_last_sale"], state["row_last_receipt"])
    stamp = np.where(
        changed >= 0, changed * 864_000_000_000 + rng.integers(28_800, 61_200, count) * 10_000_000, MIGRATED
    )
    columns: dict[str, Any] = {
        "articleNumber": state["row_article_number"],
        "branchNumber": state["row_branch"],
        "size": state["row_size"].tolist(),
        "sizeGroup": state["row_size_group"],
        "ean": state["row_ean"].tolist(),
        "purchasePrice": state["row_purchase"],
        "firstPurchaseDate": days(
            np.where(state["row_first_receipt"] % 3 == 0, 7305, state["row_first_receipt"])
        ),
        "lastPurchaseDate": days(state["row_last_receipt"]),
        "isNOS": state["row_nos"],
        "number": state["row_sku"],
        "salePrice": state["row_price"],
        "firstSaleDate": days(state["row_first_sale"]),
        "lastSaleDate": days(state["row_last_sale"]),
        "labelPrice": state["row_price"],
        "currencyNumber": currency,
        "lastChange": stamp + fractions(rng, count),
        "stockQuantity": state["row_stock"] * 100,
        "id": uuids(rng, count),
    }
    return Table(columns, count)
