"""A stock ledger around real sales: goods that arrived in time for everything that was sold.

The source has no stock, so deliveries are derived with hindsight: every four weeks (staggered by supplier) enough
arrives for the demand until the next delivery plus a margin, in whole packs. Stock is therefore never below zero at
the end of a day. The last delivery looks less far, so that today some articles are about to run out.
"""

from __future__ import annotations

import numpy as np

from prohandel_simulator.worlds.giftware_source import Source
from prohandel_simulator.worlds.model import State, rng_for
from prohandel_simulator.worlds.orders import Positions

_PERIOD = 28
_LEAD = 21


def _net(source: Source, articles: int, first_day: int, last_day: int) -> np.ndarray:
    net = np.zeros((articles, last_day - first_day + 1), dtype=np.int64)
    np.add.at(net, (source.row, source.day - first_day), source.quantity)
    return net


def _packs(units: np.ndarray, pack: np.ndarray) -> np.ndarray:
    return np.asarray(-(-units // pack) * pack)


def _deliver(
    net: np.ndarray, rows: np.ndarray, phase: int, state: State, rng: np.random.Generator, first_day: int
) -> list[Positions]:
    pack = state["article_pack"][rows]
    stock = np.zeros(len(rows), dtype=np.int64)
    weekly = np.maximum(net[rows, -56:].sum(axis=1), 0) / 8.0
    parts = []
    total = net.shape[1]
    starts = [0, *range(phase or _PERIOD, total, _PERIOD)]
    for begin, end in zip(starts, [*starts[1:], total], strict=True):
        moves = net[rows, begin:end]
        need = np.maximum(moves.cumsum(axis=1).max(axis=1), 0)
        last = end == total
        margin = (
            weekly * rng.uniform(0.0, 5.0, len(rows)) if last else need * rng.uniform(0.05, 0.4, len(rows))
        )
        units = _packs(np.maximum(need + np.floor(margin).astype(np.int64) - stock, 0), pack)
        got = units > 0
        full = np.ones(int(got.sum()), dtype=np.int64)
        arrival = (first_day + begin) * full
        parts.append(Positions(rows[got], units[got], units[got], arrival - _LEAD, arrival))
        stock += units - moves.sum(axis=1)
    state["row_stock"][rows] = stock
    return parts


def _still_open(state: State, net: np.ndarray, rng: np.random.Generator, last_day: int) -> Positions:
    weekly = np.maximum(net[:, -56:].sum(axis=1), 0) / 8.0
    state["row_weekly"] = np.where(state["row_service"], 0.0, weekly)
    wanted = np.flatnonzero((state["row_weekly"] > 0.5) & (rng.random(len(weekly)) < 0.35))
    units = _packs(np.ceil(weekly[wanted] * 4).astype(np.int64), state["article_pack"][wanted])
    # Orders are per supplier, so ordering and arrival days are too.
    supplier = state["row_supplier"][wanted]
    created = last_day - 3 - supplier % 12
    arrival = last_day + 1 + supplier * 7 % 25
    return Positions(wanted, units, np.zeros_like(units), created, arrival)


def _extremes(source: Source, positions: Positions, state: State) -> None:
    count = len(state["row_article"])
    sold = source.quantity > 0
    for name, rows, when in (
        ("sale", source.row[sold], source.day[sold]),
        ("receipt", positions.row[positions.delivered > 0], positions.arrival[positions.delivered > 0]),
    ):
        last = np.full(count, -1, dtype=np.int64)
        np.maximum.at(last, rows, when)
        first = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(first, rows, when)
        state[f"row_last_{name}"], state[f"row_first_{name}"] = last, np.where(last < 0, -1, first)


def build(source: Source, state: State, seed: int, first_day: int, last_day: int) -> Positions:
    """Derive deliveries and open orders; fills the stock, demand and date arrays of the state."""
    rng = rng_for(seed, "stock")
    count = len(state["row_article"])
    net = _net(source, count, first_day, last_day)
    state["row_stock"] = np.zeros(count, dtype=np.int64)
    phase = state["row_supplier"] % 4 * 7
    parts: list[Positions] = []
    for value in (0, 7, 14, 21):
        rows = np.flatnonzero((phase == value) & ~state["row_service"])
        if len(rows):
            parts += _deliver(net, rows, value, state, rng, first_day)
    parts.append(_still_open(state, net, rng, last_day))
    positions = Positions.joined(parts)
    _extremes(source, positions, state)
    return positions
