"""Settings of a folder of exports that are well written and can never work are refused in the tenant file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from mercurios.sources.files.settings import Dataset, FilesSettings

COLUMNS = {"date": "day", "article": "sku", "quantity": "units", "amount": "paid"}


def dataset(**settings: Any) -> Dataset:
    return Dataset(**{"files": "sales-*.csv", "columns": COLUMNS, **settings})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("dates", "%m/%Y", "does not say day, month and year"),
        ("dates", "%d.%m.", "does not say day, month and year"),
        ("dates", "%Q", "does not say day, month and year"),
        ("encoding", "hex", "is not an encoding"),
        ("encoding", "rot13", "is not an encoding"),
        ("encoding", "undefined", "is not an encoding"),
        ("delimiter", '"', "separates no columns"),
        ("delimiter", "\n", "separates no columns"),
        ("delimiter", "a", "separates no columns"),
        ("files", "sales.xls", "has no ending that is read"),
        ("files", "sales.csv.gz", "has no ending that is read"),
        ("files", "../other/sales.csv", "leads out of the folder"),
        ("files", "/exports/sales.csv", "leads out of the folder"),
    ],
)
def test_a_setting_that_can_never_work_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        dataset(**{name: value})


@pytest.mark.parametrize(
    "settings",
    [
        {"dates": "%d.%m.%y"},
        {"dates": "%d. %B %Y"},
        {"dates": "%j/%Y"},
        {"encoding": "utf-16"},
        {"encoding": "cp037"},
        {"delimiter": "\t"},
        {"delimiter": "^"},
        {"files": "2025/**/sales*"},
        {"files": "SALES.CSV"},
    ],
)
def test_other_settings_are_taken(settings: dict[str, str]) -> None:
    assert dataset(**settings).model_dump().items() >= settings.items()


def test_a_business_day_that_is_still_to_come_is_refused() -> None:
    day = date.today() + timedelta(days=30)

    with pytest.raises(ValidationError, match="lies in the future"):
        FilesSettings(kind="files", folder="file:///exports", as_of=day, datasets={})
