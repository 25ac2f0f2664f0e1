"""The lines of the British gift-ware web shop as they were sold, moved by whole weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from prohandel_simulator.worlds import calendar

PARQUET = Path(__file__).parent.parent / "data" / "online_retail.parquet"
LAST_MONDAY = calendar.day_number(date(2011, 12, 5))


@dataclass
class Source:
    """The lines of the source as arrays; `row` numbers articles in the order of their codes."""

    invoice: np.ndarray
    kind: np.ndarray
    codes: np.ndarray
    row: np.ndarray
    description: np.ndarray
    quantity: np.ndarray
    cents: np.ndarray
    day: np.ndarray
    time: np.ndarray
    customer: np.ndarray
    country: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


def read_source(today: int, path: Path = PARQUET) -> Source:
    """Read the parquet file and move it in time."""
    table = pq.read_table(path)
    invoice = table["invoice_no"].to_numpy().astype("U7")
    letter = np.char.isalpha(invoice.astype("U1"))
    codes, row = np.unique(np.char.upper(table["stock_code"].to_numpy().astype("U16")), return_inverse=True)
    seconds = table["invoice_ts"].to_numpy().astype("datetime64[s]").astype(np.int64)
    shift = calendar.monday_of(today) - 7 - LAST_MONDAY
    return Source(
        invoice=np.where(letter, np.char.lstrip(invoice, "CA"), invoice).astype(np.int64),
        kind=np.where(letter, invoice.astype("U1"), ""),
        codes=codes,
        row=row,
        description=np.array([text or "" for text in table["description"].to_pylist()], dtype=object),
        quantity=table["quantity"].to_numpy().astype(np.int64),
        cents=np.round(table["unit_price_gbp"].to_numpy() * 100).astype(np.int64),
        day=seconds // 86_400 + shift,
        time=seconds % 86_400,
        customer=table["customer_id"].combine_chunks().fill_null(0).to_numpy().astype(np.int64),
        country=np.array([str(text) for text in table["country"].to_pylist()]),
    )
