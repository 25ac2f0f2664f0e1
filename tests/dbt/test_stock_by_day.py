"""The stock by day is made again only where its past changed, and is what a build of all of it makes."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.dbt

ONLY_MODELS = ("--exclude-resource-type", "test", "unit_test")
HISTORY = "select * from analytics.inventory_daily where tenant_id = '{tenant}' order by all"
DAY = date(2024, 1, 31)
# More days than are kept, so that whole histories fall out of the window.
LEAPS = (0, 1, 1, 1, 2, 9, 450)


def run_at(warehouse: Any, day: date) -> None:
    """Let a run of this business day have read the source."""
    warehouse.execute(
        "delete from ops.run where tenant_id = 'north'",
        f"insert into ops.run values ('north', 'r{day}', 'pipeline', 1, '{day} 07:00', '{day} 07:00', '{day}')",
    )


def build(warehouse: Any, *arguments: str) -> list[tuple[object, ...]]:
    """Build the stock by day and return it."""
    warehouse.build("north", "--select", *arguments, *ONLY_MODELS)
    return warehouse.rows(HISTORY.format(tenant="north"))


def change_something(warehouse: Any, chance: random.Random, day: date, number: int) -> None:
    """Change one thing of the source or of the mart, as days, buyers and accidents do."""
    article, branch = chance.choice((100, 200)), chance.choice((1, 2))
    late = str(day - timedelta(chance.choice((0, 0, 1, 20, 300))))
    line = {
        "id": f"{90 + number}.1",
        "date": late,
        "article_number": article,
        "article_size_number": 1001,
        "branch_number": branch,
        "receipt_number": 90 + number,
        "receipt_position": 1,
        "quantity": chance.choice((1, 2, -1)),
        "sale_price": 10,
    }
    theirs = f"tenant_id = 'north' and article_number = {article}"
    changes = {
        "sale": lambda: warehouse.insert("sale", "north", f"{day} 08:00:00", line),
        "moved": f"update raw.sale set date = date - interval 3 day, _loaded_at = '{day} 09:00' where {theirs}",
        "deleted": f"update raw.sale set _deleted_at = '{day}', _loaded_at = '{day} 09:00' "
        f"where {theirs} and quantity = 1",
        "counted": f"update raw.articlesize set stock_quantity = {chance.randrange(9)} where {theirs}",
        "price": f"update raw.article set purchase_price = {number} where tenant_id = 'north' and number = {article}",
        "size gone": f"delete from raw.articlesize where {theirs} and branch_number = {branch}",
        "day lost": f"delete from analytics.inventory_daily where {theirs} and date_day = '{day - timedelta(1)}'",
        "nothing": "select 1",
    }
    name = chance.choice([*changes])
    print(f"{day}: {name} of article {article} in branch {branch}, {late}")
    change = changes[name]
    if callable(change):
        change()
    else:
        warehouse.execute(change)


@pytest.mark.long
@pytest.mark.parametrize("round_number", range(2))
def test_after_any_changes_the_stock_by_day_is_that_of_a_whole_build(
    built: Any, tmp_path: Path, seed: int, round_number: int
) -> None:
    chance = random.Random(seed + round_number)
    partial, day = built.copy(tmp_path / "partial"), DAY

    for number in range(8):
        # Now and then a run of an older day comes last.
        day += timedelta(-2 if chance.random() < 0.1 else chance.choice(LEAPS))
        run_at(partial, day)
        for _ in range(chance.choice((0, 1, 3))):
            change_something(partial, chance, day, number)
        rows = build(partial, "+inventory_daily")
        whole = partial.copy(tmp_path / f"whole-{number}")

        assert rows == build(whole, "inventory_daily", "--full-refresh")
        assert rows
    assert partial.rows(HISTORY.format(tenant="south")) == built.rows(HISTORY.format(tenant="south"))


def test_where_nothing_changed_only_the_days_since_are_made(built: Any, tmp_path: Path) -> None:
    marked = built.copy(tmp_path / "marked")
    marked.execute(
        "update analytics.inventory_daily set closing_stock_value = 77 where date_day <= '2024-01-30'",
        "update raw.article set purchase_price = 3 where tenant_id = 'north' and number = 200",
    )
    run_at(marked, DAY + timedelta(2))

    build(marked, "+inventory_daily")

    marks = marked.rows(
        "select article_number, max(date_day), count(*) filter (closing_stock_value = 77) "
        "from analytics.inventory_daily where tenant_id = 'north' group by all order by all"
    )
    by_article = {article: (newest, count) for article, newest, count in marks}
    assert {newest for newest, _ in by_article.values()} == {DAY + timedelta(2)}
    assert by_article[100][1] > 20
    assert by_article[200][1] == 0


def test_days_that_were_deleted_in_the_mart_come_back(built: Any, tmp_path: Path) -> None:
    robbed = built.copy(tmp_path / "robbed")
    before = built.rows(HISTORY.format(tenant="north"))
    robbed.execute("delete from analytics.inventory_daily where date_day in ('2024-01-10', '2024-01-31')")

    assert build(robbed, "+inventory_daily") == before
