"""What the amounts of a retailer's source hold: tax, which purchase price, and what other currencies are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from mercurios.inputs.names import Day, Number, Once
from mercurios.tenants.settings import Section, SettingRow

CostBasis = Literal["purchase_price", "net_purchase_price"]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _percent(rate: Decimal) -> Decimal:
    if 0 < rate < 1:
        raise ValueError(f"{rate} is less than one percent; expected percent such as 19, not a fraction")
    return rate


def _held(rate: Decimal) -> Decimal:
    # As the models hold it; less would be nothing without a word.
    if rate < Decimal("0.00000001"):
        raise ValueError(f"{rate} has more than eight decimals before its first digit")
    return rate


class _Rate(Section):
    model_config = ConfigDict(populate_by_name=True)

    from_: Day = Field(alias="from")
    rate: Decimal


class TaxRate(_Rate):
    """A rate of the tax, from a day until the next entry of its number.

    Attributes:
        from: first day.
        rate: percent, such as 19.
    """

    rate: Annotated[Decimal, Field(ge=0, lt=100), AfterValidator(_percent)]


class ExchangeRate(_Rate):
    """What a unit of another currency is worth, from a day until the next entry of its code.

    Attributes:
        from: first day.
        rate: amount in the tenant's currency.
    """

    rate: Annotated[Decimal, Field(gt=0, lt=10**10), AfterValidator(_held)]


_Entry = TypeVar("_Entry", bound=_Rate)


def _one_a_day(entries: list[_Entry]) -> list[_Entry]:
    days = [entry.from_ for entry in entries]
    for day in days:
        if days.count(day) > 1:
            raise ValueError(f"two rates from {day}; keep one")
    return sorted(entries, key=lambda entry: entry.from_)


TaxRates = Annotated[list[TaxRate], Field(min_length=1), AfterValidator(_one_a_day)]
ExchangeRates = Annotated[list[ExchangeRate], Field(min_length=1), AfterValidator(_one_a_day)]


class Prices(Section):
    """The section `prices` of a tenant file.

    Margin is revenue without tax less cost, in the tenant's currency. A tenant without this section has no margin.

    Attributes:
        include_tax: whether the amounts and prices of the source hold the tax that customers pay.
        tax_rates: rates by tax number of the article or its category.
        default_tax_number: tax number of goods for which the source gives none; None leaves them without a margin.
        cost: `purchase_price` as the till writes it, or `net_purchase_price`: the same less what the article's order
            lines and their orders' overall discounts took off it.
        exchange_rates: rates by currency code; the source's present rate counts where none is listed.
    """

    include_tax: bool
    tax_rates: Annotated[dict[Annotated[Number, Field(ge=1)], TaxRates], Once] = Field(default_factory=dict)
    default_tax_number: Annotated[int, Field(ge=1)] | None = None
    cost: CostBasis = "purchase_price"
    exchange_rates: dict[CurrencyCode, ExchangeRates] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_rates(self) -> Self:
        if self.include_tax and not self.tax_rates:
            raise ValueError(
                "prices that include the tax need 'tax_rates' by tax number, "
                "such as {1: [{from: 2021-01-01, rate: 19}]}"
            )
        if self.default_tax_number is not None and self.default_tax_number not in self.tax_rates:
            known = ", ".join(map(str, self.tax_rates)) or "none is listed"
            raise ValueError(
                f"'default_tax_number' {self.default_tax_number} has no rates; add it to 'tax_rates' ({known})"
            )
        return self

    def rows(self) -> list[SettingRow]:
        """Return every setting; a rate's setting is the day from which it holds."""
        tax, exchange = _dated("tax_rate", self.tax_rates), _dated("exchange_rate", self.exchange_rates)
        return [*self._basis(), *tax, *exchange]

    def _basis(self) -> Iterator[SettingRow]:
        yield SettingRow("prices", "", "include_tax", str(self.include_tax).lower())
        yield SettingRow("prices", "", "cost", self.cost)
        if self.default_tax_number is not None:
            yield SettingRow("prices", "", "default_tax_number", str(self.default_tax_number))


def _dated(
    scope: str, rates: Mapping[int, Sequence[_Rate]] | Mapping[str, Sequence[_Rate]]
) -> Iterator[SettingRow]:
    for key, entries in rates.items():
        for entry in entries:
            yield SettingRow(scope, str(key), entry.from_.isoformat(), str(entry.rate))
