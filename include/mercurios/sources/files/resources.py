"""What a folder of exports declares: sales, articles, stock, open orders and branches.

A retailer's export names articles, branches and suppliers by codes that need not be numbers. The marts count in
numbers, so each row carries both: the code as it was written, and a number derived from it (see `codes`). `id` is
derived from the columns that identify a row. Derived columns are never mapped in a tenant file.
"""

from __future__ import annotations

from mercurios.sources.contract import Contract, Resource, columns_of

_ARTICLE = "article:code article_number:int size article_size_number:int ean:code"
_BRANCH = "branch:code branch_number:int"

_ALL = (
    Resource(
        name="sales",
        table="files_sale",
        columns=columns_of(
            f"""id receipt:code receipt_number:int position:int date:date/booked {_BRANCH} {_ARTICLE}
            quantity:dec/units unit_price:dbl amount:dec discount:dec cost:dec"""
        ),
        group="sales",
    ),
    Resource(
        name="articles",
        table="files_article",
        columns=columns_of(
            """id article:code article_number:int name category category_number:int supplier:code
            supplier_number:int season season_number:int colour tax:int purchase_price:dec sale_price:dec
            label_price:dec is_active:bool is_reordered:bool"""
        ),
        group="masters",
    ),
    Resource(
        name="branches",
        table="files_branch",
        columns=columns_of(f"id {_BRANCH} name city zip_code:code country:code is_webshop:bool"),
        group="masters",
    ),
    Resource(
        name="stock",
        table="files_stock",
        columns=columns_of(f"id {_BRANCH} {_ARTICLE} quantity:dec/units"),
        group="stock",
    ),
    Resource(
        name="open_orders",
        table="files_open_order",
        columns=columns_of(
            f"""id order:code position:int supplier:code supplier_number:int {_BRANCH} {_ARTICLE}
            ordered:dec/units delivered:dec/units open:dec/units ordered_on:date expected_on:date""",
            # The fields' own names are words of SQL.
            {"order": "order_code", "open": "open_quantity"},
        ),
        group="orders",
    ),
)

CONTRACT = Contract("files", {resource.name: resource for resource in _ALL})

DERIVED = frozenset(
    {"id", *(column.field for each in _ALL for column in each.columns if column.field.endswith("_number"))}
)
"""Fields that are derived from others, and that no tenant file maps."""

KEYS = {
    "sales": ("date", "branch", "receipt", "position", "article", "size", "ean", "quantity", "amount"),
    "articles": ("article",),
    "branches": ("branch",),
    "stock": ("branch", "article", "size", "ean"),
    "open_orders": ("order", "position", "branch", "article", "size", "ean"),
}
"""The columns that identify a row; rows that are alike in all of them are distinguished by counting them."""

POSITION_KEY = ("date", "branch", "receipt", "position")
"""The key of a sale where the export numbers the lines of a receipt: a corrected line stays the same line."""

REQUIRED = {
    "sales": (("date",), ("article",), ("quantity",), ("amount", "unit_price")),
    "articles": (("article",), ("name",)),
    "branches": (("branch",), ("name",)),
    "stock": (("article",), ("quantity",)),
    "open_orders": (("article",), ("open", "ordered")),
}
"""What a dataset must map: one of each group."""
