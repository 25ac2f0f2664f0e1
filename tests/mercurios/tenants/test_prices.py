"""What a tenant file says of prices, as dbt reads it."""

from __future__ import annotations

from typing import Any

from mercurios.tenants.prices import Prices
from mercurios.tenants.settings import SettingRow

GERMAN: dict[str, Any] = {
    "include_tax": True,
    "tax_rates": {
        1: [
            {"from": "2021-01-01", "rate": 19},
            {"from": "2007-01-01", "rate": 19},
            {"from": "2020-07-01", "rate": 16},
        ],
        2: [{"from": "2021-01-01", "rate": 5.5}],
    },
}


def test_a_rate_is_a_row_by_number_and_first_day_the_oldest_first() -> None:
    rows = Prices.model_validate(GERMAN).rows()

    assert [row for row in rows if row.scope == "tax_rate"] == [
        SettingRow("tax_rate", "1", "2007-01-01", "19"),
        SettingRow("tax_rate", "1", "2020-07-01", "16"),
        SettingRow("tax_rate", "1", "2021-01-01", "19"),
        SettingRow("tax_rate", "2", "2021-01-01", "5.5"),
    ]


def test_the_basis_says_what_was_declared_and_nothing_of_what_was_not() -> None:
    net = Prices.model_validate({"include_tax": False})
    gross = Prices.model_validate({**GERMAN, "default_tax_number": 2, "cost": "net_purchase_price"})

    assert net.rows() == [
        SettingRow("prices", "", "include_tax", "false"),
        SettingRow("prices", "", "cost", "purchase_price"),
    ]
    assert gross.rows()[:3] == [
        SettingRow("prices", "", "include_tax", "true"),
        SettingRow("prices", "", "cost", "net_purchase_price"),
        SettingRow("prices", "", "default_tax_number", "2"),
    ]


def test_a_rate_of_exchange_is_a_row_by_currency_and_first_day() -> None:
    rates = {"CHF": [{"from": "2025-01-01", "rate": 1.0512}]}
    rows = Prices.model_validate({"include_tax": False, "exchange_rates": rates}).rows()

    assert rows[2:] == [SettingRow("exchange_rate", "CHF", "2025-01-01", "1.0512")]


def test_a_rate_of_nothing_is_one_too() -> None:
    free = {"include_tax": True, "tax_rates": {1: [{"from": "2021-01-01", "rate": 0}]}}

    assert Prices.model_validate(free).rows()[2:] == [SettingRow("tax_rate", "1", "2021-01-01", "0")]
