"""What the stock was on days past, when reports of several days and the movements between them do not agree."""

from __future__ import annotations

from datetime import date

import pytest

pytestmark = pytest.mark.dbt

MODELS = ("--select", "int_stock_snapshots", "int_sales_netted", "int_stock_ledger", "inventory_daily")
DAYS = (
    "select date_day, opening_stock, gross_units, units_counted, closing_stock from analytics.inventory_daily "
    "where tenant_id = 'north' and article_number = 100 and branch_number = 2 "
    "order by date_day"
)


def test_stock_that_no_sale_explains_is_shown_on_the_day_it_was_reported(built, tmp_path):
    warehouse = built.copy(tmp_path / "copy")
    sold = {
        "id": "9.1",
        "date": "2024-02-01",
        "article_number": 100,
        "article_size_number": 1001,
        "branch_number": 2,
        "receipt_number": 9,
        "receipt_position": 1,
        "quantity": 1,
        "sale_price": 10,
    }
    warehouse.insert("sale", "north", "2024-02-02 08:00:00", sold)
    warehouse.execute(
        "insert into ops.run values "
        "('north', 'r2', 'pipeline', 1, '2024-02-02 07:00', '2024-02-02 07:00', '2024-02-02')",
        # Five were reported on Wednesday; one was sold on Thursday, two are gone.
        "update raw.articlesize set stock_quantity = 2 where tenant_id = 'north' and id = 'z2'",
    )

    for _ in range(2):
        warehouse.build("north", *MODELS, "--exclude-resource-type", "unit_test")

        assert warehouse.rows(DAYS) == [
            (date(2024, 1, 31), 5.0, 0.0, 0.0, 5.0),
            (date(2024, 2, 1), 5.0, 1.0, 0.0, 4.0),
            (date(2024, 2, 2), 4.0, 0.0, -2.0, 2.0),
        ]


def test_stock_is_written_down_by_the_day_and_of_its_own_tenant_alone(built):
    written = built.rows(
        "select tenant_id, article_number, branch_number, reported_on, stock_units "
        "from standard.int_stock_snapshots order by all"
    )

    assert written == [
        (tenant, article, branch, date(2024, 1, 31), stock)
        for tenant in ("north", "south")
        for article, branch, stock in ((100, 1, 0), (100, 2, 5), (200, 1, -1))
    ]


def test_bad_input_is_named_and_kept(built):
    issues = built.rows(
        "select issue, article_number, branch_number, units from analytics.inventory_issue "
        "where tenant_id = 'north' order by all"
    )

    # Article 300 was sold without a master, a size or stock; 200 was sold below zero; 9 of 100 were on a deleted order.
    assert issues == [
        ("article without master", 300, 0, 0.0),
        ("cancelled order", 100, 1, 9.0),
        ("negative stock", 200, 1, -1.0),
        ("no purchase price", 100, 2, 5.0),
    ]


def test_an_article_that_lacks_what_an_order_needs_is_named_for_each(built, tmp_path):
    warehouse = built.copy(tmp_path / "copy")
    warehouse.execute(
        "update raw.article set is_nos = true, is_active = true, supplier_number = 77"
        " where tenant_id = 'north' and number = 100",
        "delete from raw.articlesize where tenant_id = 'north' and article_number = 100",
        "delete from raw.purchase_order_position where tenant_id = 'north' and id = 'p2'",
        "update raw.article set is_nos = true, is_active = true where tenant_id = 'north' and number = 200",
    )

    warehouse.build("north", "--select", "+inventory_issue", "--exclude-resource-type", "test", "unit_test")

    issues = warehouse.rows(
        "select article_number, issue, branch_number from analytics.inventory_issue "
        "where tenant_id = 'north' and article_number < 300 order by all"
    )
    # No supplier ever delivered, so no lead time is known.
    assert issues == [
        (100, "cancelled order", 1),
        (100, "no lead time", 0),
        (100, "no sizes", 0),
        (100, "unknown supplier", 0),
        (200, "negative stock", 1),
        (200, "no forecast", 1),
        (200, "no lead time", 0),
        (200, "no purchase price", 1),
        (200, "no supplier", 0),
    ]
