"""Set-up of a warehouse that an older release has written: nothing is lost, and a second time changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from retailer import Retailer

from mercurios.warehouse.setup import public_holidays, set_up

COUNTS = "select run_id, resource, deleted, held_for_review, is_stable from ops.load_ledger order by run_id, resource"


def test_renamed_columns_of_the_ledger_keep_their_values(retailer: Retailer) -> None:
    retailer.run("r1", "article")
    retailer.query("update ops.load_ledger set held_for_review = 7, is_stable = false")
    before = retailer.query(COUNTS)
    retailer.query("alter table ops.load_ledger rename column held_for_review to withheld")
    retailer.query("alter table ops.load_ledger rename column is_stable to is_settled")

    for _ in range(2):
        with retailer.engine() as engine:
            set_up(engine)

    assert retailer.query(COUNTS) == before
    assert {(row["held_for_review"], row["is_stable"]) for row in before} == {(7, False)}
    assert retailer.run("r2", "article")["article"].held_for_review == 0


def test_a_column_that_an_older_release_added_again_is_no_obstacle(retailer: Retailer) -> None:
    retailer.run("r1", "article")
    retailer.query("update ops.load_ledger set held_for_review = 7")
    old_name = "withheld"
    retailer.query(f"alter table ops.load_ledger add column {old_name} bigint default 0")

    with retailer.engine() as engine:
        set_up(engine)

    assert {row["held_for_review"] for row in retailer.query(COUNTS)} == {7}


@pytest.mark.parametrize("machine", ["en_US", "de", "C"])
def test_a_holiday_is_named_in_its_countrys_language_on_any_machine(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setenv("LANGUAGE", machine)

    names = public_holidays(retailer.tenant, 2026)

    assert names[date(2026, 4, 3)] == "Karfreitag"
