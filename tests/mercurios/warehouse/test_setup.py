"""Set-up of a warehouse that an older release has written: nothing is lost, and a second time changes nothing."""

from __future__ import annotations

from retailer import Retailer

from mercurios.warehouse.setup import set_up

COUNTS = "select run_id, resource, deleted, held_for_review from ops.load_ledger order by run_id, resource"


def test_a_renamed_column_of_the_ledger_keeps_its_values(retailer: Retailer) -> None:
    retailer.run("r1", "article")
    retailer.query("update ops.load_ledger set held_for_review = 7")
    before = retailer.query(COUNTS)
    retailer.query("alter table ops.load_ledger rename column held_for_review to withheld")

    for _ in range(2):
        with retailer.engine() as engine:
            set_up(engine)

    assert retailer.query(COUNTS) == before
    assert {row["held_for_review"] for row in before} == {7}
    assert retailer.run("r2", "article")["article"].held_for_review == 0
