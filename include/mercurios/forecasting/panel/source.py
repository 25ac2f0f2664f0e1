"""A panel together with its file's names of articles, branches and days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mercurios.forecasting.arrays import I64, place_of
from mercurios.forecasting.panel.columns import keys_of
from mercurios.forecasting.panel.outliers import flag_outliers
from mercurios.forecasting.panel.panel import Panel, PanelError
from mercurios.inputs.keys import likeness
from mercurios.inputs.text import shown

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
        for name, known in self._keys():
            found = pc.index_in(keys_of(table, name), value_set=known)
            codes.append(pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64))
        width = len(self.branches)
        keys = self.panel.article_number * width + self.panel.branch_number
        place = place_of(keys, codes[0] * width + codes[1])
        found_series: I64 = np.where((codes[0] >= 0) & (codes[1] >= 0), place, -1)
        return found_series

    def matched(self, table: pa.Table, what: str) -> I64:
        """Return `series_of` a table that has to fit the panel, and note which of its keys are spelt otherwise.

        Args:
            table: of which some rows have to belong to a series.
            what: the table, for messages.

        Raises:
            PanelError: it has rows, and none of them belongs to a series.
        """
        series = self.series_of(table)
        if not series.size or bool((series >= 0).all()):
            return series
        otherwise = [
            text for name in ("article", "branch") if (text := self._spelt_otherwise(table, name, what))
        ]
        if bool((series < 0).all()):
            name, known = next(self._keys())
            here = keys_of(table, name)[0].as_py()
            reason = (
                "; ".join(otherwise)
                or f"{what} begins with {name} '{shown(here)}', the panel with '{known[0]}'"
            )
            raise PanelError("article", None, f"no row of {what} belongs to a series of the panel: {reason}")
        self.notes.extend(otherwise)
        return series

    def _keys(self) -> Iterator[tuple[str, pa.Array]]:
        import pyarrow as pa

        for name, known in (("article", self.articles), ("branch", self.branches)):
            yield name, known.cast(pa.string())

    def _spelt_otherwise(self, table: pa.Table, name: str, what: str) -> str | None:
        """Return a sentence about a key that the panel seems to have in another spelling."""
        known = dict(self._keys())[name].to_pylist()
        alike = {likeness(key): key for key in reversed(known)}
        missing = [key for key in keys_of(table, name).unique().to_pylist() if key and key not in set(known)]
        found = [(key, alike[likeness(key)]) for key in missing if likeness(key) in alike]
        if not found:
            return None
        here, there = found[0]
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        return f"{name} '{shown(here)}' of {what} looks like '{shown(there)}' of the panel and is spelt otherwise{more}"
