"""A panel together with its file's names of articles, branches and days."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import I64, place_of
from mercurios.forecasting.panel.outliers import flag_outliers
from mercurios.forecasting.panel.panel import Panel

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Source:
    """A panel and what is needed to describe it in the words of its file.

    Attributes:
        panel: The panel; its keys are positions in `articles` and `branches`.
        articles: Article keys as in the file, ascending.
        branches: Branch keys as in the file, ascending.
        time_column: `week` or `date`.
        shift: Days from the panel's Mondays to the file's first day of the week.
        notes: What was left out or assumed, in sentences.
    """

    panel: Panel
    articles: pa.Array
    branches: pa.Array
    time_column: str
    shift: int
    notes: list[str] = field(default_factory=list)

    def label(self, start: np.datetime64) -> np.datetime64:
        """First day of a period as the file has it."""
        return start + np.timedelta64(self.shift, "D")

    def outliers(self) -> int:
        """Periods that are left out as keyed-in outliers."""
        return int(flag_outliers(self.panel).sum())

    def series_of(self, table: pa.Table) -> I64:
        """Row of the panel that each row of a table belongs to; -1 for a series that the panel does not have."""
        import pyarrow.compute as pc

        codes = []
        for name, known in (("article", self.articles), ("branch", self.branches)):
            column = table.column(name)
            if column.type != known.type:
                column = column.cast(known.type)
            found = pc.index_in(column, value_set=known)
            codes.append(pc.fill_null(found, -1).to_numpy().astype(np.int64))
        width = len(self.branches)
        keys = self.panel.article_number * width + self.panel.branch_number
        place = place_of(keys, codes[0] * width + codes[1])
        found_series: I64 = np.where((codes[0] >= 0) & (codes[1] >= 0), place, -1)
        return found_series
