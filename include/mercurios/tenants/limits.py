"""The buying plan of a retailer: how much may be ordered of a season and category to come in a month (Limit)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mercurios.tenants.settings import Section, SettingRow

LimitBasis = Literal["cost", "list_price"]
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class Budget(Section):
    """What may be ordered of a season and category to come in a month.

    Attributes:
        season: number of the season; 0 for goods without one.
        category: number of the merchandise category.
        month: the month of delivery, such as 2026-03.
        amount: money, by the basis of the section.
    """

    season: Annotated[int, Field(ge=0)]
    category: Annotated[int, Field(ge=0)]
    month: Month
    amount: Annotated[Decimal, Field(ge=0, le=10**12)]

    @property
    def scope_key(self) -> str:
        """Season and category as dbt finds them."""
        return f"{self.season}/{self.category}"


class Limits(Section):
    """The section `limits` of a tenant file.

    Attributes:
        basis: `cost`, or `list_price`, the price before all reductions as the source has it.
        budgets: the plan; a season, category and month that it does not name has no limit.
    """

    basis: LimitBasis = "cost"
    budgets: Annotated[list[Budget], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        seen: set[tuple[str, str]] = set()
        for budget in self.budgets:
            key = (budget.scope_key, budget.month)
            if key in seen:
                raise ValueError(
                    f"two budgets of season {budget.season}, category {budget.category} in {budget.month}; keep one"
                )
            seen.add(key)
        return self

    def rows(self) -> list[SettingRow]:
        """Return every setting; a budget's is the first day of its month."""
        basis = SettingRow("limits", "", "basis", self.basis)
        return [basis, *(self._row(budget) for budget in self.budgets)]

    @staticmethod
    def _row(budget: Budget) -> SettingRow:
        return SettingRow("limit", budget.scope_key, f"{budget.month}-01", str(budget.amount))
