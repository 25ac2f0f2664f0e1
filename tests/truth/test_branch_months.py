"""A branch's months against the source's receipts: like-for-like, units per receipt, customers and staff."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from line_kinds import Row, money
from played import Played
from source_rows import day, goods_of, tills_name_staff

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

ZERO = Decimal(0)
Place = tuple[date, int]
"""First day of the month, branch."""


@dataclass
class Receipt:
    """What a receipt sold and took back, and who bought."""

    customer: int = 0
    is_staff: bool = False
    sold: Decimal = ZERO
    returned: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass
class Month:
    """The receipts of a branch in a month."""

    receipts: list[Receipt] = field(default_factory=list)
    days: set[date] = field(default_factory=set)

    @property
    def amount(self) -> Decimal:
        """Money of all receipts."""
        return sum((receipt.amount for receipt in self.receipts), ZERO)

    def of(self, buyers: list[Receipt]) -> tuple[int, Decimal]:
        """Return how many receipts with a sale are of these, and their money."""
        return len([each for each in buyers if each.sold]), sum((each.amount for each in buyers), ZERO)


def month_of(at: date) -> date:
    """Return the first day of a day's month."""
    return at.replace(day=1)


def year_before(month: date) -> date:
    """Return the same month of the year before."""
    return month.replace(year=month.year - 1)


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return month_of(month + timedelta(days=31))


def months_of(played: Played) -> dict[Place, Month]:
    """Return the receipts of goods, by month and branch."""
    receipts: dict[tuple[Place, date, int], Receipt] = defaultdict(Receipt)
    found: dict[Place, Month] = defaultdict(Month)
    for line, _ in goods_of(played):
        at = day(line["date"])
        place = month_of(at), line["branchNumber"]
        key = place, at, line["receiptNumber"]
        if key not in receipts:
            found[place].receipts.append(receipts[key])
        found[place].days.add(at)
        _add(receipts[key], line)
    return dict(found)


def _add(receipt: Receipt, line: Row) -> None:
    units = money(line["quantity"])
    receipt.customer = line["customerNumber"]
    receipt.is_staff = line["type"] in (2, 3)
    receipt.sold += max(units, ZERO)
    receipt.returned += max(-units, ZERO)
    receipt.amount += money(line["salePrice"])


def rows_of(played: Played) -> dict[Place, dict[str, Any]]:
    """Return the mart by month and branch."""
    rows = played.query("select * from analytics.branch_monthly")
    return {(row["month_start"], row["branch_number"]): row for row in rows}


def test_a_branchs_month_has_the_units_and_the_money_of_its_receipts(played: Played) -> None:
    names = {row["number"]: row["name1"] for row in played.rows["branch"]}
    rows, months, cent = rows_of(played), months_of(played), Decimal("0.01")

    assert rows.keys() == months.keys()
    for (at, branch), month in months.items():
        sold = sum((receipt.sold for receipt in month.receipts), ZERO)
        returned = sum((receipt.returned for receipt in month.receipts), ZERO)
        count, _ = month.of(month.receipts)
        row = rows[at, branch]
        assert row == row | {
            "tenant_id": "mini",
            "branch_name": names[branch],
            "is_month_over": next_month(at) <= played.today,
            "selling_days": len(month.days),
            "units": sold - returned,
            "gross_units": sold,
            "returned_units": returned,
            "revenue": month.amount,
            "receipts": count,
            "units_per_receipt": pytest.approx(float(sold / count), abs=1e-6),
            "revenue_per_receipt": (month.amount / count).quantize(cent, ROUND_HALF_UP),
        }


def test_a_branch_is_compared_where_it_traded_through_both_months(played: Played) -> None:
    """The mini world opened on the first day of its history, so only later months have one a year before."""
    rows, months = rows_of(played), months_of(played)
    compared = 0
    for (at, branch), month in months.items():
        before = months.get((year_before(at), branch))
        first = min(min(each.days) for (_, place), each in months.items() if place == branch)
        last = max(max(each.days) for (_, place), each in months.items() if place == branch)
        days = len(month.days), len(before.days) if before else 0
        reasons = {
            "month not over": next_month(at) > played.today,
            f"first sale on {first}": first > year_before(at) + timedelta(days=6),
            f"last sale on {last}": last < next_month(at) - timedelta(days=7),
            f"sold on {days[0]} days, on {days[1]} a year before": abs(days[0] - days[1]) > 6,
        }
        note = next((reason for reason, is_so in reasons.items() if is_so), None)
        row = rows[at, branch]
        assert row["like_for_like_note"] == note, (at, branch)
        assert row["revenue_last_year"] == (before.amount if before else None)
        if note is None:
            assert before is not None
            compared += 1
            assert row["like_for_like"] == pytest.approx(float(month.amount / before.amount) - 1, abs=1e-6)
        else:
            assert row["like_for_like"] is None
    played.shows(compared >= 3)


def test_a_customer_is_new_in_the_month_of_the_first_purchase_and_known_after(played: Played) -> None:
    rows, months = rows_of(played), months_of(played)
    begins = min(min(month.days) for month in months.values())
    first: dict[int, date] = {}
    for (at, _), month in sorted(months.items()):
        for receipt in month.receipts:
            if receipt.customer and not receipt.is_staff and receipt.sold:
                first.setdefault(receipt.customer, at)
    both_known = 0
    for (at, branch), month in months.items():
        row = rows[at, branch]
        named = [each for each in month.receipts if each.customer and not each.is_staff]
        new = [each for each in named if first.get(each.customer) == at]
        known = [each for each in named if first.get(each.customer) != at]
        expected = {
            "new_customers": len({each.customer for each in new}),
            "known_customers": len({each.customer for each in known}),
            "new_receipts": month.of(new)[0],
            "known_receipts": month.of(known)[0],
            "new_revenue": month.of(new)[1],
            "known_revenue": month.of(known)[1],
            "customer_note": None,
        }
        if at < begins + timedelta(days=364):
            expected = dict.fromkeys(expected) | {"customer_note": f"history begins on {begins}"}
        else:
            both_known += bool(new) and bool(known)
        assert {name: row[name] for name in expected} == expected, (at, branch)
    played.shows(both_known > 0)


def test_receipts_without_a_customer_and_of_staff_are_shares_of_all(played: Played) -> None:
    rows, names_staff = rows_of(played), tills_name_staff(played)
    staff_receipts = 0
    for place, month in months_of(played).items():
        staff = [each for each in month.receipts if each.is_staff]
        anonymous = [each for each in month.receipts if not each.customer and not each.is_staff]
        row, count = rows[place], month.of(month.receipts)[0]
        named = (row["staff_receipts"], row["staff_revenue"])
        assert named == (month.of(staff) if names_staff else (None, None))
        assert (row["anonymous_receipts"], row["anonymous_revenue"]) == month.of(anonymous)
        assert row["anonymous_share"] == pytest.approx(month.of(anonymous)[0] / count, abs=1e-6)
        part, whole = month.of(staff)[1], month.amount
        reasons = {
            "the source names no staff purchases": not names_staff,
            "more came back than was sold": whole < 0,
            "nothing was paid": whole == 0,
            "more staff purchases came back than were made, or goods than others bought": not 0
            <= part
            <= whole,
        }
        assert row["staff_note"] == next((why for why, holds in reasons.items() if holds), None)
        is_share = names_staff and whole > 0 and 0 <= part <= whole
        expected = pytest.approx(float(part / whole), abs=1e-6) if is_share else None
        assert row["staff_share"] == expected
        staff_receipts += len(staff)
    played.shows(staff_receipts > 10)
