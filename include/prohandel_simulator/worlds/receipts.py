"""Groups sold units into receipts and prices them, the way tills write them.

A receipt has one time, type, customer and payment option. Mis-keyed receipts are booked, taken back on the same
receipt (positions 500001 and up) and keyed again on the next one, so units and money stay right when they are summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prohandel_simulator.rendering import TICKS
from prohandel_simulator.schema import REVERSAL_OFFSET
from prohandel_simulator.worlds import calendar, demand
from prohandel_simulator.worlds.model import State, Table, fractions, rng_for

SALE, RETURN, STAFF_SALE, STAFF_RETURN = 0, 1, 2, 3
RETURN_PAYMENT = 99
_PAYMENTS = np.array([0, 1, 2, 3, 83, 85, 86, 88])
_PAYMENT_SHARE = np.array([0.05, 0.35, 0.05, 0.05, 0.25, 0.15, 0.05, 0.05])
_OPEN, _CLOSE = 36_000, 68_400


@dataclass
class Lines:
    """Receipt lines before numbering; `receipt` counts receipts in the order of their till."""

    day: np.ndarray
    row: np.ndarray
    sold_on: np.ndarray
    sign: np.ndarray
    receipt: np.ndarray
    place: np.ndarray

    def taken(self, order: np.ndarray) -> Lines:
        """Return the lines with these indices."""
        return Lines(*(getattr(self, name)[order] for name in self.__dataclass_fields__))


def _grouped(state: State, ledger: tuple[np.ndarray, ...], rng: np.random.Generator) -> Lines:
    day, row, units, sold_on = (np.repeat(column, np.abs(ledger[2])) for column in ledger)
    sign = np.sign(units)
    branch = state["row_branch_slot"][row]
    order = np.lexsort((rng.random(len(day)), sign, day, branch))
    day, row, sign, sold_on, branch = (column[order] for column in (day, row, sign, sold_on, branch))
    key = (day * 64 + branch) * 2 + (sign > 0)
    new = np.concatenate([[True], np.diff(key) != 0]) | (rng.random(len(day)) < np.where(sign > 0, 0.36, 0.6))
    receipt = np.cumsum(new) - 1
    place = np.arange(len(day)) - np.flatnonzero(new)[receipt] + 1
    return Lines(day, row, sold_on, sign, receipt * 2 + 1, place)


def _with_reversals(lines: Lines, rng: np.random.Generator) -> Lines:
    picked = rng.random(int(lines.receipt.max()) + 1) < 0.004
    chosen = np.flatnonzero(picked[lines.receipt] & (lines.sign > 0))
    wrong, taken_back = lines.taken(chosen), lines.taken(chosen)
    wrong.receipt, taken_back.receipt = wrong.receipt - 1, taken_back.receipt - 1
    taken_back.sign, taken_back.place = -taken_back.sign, taken_back.place + REVERSAL_OFFSET
    parts = (lines, wrong, taken_back)
    return Lines(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Lines.__dataclass_fields__)
    )


def _times(state: State, lines: Lines, rng: np.random.Generator) -> np.ndarray:
    share = _per_receipt(lines, rng.triangular(0.0, 0.6, 1.0, int(lines.receipt.max()) // 2 + 1))
    web = state["branch_web"][state["row_branch_slot"][lines.row]]
    shop = _OPEN + (share * (_CLOSE - _OPEN)).astype(np.int64)
    night = (share * 86_000).astype(np.int64)
    return np.asarray(np.where(web, night, shop))


def _till_numbers(state: State, lines: Lines, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    till = state["row_branch"][lines.row] * 10 + lines.receipt // 2 % 2 + 1
    order = np.lexsort((lines.receipt, time, lines.day, till))
    new = np.concatenate([[True], (np.diff(lines.receipt[order]) != 0) | (np.diff(till[order]) != 0)])
    running = np.cumsum(new)
    first = np.concatenate([[True], np.diff(till[order]) != 0])
    counter = running - np.maximum.accumulate(np.where(first, running, 0)) + 1
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = till[order] * 1_000_000 + counter
    return till, numbers


def _prices(state: State, lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    article = state["row_article"][lines.row]
    first = state["article_price"][article]
    share = np.zeros(len(first))
    for day in np.unique(lines.sold_on):
        picked = lines.sold_on == day
        off = demand.markdown(state, int(day)) + demand.promotion(state, int(day))
        share[picked] = off[article[picked]]
    return first, np.round(first * share / 5).astype(np.int64) * 5


def _per_receipt(lines: Lines, values: np.ndarray) -> np.ndarray:
    return np.asarray(values[lines.receipt // 2])


def _exceptions(
    lines: Lines, number: np.ndarray, price: np.ndarray, by_staff: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is deducted from each line, and which lines carry no label price."""
    some = np.where(rng.random(len(price)) < 0.03, price // 10, 0)
    deduction = np.where(by_staff, price // 4, some)
    unlabelled = rng.random(len(price)) < 0.015
    # A reversal must mirror its line, so what was drawn per line is copied from the line taken back.
    return _mirrored(lines, number, deduction), _mirrored(lines, number, unlabelled)


def _kinds(lines: Lines, receipts: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return which lines are of receipts of staff, and the kind of each line."""
    back = (lines.sign < 0) & (lines.place < REVERSAL_OFFSET)
    by_staff = _per_receipt(lines, rng.random(receipts) < 0.015)
    odd = _per_receipt(lines, rng.random(receipts) < 0.03)
    kind = np.where(by_staff, np.where(back, STAFF_RETURN, STAFF_SALE), np.where(back & ~odd, RETURN, SALE))
    return by_staff, kind


def sale_table(state: State, ledger: tuple[np.ndarray, ...], zone: str, seed: int) -> Table:
    """Build the `sale` resource from booked units."""
    rng = rng_for(seed, "receipts")
    lines = _with_reversals(_grouped(state, ledger, rng), rng)
    time = _times(state, lines, rng)
    till, number = _till_numbers(state, lines, time)
    label, markdown = _prices(state, lines)
    receipts = int(lines.receipt.max()) // 2 + 1
    by_staff, kind = _kinds(lines, receipts, rng)
    deduction, unlabelled = _exceptions(lines, number, label - markdown, by_staff, rng)
    paid = label - markdown - deduction
    known = _per_receipt(lines, rng.random(receipts) < 0.21)
    customer = _per_receipt(
        lines, state["customer_number"][rng.integers(0, len(state["customer_number"]), receipts)]
    )
    staff = _per_receipt(lines, state["staff_number"][rng.integers(0, len(state["staff_number"]), receipts)])
    payment = _per_receipt(lines, rng.choice(_PAYMENTS, receipts, p=_PAYMENT_SHARE))
    stamp = calendar.ticks_at(lines.day, time, zone) + rng.integers(20, 900, len(time)) * TICKS
    columns: dict[str, Any] = {
        "articleNumber": state["row_article_number"][lines.row],
        "branchNumber": state["row_branch"][lines.row],
        "articleSizeNumber": state["row_sku"][lines.row],
        "customerNumber": np.where(by_staff, staff, np.where(known, customer, 0)),
        "staffNumber": staff,
        "receiptNumber": number,
        "date": lines.day.astype("datetime64[D]"),
        "purchasePrice": state["row_purchase"][lines.row] * lines.sign,
        "cashierNumber": 997,
        "discount": np.where(unlabelled, 0, markdown * lines.sign),
        "cashRegisterNumber": till,
        "deduction": np.where(unlabelled, 0, deduction * lines.sign),
        "receiptPosition": lines.place,
        "quantity": lines.sign * 100,
        "salePrice": paid * lines.sign,
        "labelPrice": np.where(unlabelled, 0, label),
        "paymentOptionNumber": np.where((kind == RETURN) | (kind == STAFF_RETURN), RETURN_PAYMENT, payment),
        "time": time,
        "type": kind,
        "lastChange": stamp + fractions(rng, len(time)),
    }
    return Table(columns, len(time))


def _mirrored(lines: Lines, number: np.ndarray, values: np.ndarray) -> np.ndarray:
    key = number * REVERSAL_OFFSET + lines.place % REVERSAL_OFFSET
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    return np.asarray(values[first][back])
