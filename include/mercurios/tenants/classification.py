"""What a retailer's data cannot say of itself: which articles are no goods, and from where on a line is a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from mercurios.inputs.names import Label, Once
from mercurios.tenants.settings import Section, SettingRow

ArticleKind = Literal["merchandise", "service", "voucher", "consignment"]
# A number, or the name that the source gives: an article's code, a category's or a supplier's name.
Key = int | Label
Kinds = Annotated[dict[Key, ArticleKind], Once]


class KeyingErrors(Section):
    """From where on a receipt line of goods is a keying error; None finds none.

    Attributes:
        units: least units, of either sign, of a line that cannot be true.
        price_factor: how many times the label price of the article a unit must cost for the same.
    """

    units: Annotated[float, Field(gt=0)] | None = 10_000
    price_factor: Annotated[float, Field(gt=1)] | None = 100


class Classification(Section):
    """The section `classification` of a tenant file.

    An article is what the narrowest entry says: its own, its supplier's, its category's. Without one it is a service
    in a category that the source calls one, consignment where every order line of it is, and else merchandise.

    Attributes:
        articles: kind by article number or code.
        suppliers: kind by supplier number or name.
        categories: kind by category number or name.
        keying_errors: which lines of goods are keying errors.
    """

    articles: Kinds = Field(default_factory=dict)
    suppliers: Kinds = Field(default_factory=dict)
    categories: Kinds = Field(default_factory=dict)
    keying_errors: KeyingErrors = Field(default_factory=KeyingErrors)

    def rows(self) -> list[SettingRow]:
        """Return every setting, defaults included."""
        return [*self._kinds(), *self._limits()]

    def _kinds(self) -> Iterator[SettingRow]:
        scopes = {"article": self.articles, "supplier": self.suppliers, "category": self.categories}
        for scope, kinds in scopes.items():
            for key, kind in kinds.items():
                yield SettingRow(scope, str(key), "article_kind", kind)

    def _limits(self) -> Iterator[SettingRow]:
        for name, value in self.keying_errors.model_dump(exclude_none=True).items():
            yield SettingRow("tenant", "", f"keying_error_{name}", str(value))
