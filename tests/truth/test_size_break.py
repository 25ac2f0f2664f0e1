"""Size breaks, against a plain computation from the source's stock by size."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from played import Played
from source_rows import free_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

BROKEN_FROM = 0.3

Place = tuple[int, int]


def carried(played: Played) -> dict[Place, list[dict[str, Any]]]:
    """Return sizes that a branch has or had, with the source's free stock and the size's share of demand.

    Lives and size curves have truth tests of their own.
    """
    stock = free_of(played)
    shares = {
        (row["article_number"], row["article_size_number"]): row
        for row in played.query("select * from analytics.size_curve")
    }
    found = defaultdict(list)
    for life in played.query("select * from analytics.article_life where life_reason <> 'never here'"):
        article, size, branch = (
            life[key] for key in ("article_number", "article_size_number", "branch_number")
        )
        if (article, size) in shares:
            curve = shares[article, size]
            found[article, branch].append(
                {
                    "number": size,
                    "name": curve["size"],
                    "share": curve["size_share"],
                    "stock": stock.get((article, size, branch), 0),
                    "has_demand": life["has_demand"],
                }
            )
    return dict(found)


def test_a_size_break_is_the_demand_for_sizes_that_the_branch_has_no_more(played: Played) -> None:
    expected = {}
    for place, sizes in carried(played).items():
        on_offer = sum(max(size["stock"], 0) for size in sizes)
        if len(sizes) > 1 and on_offer > 0 and any(size["has_demand"] for size in sizes):
            missing = [size for size in sizes if size["stock"] <= 0]
            share = sum(size["share"] for size in missing) / sum(size["share"] for size in sizes)
            names = ", ".join(size["name"] for size in sorted(missing, key=lambda size: size["number"]))
            expected[place] = (
                len(sizes),
                len(missing),
                names or None,
                on_offer,
                pytest.approx(share, abs=1e-5),
            )

    rows = played.query("select * from analytics.size_break")
    assert {row["tenant_id"] for row in rows} <= {"mini"}

    played.shows(expected)
    played.shows(any(missing for _, missing, *_ in expected.values()))
    columns = ("sizes_carried", "sizes_missing", "missing_sizes", "free_stock", "share_missing")
    assert {
        (row["article_number"], row["branch_number"]): tuple(row[column] for column in columns)
        for row in rows
    } == expected
    assert all(row["is_broken"] == (row["share_missing"] >= BROKEN_FROM) for row in rows)


def test_what_is_on_order_is_taken_off_a_size_break(played: Played) -> None:
    on_order = {
        (row["article_number"], row["article_size_number"], row["branch_number"])
        for row in played.query("select * from analytics.inventory_position where on_order > 0")
    }
    sizes = carried(played)

    rows = played.query("select * from analytics.size_break")

    for row in rows:
        article, branch = row["article_number"], row["branch_number"]
        whole = sum(size["share"] for size in sizes[article, branch])
        without = sum(
            size["share"]
            for size in sizes[article, branch]
            if size["stock"] <= 0 and (article, size["number"], branch) not in on_order
        )
        assert row["share_missing_without_order"] == pytest.approx(without / whole, abs=1e-5)
