"""Stocktakings and money documents: resources a reader must cope with although they say little about demand."""

from __future__ import annotations

from typing import Any

import numpy as np

from prohandel_simulator.worlds.model import DAY_TICKS, Table, days, fractions, rng_for


def _stamps(rng: np.random.Generator, day: np.ndarray) -> np.ndarray:
    count = len(day)
    return np.asarray(
        day * DAY_TICKS + rng.integers(30_000, 70_000, count) * 10_000_000 + fractions(rng, count)
    )


def inventories(seed: int, branches: np.ndarray, categories: np.ndarray, first_day: int, today: int) -> Table:
    """One header per branch, category and yearly stocktaking, in no visible order and without any quantity."""
    rng = rng_for(seed, "inventory")
    takings = np.arange(first_day + 20, today, 365)
    branch, category, day = (part.ravel() for part in np.meshgrid(branches, categories, takings))
    order = rng.permutation(len(day))
    branch, category, day = branch[order], category[order], day[order]
    columns: dict[str, Any] = {"branchNumber": branch, "categoryNumber": category, "date": days(day)}
    columns |= {
        "stocktakingDate": days(np.minimum(day + 3, today - 1)),
        "lastChange": _stamps(rng, np.minimum(day + 4, today - 1)),
    }
    return Table(columns, len(day))


def _common(sales: Table, rng: np.random.Generator, count: int, today: int) -> dict[str, Any]:
    picks = rng.integers(0, sales.count, count)
    customers = np.asarray(sales.columns["customerNumber"])[picks]
    day = np.asarray(sales.columns["date"])[picks].astype(np.int64)
    return {
        "branchNumber": np.broadcast_to(sales.columns["branchNumber"], sales.count)[picks],
        "customerNumber": np.where(customers > 999_999, customers, 0),
        "receiptNumber": np.asarray(sales.columns["receiptNumber"])[picks],
        "date": days(day),
        "lastChange": _stamps(rng, np.minimum(day, today - 1)),
    }


def money(seed: int, sales: Table, currency: str, count: int, today: int) -> dict[str, Table]:
    """Invoices, payments, credits and vouchers that hang on receipts of the sales table."""
    tables: dict[str, Table] = {}
    for resource in ("invoice", "payment", "credit", "voucher"):
        rng = rng_for(seed, resource)
        columns = _common(sales, rng, count, today) | {"currencyNumber": currency}
        amount = rng.integers(500, 40_000, count) // 5 * 5
        till = columns["receiptNumber"] // 1_000_000
        numbers = 400_001 + np.sort(rng.integers(0, count, count))
        if resource == "invoice":
            columns |= {
                "receiptPosition": rng.choice([300, 301, 9700], count),
                "staffNumber": 999,
                "number": numbers,
            }
            columns |= {"status": rng.choice([1, 100, 101], count), "amount": amount, "amountCleared": amount}
            columns |= {"cashRegisterNumber": till}
        elif resource == "payment":
            columns |= {
                "receiptPosition": 9700,
                "staffNumber": 999,
                "number": 1,
                "invoiceDate": columns["date"],
            }
            columns |= {"status": rng.choice([0, 100], count), "amount": amount * rng.choice([1, -1], count)}
            columns |= {"cashRegisterNumber": till}
        elif resource == "credit":
            columns |= {
                "receiptPosition": 9800,
                "number": numbers,
                "value": amount * rng.choice([1, 1, -1], count),
            }
            columns |= {"status": rng.choice([0, 1], count), "amountRedeemed": 0}
        else:
            columns |= _voucher(rng, columns, amount, numbers, today)
        tables[resource] = Table(columns, count)
    return tables


def _voucher(
    rng: np.random.Generator, common: dict[str, Any], amount: np.ndarray, numbers: np.ndarray, today: int
) -> dict[str, Any]:
    count = len(amount)
    redeemed = rng.random(count) < 0.6
    begin = common["date"].astype(np.int64)
    used = np.where(redeemed, np.minimum(begin + rng.integers(1, 200, count), today - 1), -1)
    return {
        "amountRedeemed": np.where(redeemed, amount, 0),
        "internetCode": [f"FAKE{pick:06d}" for pick in rng.integers(0, 10**6, count)],
        "receiptPosition": 1,
        "number": numbers,
        "status": redeemed.astype(np.int64),
        "voucherRedemptionDate": days(used),
        "validFrom": days(begin),
        "validUntil": days(begin + 1095),
        "value": amount,
        "note": "",
    }
