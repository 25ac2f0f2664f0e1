"""The German fashion retailer: `modehaus` at full size and `mini`, the same process in small for tests."""

from __future__ import annotations

import numpy as np

from prohandel_simulator.worlds import assortment, calendar, demand, documents, masters
from prohandel_simulator.worlds.assortment import Profile
from prohandel_simulator.worlds.model import State, Table, WorldData, rng_for
from prohandel_simulator.worlds.orders import Positions, order_table
from prohandel_simulator.worlds.receipts import sale_table
from prohandel_simulator.worlds.trading import Trading

ZONE = "Europe/Berlin"
PROFILES = {
    "modehaus": Profile(
        articles=2000,
        branches=(
            (1, "Modehaus Muster Augsburg", "Augsburg", False, 0.27),
            (2, "Modehaus Muster Ulm", "Neu-Ulm", False, 0.19),
            (3, "Modehaus Muster Kempten", "Kempten", False, 0.15),
            (4, "Modehaus Muster Landsberg", "Landsberg", False, 0.12),
            (5, "Modehaus Muster Füssen", "Füssen", False, 0.09),
            (6, "Webshop", "Augsburg", True, 0.18),
        ),
        weeks=156,
        basics=0.10,
        basic_units=1.1,
        fashion_units=1.0,
        customers=6000,
        staff=48,
        suppliers=80,
    ),
    "mini": Profile(
        articles=40,
        branches=(
            (1, "Mini Muster Mitte", "Musterstadt", False, 0.45),
            (2, "Mini Muster Nord", "Musterstadt", False, 0.30),
            (3, "Mini Webshop", "Musterstadt", True, 0.25),
        ),
        weeks=60,
        basics=0.35,
        basic_units=1.0,
        fashion_units=0.9,
        customers=120,
        staff=9,
        suppliers=6,
    ),
}


def _extremes(state: State, ledger: tuple[np.ndarray, ...], positions: Positions) -> None:
    count = len(state["row_base"])
    sold = ledger[2] > 0
    for name, rows, when in (
        ("sale", ledger[1][sold], ledger[0][sold]),
        ("receipt", positions.row[positions.delivered > 0], positions.arrival[positions.delivered > 0]),
    ):
        last = np.full(count, -1, dtype=np.int64)
        np.maximum.at(last, rows, when)
        first = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(first, rows, when)
        state[f"row_last_{name}"] = last
        state[f"row_first_{name}"] = np.where(last < 0, -1, first)


def _price_state(state: State, today: int) -> None:
    off = demand.markdown(state, today - 1)
    first = state["article_price"]
    state["article_price_now"] = first - np.round(first * off / 5).astype(np.int64) * 5
    state["row_price"] = state["article_price_now"][state["row_article"]]
    state["row_nos"] = state["article_nos"][state["row_article"]]
    last = np.full(len(first), -1, dtype=np.int64)
    np.maximum.at(last, state["row_article"], state["row_last_sale"])
    state["article_last_sale"] = last


def _people(profile: Profile, state: State, seed: int, today: int) -> dict[str, Table]:
    rng = rng_for(seed, "people")
    numbers = np.sort(rng.choice(9_000_000, profile.customers, replace=False)) + 1_000_000
    state["customer_number"] = numbers
    state["staff_number"] = np.arange(profile.staff) + 11
    home = rng.choice(state["branch_number"], profile.customers)
    where = state["branch_number"][np.arange(profile.staff) % len(state["branch_number"])]
    return {
        "customer": masters.customers(rng, numbers, "D", home, today),
        "staff": masters.staff(rng, state["staff_number"], where, today),
    }


def _masters(profile: Profile, state: State, seed: int, first_day: int, today: int) -> dict[str, Table]:
    rng = rng_for(seed, "masters")
    entries = assortment.seasons_between(first_day - 370, today + 100)
    seasons = masters.seasons(
        np.array([entry[0] for entry in entries]),
        [entry[1] for entry in entries],
        np.array([entry[2] for entry in entries]),
        np.array([entry[3] for entry in entries]),
    )
    names = [(category.number, category.name, False) for category in assortment.CATEGORIES]
    return {
        "branch": masters.branches([entry[:4] for entry in profile.branches], "D"),
        "category": masters.categories([*names, assortment.SERVICE_CATEGORY]),
        "supplier": masters.suppliers(rng, 70_001 + np.arange(profile.suppliers), "EUR"),
        "season": seasons,
        "size": masters.sizes(assortment.SIZE_GROUPS),
        "label": masters.labels(),
        "country": masters.countries(),
        "currency": masters.currencies("EUR"),
    }


def _till_state(state: State, sales: Table) -> None:
    tills, back = np.unique(sales.columns["cashRegisterNumber"], return_inverse=True)
    last = np.zeros(len(tills), dtype=np.int64)
    np.maximum.at(last, back, sales.columns["receiptNumber"])
    state["till_number"], state["till_last"] = tills, last


def generate(name: str, seed: int, today: int, instants_in: str = "UTC") -> WorldData:
    """Generate the world up to the evening before `today`."""
    profile = PROFILES[name]
    first_day = calendar.monday_of(today) - 7 * profile.weeks
    state = assortment.articles(profile, seed, first_day, today)
    state |= assortment.stock_rows(profile, state, seed)
    tables = _masters(profile, state, seed, first_day, today) | _people(profile, state, seed, today)
    trading = Trading(state, seed, first_day, today)
    trading.run()
    ledger, positions = trading.ledger.columns(), Positions.joined(trading.positions)
    state |= {"row_stock": trading.stock, "row_lost": trading.lost}
    _extremes(state, ledger, positions)
    _price_state(state, today)
    tables["sale"] = sale_table(state, ledger, ZONE, seed)
    tables["order"], opened = order_table(positions, state, ZONE, seed, instants_in)
    state |= opened
    _till_state(state, tables["sale"])
    tables["article"] = assortment.article_table(state, seed, today)
    tables["articlesize"] = assortment.stock_table(state, seed, today, "EUR")
    numbers = np.array([category.number for category in assortment.CATEGORIES])
    tables["inventory"] = documents.inventories(seed, state["branch_number"], numbers, first_day, today)
    tables |= documents.money(seed, tables["sale"], "EUR", max(40, profile.customers // 4), today)
    return WorldData(tables, state, ZONE, today)
