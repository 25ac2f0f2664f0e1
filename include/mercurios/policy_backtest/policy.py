"""How a replay orders and what things cost: a YAML file in the words of a tenant file's `replenishment` section."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, ValidationError

from mercurios.inputs.keys import spelt_otherwise
from mercurios.inputs.names import Number, Once
from mercurios.inputs.problems import problems_of
from mercurios.inputs.text import shown
from mercurios.inputs.yaml_file import Document, Place, YamlError, read_yaml
from mercurios.orders.settings import (
    ClassKey,
    Policy,
    PolicyRow,
    Replenishment,
    SupplierPolicy,
    model_default,
)

WEEKS_A_YEAR = 52
_SECTION = "replenishment"

Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Money = Annotated[float, Field(ge=0, le=1e9)]


class PolicyError(ValueError):
    """A policy file that cannot be used; names the key and what is expected there."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Costs(_Model):
    """What is paid, unless the panel says otherwise for a series.

    Attributes:
        unit_cost: price of a unit.
        holding_cost: a unit left at the end of a week; left open, a quarter of its price a year.
        shortage_cost: a unit asked for and not in stock; left open, the price of a unit.
        order_cost: an order line.
    """

    unit_cost: Money = 1.0
    holding_cost: Money | None = None
    shortage_cost: Money | None = None
    order_cost: Money = 0.0


class BacktestPolicy(_Model):
    """The section `replenishment` of a tenant file, with the costs of the replay.

    Attributes:
        default: policy of everything.
        classes: policy by class, `A` or `AX`, of the history before the replay.
        suppliers: accepted, and without effect: a panel knows no suppliers.
        articles: policy by article, as the panel names it.
        budget: accepted, and without effect: what is needed is ordered.
        costs: what is paid.
    """

    default: Policy = Field(default_factory=Policy)
    classes: dict[ClassKey, Policy] = Field(default_factory=dict)
    suppliers: Annotated[dict[Number, SupplierPolicy], Once] = Field(default_factory=dict)
    articles: Annotated[dict[Key, Policy], Once] = Field(default_factory=dict)
    budget: Annotated[float, Field(ge=0)] | None = None
    costs: Costs = Field(default_factory=Costs)
    _file: tuple[Document, Place] | None = PrivateAttr(None)

    def rows(self, numbers: dict[str, int]) -> list[PolicyRow]:
        """Return every setting, as the models read it.

        Args:
            numbers: the number of each article of the panel.

        Raises:
            PolicyError: an article is not in the panel.
        """
        for article in self.articles:
            if article not in numbers:
                near = spelt_otherwise(article, numbers)
                it_has = f"; it has {shown(near)!r}" if near else ""
                raise PolicyError(f"{self._where(article)}the panel has no such article{it_has}")
        section = Replenishment(
            default=self.default.model_copy(update={"service_level": self.service_level()}),
            classes=self.classes,
            articles={numbers[article]: policy for article, policy in self.articles.items()},
        )
        return section.rows()

    def _where(self, article: str) -> str:
        key = f"key 'articles.{shown(article)}': "
        if self._file is None:
            return key
        document, section = self._file
        return f"line {document.line_of((*section, 'articles', article))}, {key}"

    def service_level(self) -> float | None:
        """Return what the file says, else what its costs make worth while, else None: the models' default.

        A unit too few costs its shortage, and a unit too many is in the way until what is ordered next has come. Where
        what is not in stock is lost, more than one review period has to bear it, or levels get too high (Janakiraman,
        Seshadri and Shanthikumar 2007, A comparison of the optimal costs of two canonical inventory systems).
        """
        known = self.costs.holding_cost, self.costs.shortage_cost
        if self.default.service_level is not None or None in known or not any(known):
            return self.default.service_level
        holding, shortage = (cost or 0.0 for cost in known)
        weeks = sum(_weeks(self._days(setting)) for setting in ("lead_time_days", "review_days"))
        return min(max(shortage / (shortage + holding * weeks), 0.5), 0.999)

    def _days(self, setting: str) -> float:
        days: float | None = getattr(self.default, setting)
        return model_default(setting) if days is None else days

    def notes(self) -> list[str]:
        """Return, in sentences, what of the file has no effect."""
        found = []
        if self.suppliers:
            found.append("the policy's suppliers have no effect: a panel knows no suppliers")
        if self.budget is not None:
            found.append("the policy's budget has no effect: what is needed is ordered")
        return found


def read_policy(path: Path | None) -> BacktestPolicy:
    """Read a policy; the defaults of the models when there is no file.

    Raises:
        PolicyError: the file cannot be used; names the key.
    """
    if path is None:
        return BacktestPolicy()
    try:
        document = read_yaml(path)
    except YamlError as error:
        raise PolicyError(f"{path.name}: {error}") from error
    content: Any = document.value or {}
    section: Place = ()
    if isinstance(content, dict) and _SECTION in content:
        costs = {"costs": content["costs"]} if "costs" in content else {}
        content, section = content[_SECTION] or {}, (_SECTION,)
        content = content | costs if isinstance(content, dict) else content
    if not isinstance(content, dict):
        raise PolicyError(f"{path.name}: expected settings such as 'default: {{service_level: 0.95}}'")

    def place_of(place: Place) -> Place:
        return place if place[:1] == ("costs",) else (*section, *place)

    try:
        policy = BacktestPolicy.model_validate(content)
    except ValidationError as error:
        raise PolicyError(
            f"{path.name}: " + "; ".join(problems_of(document, error, place_of=place_of))
        ) from error
    policy._file = document, section
    return policy


def _weeks(days: float) -> int:
    return int(-(-days // 7))
