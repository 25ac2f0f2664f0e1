"""What the demo's summary says about orders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pyarrow as pa
from rich.console import Console

from mercurios_demo.report import print_actions


def proposals(count: int) -> pa.Table:
    """Return so many orders, the most urgent first, an action of another kind and one that is minor."""
    numbers = [*reversed(range(count)), count, count + 1]
    lines = len(numbers)
    return pa.table(
        {
            "action": ["order"] * count + ["expedite", "reduce"],
            "is_minor": [False] * (count + 1) + [True],
            "supplier_number": [n % 3 for n in numbers],
            "article_name": [f"Coat [{n}]" for n in numbers],
            "size": ["S"] * lines,
            "branch_name": ["Old Town"] * lines,
            "units": [float(n) for n in numbers],
            "currency": ["EUR"] * lines,
            "cost": [Decimal("30.00")] * lines,
            "due_on": [date(2026, 3, 31 - n // 2) for n in numbers],
            "is_late": [n == count - 1 for n in numbers],
            "margin_at_risk": [Decimal(n) for n in numbers],
            "confidence": ["high"] * lines,
            "reason": [f"Sells well, {n} a week." for n in numbers],
        }
    )


def summary(table: pa.Table) -> str:
    console = Console(file=StringIO(), width=200)
    print_actions(console, "modehaus", table, Path(".demo/data/published/modehaus.duckdb"))
    return console.file.getvalue()


def test_the_ten_most_urgent_orders_are_shown_with_money_and_reason():
    lines = summary(proposals(12)).splitlines()

    assert "12 proposed orders to 3 suppliers for 360.00 EUR" in lines[0]
    assert lines[1] == (
        "  1. Order by 2026-03-26, late: 11 x Coat [11] S, Old Town: cost 30.00 EUR, margin at risk 11.00"
    )
    assert lines[2].rstrip() == "     Sells well, 11 a week. Confidence high."
    assert [line.split("[")[1].split("]")[0] for line in lines if "Order by" in line] == [
        str(n) for n in range(11, 1, -1)
    ]
    assert lines[-2] == "  beside orders: 1 expedite; 1 more are not worth the work yet"
    assert lines[-1].endswith(
        "propose --tenant modehaus --warehouse .demo/data/published/modehaus.duckdb --out orders.xlsx"
    )


def test_a_retailer_that_needs_nothing_gets_a_report_that_says_so():
    assert "0 proposed orders" in summary(proposals(0))


def test_a_margin_that_is_not_known_is_called_so():
    table = proposals(1)
    at = table.column_names.index("margin_at_risk")

    unknown = pa.array([None] * table.num_rows, pa.decimal128(18, 2))

    lines = summary(table.set_column(at, "margin_at_risk", unknown))

    assert "cost 30.00 EUR, margin at risk unknown" in lines


def test_a_cost_that_is_not_known_is_called_so_and_the_sum_without_it_at_least():
    table = proposals(2)
    at = table.column_names.index("cost")
    costs = pa.array([None, Decimal("30.00"), None, None], pa.decimal128(18, 2))

    lines = summary(table.set_column(at, "cost", costs))

    assert "2 proposed orders to 2 suppliers for at least 30.00 EUR (1 without a purchase price)" in lines
    assert "cost unknown, margin at risk 1.00" in lines
