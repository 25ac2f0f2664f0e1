"""How demand is spread over sizes, against a plain computation of the source's receipts."""

from __future__ import annotations

from collections import defaultdict

import pytest
from line_kinds import Row
from played import Played
from source_rows import by_number, day, goods_of, sold_key, year_of

pytestmark = [pytest.mark.dbt, pytest.mark.simulator, pytest.mark.slow]

PRIOR_UNITS = 20
Size = tuple[int, int]
"""Article and number of the size."""


def sizes_of(played: Played) -> dict[Size, Row]:
    """Return the sizes that an article has, in whichever branch."""
    return {(int(row["articleNumber"]), int(row["number"])): row for row in played.rows["articlesize"]}


def sold_by_size(played: Played) -> dict[Size, int]:
    """Return units of each size sold in the 52 complete weeks, all branches, at least 0."""
    first, after = year_of(played.today)
    found: dict[Size, int] = dict.fromkeys(sizes_of(played), 0)
    for line, _ in goods_of(played):
        article, size, _branch = sold_key(line)
        if first <= day(line["date"]) < after and (article, size) in found:
            found[article, size] += int(line["quantity"])
    return {key: max(units, 0) for key, units in found.items()}


def test_a_size_is_named_and_sold_as_the_source_says(played: Played) -> None:
    rows = played.query("select * from analytics.size_curve")
    sizes, sold = sizes_of(played), sold_by_size(played)

    found = {
        (row["article_number"], row["article_size_number"]): (row["size"], row["units_sold"]) for row in rows
    }
    assert {row["tenant_id"] for row in rows} == {"mini"}
    assert sum(sold.values()) > 1_000
    assert found == {key: (sizes[key]["size"], sold[key]) for key in sizes}


def test_a_sizes_share_is_its_own_sales_drawn_to_those_of_its_group(played: Played) -> None:
    sizes, sold = sizes_of(played), sold_by_size(played)
    category = {number: row["categoryNumber"] for number, row in by_number(played.rows["article"]).items()}

    def group(key: Size) -> tuple[int, int]:
        return category[key[0]], sizes[key]["sizeGroup"]

    pooled: dict[tuple[tuple[int, int], str], int] = defaultdict(int)
    of_article: dict[int, list[Size]] = defaultdict(list)
    for key in sizes:
        pooled[group(key), sizes[key]["size"]] += sold[key]
        of_article[key[0]].append(key)

    found = {
        (row["article_number"], row["article_size_number"]): row
        for row in played.query("select * from analytics.size_curve")
    }
    for article, keys in of_article.items():
        weights = {key: 1 + pooled[group(key), sizes[key]["size"]] for key in keys}
        own, total = sum(sold[key] for key in keys), sum(weights.values())
        for key in keys:
            curve = weights[key] / total
            share = (sold[key] + PRIOR_UNITS * curve) / (own + PRIOR_UNITS)
            assert found[key]["group_share"] == pytest.approx(curve, abs=1e-6), key
            assert found[key]["size_share"] == pytest.approx(share, abs=1e-6), key
        assert sum(found[key]["size_share"] for key in keys) == pytest.approx(1, abs=1e-5), article
