"""Rows that are nested in the rows of a page, each with the key of the row around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mercurios.sources.prohandel.paging.page import Page
from mercurios.sources.rows.decode import decode_exact


def nested_rows(rows: Sequence[dict[str, Any]], field: str, key: str) -> list[dict[str, Any]]:
    """Return the nested rows with the key of the row around them.

    What is not a list of objects becomes a row without an id, which typing quarantines: nothing is skipped unseen.

    Args:
        rows: the rows around.
        field: their field that holds the nested rows.
        key: name under which a nested row gets the key of the row around it.
    """
    nested = []
    for row in rows:
        children = row.get(field) or ()
        for child in children if isinstance(children, list | tuple) else (children,):
            content = child if isinstance(child, dict) else {field: child}
            nested.append({**content, key: row.get("id")})
    return nested


def exact_nested_rows(page: Page, field: str, key: str) -> list[dict[str, Any]]:
    """Return the nested rows of a page, decoded again with exact decimals."""
    return nested_rows(decode_exact(page.body), field, key)
