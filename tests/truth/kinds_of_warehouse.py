"""Units, amounts and costs of a warehouse, such as the demo's, by kind: of its source and of its marts.

    PYTHONPATH=include:tests/support python tests/truth/kinds_of_warehouse.py .demo/data/warehouse/giftware.duckdb

The source's rows are read as they are, without the product's SQL, and added up in plain Python. It ends with an error
where a figure differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from line_kinds import GOODS, Shop, Sums, added_up, classified

SALES = (
    "select branch_number, article_number, article_size_number, receipt_number, receipt_position, date, quantity, "
    "sale_price, purchase_price, type from raw.sale where not is_deleted and _deleted_at is null"
)
NAMES = (
    *(
        "branchNumber",
        "articleNumber",
        "articleSizeNumber",
        "receiptNumber",
        "receiptPosition",
        "date",
        "quantity",
    ),
    *("salePrice", "purchasePrice", "type"),
)
MARTS = (
    "select line_kind, sum(line_count)::bigint, sum(units), sum(amount), coalesce(sum(cost), 0) "
    "from analytics.sales_by_kind group by line_kind",
    *(
        f"select {key}, count(*), sum(units), sum(revenue), sum(coalesce(cost, 0)) from analytics.fct_sales "
        f"where {key} is not null group by 1"
        for key in ("article_number", "sold_on::varchar")
    ),
)


def shop_of(warehouse: duckdb.DuckDBPyConnection) -> Shop:
    """Return what the warehouse's RAW tables and its tenant file say of articles."""
    articles = {
        number: {"categoryNumber": category, "labelPrice": price, "code": code}
        for number, category, price, code in warehouse.execute(
            "select number, category_number, label_price, supplier_article_number from raw.article"
        ).fetchall()
    }
    services = "select number from raw.category where is_service_category"
    vouchers = "select scope_key from raw.tenant_setting where scope = 'article' and value = 'voucher'"
    named = {key for (key,) in warehouse.execute(vouchers).fetchall()}
    return Shop(
        articles,
        {number for (number,) in warehouse.execute(services).fetchall()},
        vouchers={
            number for number, article in articles.items() if named & {str(number), str(article["code"])}
        },
    )


def differences(warehouse: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield every figure of a mart that is not the source's."""
    lines = [dict(zip(NAMES, row, strict=True)) for row in warehouse.execute(SALES).fetchall()]
    kinds = list(classified(lines, shop_of(warehouse)))
    truths = [
        added_up(kinds, lambda _, kind: kind),
        added_up(kinds, lambda line, kind: line["articleNumber"] if kind in GOODS else None),
        added_up(kinds, lambda line, kind: f"{line['date']}" if kind in GOODS else None),
    ]
    _show(truths[0])
    for query, sums in zip(MARTS, truths, strict=True):
        found = {row[0]: tuple(row[1:]) for row in warehouse.execute(query).fetchall()}
        for key in sorted(found.keys() | sums.lines.keys(), key=str):
            if found.get(key) != sums.of(key):
                yield f"{key}: the mart has {found.get(key)}, the source {sums.of(key)}"


def _show(sums: Sums) -> None:
    print(f"{'kind':<16}{'lines':>10}{'units':>16}{'amount':>18}{'cost':>18}")
    for kind in sorted(sums.lines, key=lambda name: (name not in GOODS, name)):
        print(
            f"{kind:<16}{sums.lines[kind]:>10}{sums.units[kind]:>16}{sums.amount[kind]:>18}{sums.cost[kind]:>18}"
        )
    goods = [sum(part[kind] for kind in GOODS) for part in (sums.units, sums.amount, sums.cost)]
    print(f"goods: {goods[0]} units, {goods[1]} of revenue as the tills wrote it, {goods[2]} of cost")


def main(arguments: list[str]) -> int:
    """Compare the warehouses that are named."""
    wrong: list[Any] = []
    for name in arguments:
        with duckdb.connect(str(Path(name)), read_only=True) as warehouse:
            print(name)
            wrong += differences(warehouse)
    for line in wrong[:20]:
        print(line)
    print(f"{len(wrong)} figures differ")
    return 1 if wrong or not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
