"""What a tenant file says of limits, as dbt reads it."""

from __future__ import annotations

from mercurios.tenants.limits import Limits
from mercurios.tenants.settings import SettingRow


def test_a_budget_is_a_row_by_season_category_and_first_day_of_its_month() -> None:
    budgets = [
        {"season": 261, "category": 1240, "month": "2026-03", "amount": 12000},
        {"season": 0, "category": 1420, "month": "2026-12", "amount": 99.5},
    ]

    rows = Limits.model_validate({"basis": "list_price", "budgets": budgets}).rows()

    assert rows == [
        SettingRow("limits", "", "basis", "list_price"),
        SettingRow("limit", "261/1240", "2026-03-01", "12000"),
        SettingRow("limit", "0/1420", "2026-12-01", "99.5"),
    ]
