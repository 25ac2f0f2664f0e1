"""Runs under a contract that was wrong, for tests of what becomes of the rows that it refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from retailer import Retailer

from mercurios.sources.contract import ColumnType
from mercurios.sources.prohandel.resources import RESOURCES


@contextmanager
def yesterdays_contract(name: str, column: str, kind: ColumnType = ColumnType.BOOLEAN) -> Iterator[None]:
    """Read a resource with a contract that takes one column for something it is not."""
    today = RESOURCES[name]
    columns = tuple(replace(each, type=kind) if each.name == column else each for each in today.columns)
    strict = replace(today, columns=columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RESOURCES, name, strict)
        yield


def refused(retailer: Retailer, name: str, column: str, run_id: str = "r1") -> None:
    """Load a run whose contract refuses every row of a resource."""
    plan = retailer.begin(run_id)
    with yesterdays_contract(name, column):
        retailer.load(*retailer.extract(plan, name.partition(".")[0]))
