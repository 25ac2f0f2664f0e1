"""The test `key` finds a row that occurs twice and a key without a value, also where it counts days by the month."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

MART = "analytics.inventory_daily"
KEY = ("article_number", "branch_number", "date_day")


def _key_of_the_history(warehouse) -> str:
    """Return the status of the test of the key of `inventory_daily`."""
    warehouse.dbt("north", "test", "--select", "inventory_daily,test_name:key")
    results = json.loads((warehouse.target / "run_results.json").read_text())["results"]
    (status,) = [each["status"] for each in results if each["unique_id"].startswith("test.")]
    return status


def test_a_day_twice_or_a_key_without_a_value_fails_the_stock_history(changed, tmp_path):
    broken = changed.copy(tmp_path / "broken")
    row = f"select * from {MART} where tenant_id = 'north' order by all limit 1"
    broken.execute(*(f"alter table {MART} alter {column} drop not null" for column in KEY))
    statuses = [_key_of_the_history(broken)]

    for values in [
        "article_number as article_number",
        "null as article_number",
        "null as branch_number",
        "null as date_day",
    ]:
        broken.execute(
            f"create or replace table ops.kept as from {MART}",
            f"insert into {MART} by name select * replace ({values}) from ({row})",
        )
        statuses.append(_key_of_the_history(broken))
        broken.execute(f"delete from {MART}", f"insert into {MART} from ops.kept")

    assert statuses == ["pass", "fail", "fail", "fail", "fail"]
    assert _key_of_the_history(broken) == "pass"
