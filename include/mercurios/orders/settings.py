"""What a retailer decides about ordering, as its tenant file says it and as the models read it.

The models read one row per setting, so that a setting more needs no column more, and the most particular row wins:
article over supplier over class over the tenant's default over the default of the models (`dbt_project.yml`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mercurios.inputs.names import Number, Once

_DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt" / "dbt_project.yml"

# More than any buyer means; the product of a number of units and a price still fits every amount of the marts.
_MOST_UNITS, _MOST_VALUE = 1_000_000, 10**12

# Value class, or value class and variability class.
ClassKey = Annotated[str, StringConstraints(pattern=r"^[ABC][XYZ]?$")]


class PolicyRow(NamedTuple):
    """One setting; `scope_key` names the class, supplier or article, and is '' for the whole tenant."""

    scope: str
    scope_key: str
    setting: str
    value: float


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Policy(_Model):
    """How something is ordered; None leaves it to the next wider scope.

    Attributes:
        is_reordered: whether it is ordered again at all; left open, active articles never to be out of stock are.
        service_level: probability that stock lasts until the next order can arrive.
        lead_time_days: days from order to goods; left open, learned from the supplier's deliveries.
        review_days: days between two looks at the position.
        order_cycle_days: days of demand ordered beyond what is needed until the next review.
        pack_size: orders are multiples of this; left open, learned from past order lines.
        minimum_order_units: least units of an order line; left open, learned from past order lines.
        display_units: least stock of each size in a branch that carries the article, so that size runs stay whole.
        transfer_minimum: least units of an article, of all sizes together, that one branch sends to another; a single
            piece is not worth picking, packing and booking.
        customers_wait: whether customers wait for what is not there; left open, they leave, and what they miss before
            goods ordered today can come is not ordered.
        expedite_days: days of an empty shelf from which a supplier is asked to deliver an open order earlier.
        expedite_by_days: most days by which a supplier that is asked delivers an open order earlier; what then comes in
            time is not ordered again.
        action_units: least units that asking for an earlier, smaller or no delivery must save.
        action_value: least purchase value that a cancelled or smaller order or a markdown must save; less is listed
            last, and in a workbook only counted.
        order_line_value: least purchase value of an order line; less is listed last, and in a workbook only counted,
            while stock lasts until goods of the next review can come.
        holding_rate: what a year in stock costs, as a share of the purchase value.
        decide_units: units sold in 13 weeks from which a person decides about what sold out and is not reordered.
    """

    is_reordered: bool | None = None
    service_level: Annotated[float, Field(ge=0.5, le=0.999)] | None = None
    lead_time_days: Annotated[float, Field(ge=0, le=730)] | None = None
    review_days: Annotated[float, Field(ge=1, le=365)] | None = None
    order_cycle_days: Annotated[float, Field(ge=0, le=365)] | None = None
    pack_size: Annotated[int, Field(ge=1, le=_MOST_UNITS)] | None = None
    minimum_order_units: Annotated[int, Field(ge=0, le=_MOST_UNITS)] | None = None
    display_units: Annotated[int, Field(ge=0, le=_MOST_UNITS)] | None = None
    transfer_minimum: Annotated[int, Field(ge=1, le=_MOST_UNITS)] | None = None
    customers_wait: bool | None = None
    expedite_days: Annotated[int, Field(ge=1, le=365)] | None = None
    expedite_by_days: Annotated[int, Field(ge=0, le=365)] | None = None
    action_units: Annotated[int, Field(ge=1, le=_MOST_UNITS)] | None = None
    action_value: Annotated[float, Field(ge=0, le=_MOST_VALUE)] | None = None
    order_line_value: Annotated[float, Field(ge=0, le=_MOST_VALUE)] | None = None
    holding_rate: Annotated[float, Field(ge=0.01, le=1)] | None = None
    decide_units: Annotated[int, Field(ge=1, le=_MOST_UNITS)] | None = None


class SupplierPolicy(Policy):
    """Policy of a supplier, and the least value of an order to it.

    Attributes:
        minimum_order_value: least purchase value of all lines together that the supplier delivers.
    """

    minimum_order_value: Annotated[float, Field(ge=0, le=_MOST_VALUE)] | None = None


class Replenishment(_Model):
    """The section `replenishment` of a tenant file.

    Attributes:
        default: policy of everything.
        classes: policy by class, `A` or `AX`; the narrower class wins.
        suppliers: policy by supplier number.
        articles: policy by article number.
        budget: most that may be ordered at once, in the tenant's currency; None sets no limit.
    """

    default: Policy = Field(default_factory=Policy)
    classes: dict[ClassKey, Policy] = Field(default_factory=dict)
    suppliers: Annotated[dict[Number, SupplierPolicy], Once] = Field(default_factory=dict)
    articles: Annotated[dict[Number, Policy], Once] = Field(default_factory=dict)
    budget: Annotated[float, Field(ge=0, le=_MOST_VALUE)] | None = None

    def rows(self) -> list[PolicyRow]:
        """Return every setting the file makes."""
        rows = list(_settings("tenant", "", self.default))
        if self.budget is not None:
            rows.append(PolicyRow("tenant", "", "budget", float(self.budget)))
        for scope, policies in (
            ("class", self.classes),
            ("supplier", self.suppliers),
            ("article", self.articles),
        ):
            for key, policy in policies.items():
                rows += _settings(scope, str(key), policy)
        return rows


@cache
def model_default(setting: str) -> float:
    """Return what the models take for a setting that no policy makes: its variable in `dbt_project.yml`.

    Raises:
        KeyError: the models have no default of that name.
    """
    import yaml

    variables: dict[str, Any] = yaml.safe_load(_DBT_PROJECT.read_text(encoding="utf-8"))["vars"]
    return float(variables[f"default_{setting}"])


def _settings(scope: str, scope_key: str, policy: Policy) -> Iterator[PolicyRow]:
    for setting, value in policy.model_dump(exclude_none=True).items():
        yield PolicyRow(scope, scope_key, setting, float(value))
