"""A regressor is found to be a price by its name, or by how it varies."""

from __future__ import annotations

import numpy as np
import pytest

from mercurios.forecasting.panel.prices import named_price, price_like


@pytest.mark.parametrize("name", ["x_price", "x_Sales_Price", "x_vkpreis", "x_preis"])
def test_a_column_called_a_price_is_one(name: str) -> None:
    assert named_price(name)


@pytest.mark.parametrize(
    "name", ["x_promo", "x_log_price", "x_price_index", "x_price_change", "x_rabattpreis_flag"]
)
def test_what_is_derived_from_a_price_is_not_one(name: str) -> None:
    assert not named_price(name)


def columns_of(height: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    cut = np.where(rng.random((height.size, 60)) < 0.2, 0.75, 1.0)
    return {
        "price": height[:, None] * cut,
        "logarithm": np.log(height)[:, None] + 9.0 + np.log(cut),
        "moved far": height[:, None] * cut + 1e4,
        "temperature": 12.0 + rng.normal(0, 2, cut.shape),
        "promotion": (cut < 1).astype(float),
    }


def test_values_alone_tell_a_price() -> None:
    found = columns_of(np.exp(np.random.default_rng(1).normal(2.0, 1.0, 40)))
    x = np.stack(list(found.values()), axis=2)

    marked = price_like(x, np.ones(x.shape[:2], dtype=bool))

    assert dict(zip(found, marked.tolist(), strict=True)) == {name: name == "price" for name in found}


def test_few_series_or_equal_heights_tell_nothing() -> None:
    few = columns_of(np.exp(np.random.default_rng(1).normal(2.0, 1.0, 19)))["price"]
    equal = columns_of(np.full(40, 8.0))["price"]

    for values in (few, equal):
        x = values[:, :, None]
        mask = np.ones(values.shape, dtype=bool)
        assert not price_like(x, mask)[0]
        assert price_like(x, mask, ("x_price",))[0]


def test_a_price_column_without_any_price_is_not_one() -> None:
    x = np.zeros((3, 20, 1))

    assert not price_like(x, np.ones((3, 20), dtype=bool), ("x_price",))[0]
