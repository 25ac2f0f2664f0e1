"""Takes the pages of one extraction: types them, several together, and gives their rows to the collectors.

It also notices what pages as a whole say: that a window read brings nothing new any more, and that an API repeats
itself without an end.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mercurios.sources.collect.collector import Collector
from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.sources.prohandel.nested import exact_nested_rows, nested_rows
from mercurios.sources.prohandel.paging.page import Page
from mercurios.sources.rows.decode import decode_exact
from mercurios.sources.rows.typed_page import TypedPage
from mercurios.sources.rows.typing_process import TypingProcess

# Pages typed at once: each call lets another thread run, and to get back costs more than the call.
PAGES_TOGETHER = 4
# Pages in a row that this scan has shown: more than rows that appear further up can explain.
_REPEATED_PAGES = 10


class PageSink:
    """Types the pages of one resource and of those nested in it.

    Args:
        collectors: of the resource, then of each nested one.
        pages_together: pages that wait to be typed together; 1 where each page must be judged before the next.

    Attributes:
        quiet_pages: pages in a row, up to the last that was typed, that brought nothing new.
        typing: a process that types pages of records while others are read; None types all of them here.
    """

    def __init__(self, collectors: Sequence[Collector], pages_together: int = PAGES_TOGETHER) -> None:
        self.quiet_pages = 0
        self.typing: TypingProcess | None = None
        self._collector, *self._children = collectors
        self._pages_together = pages_together
        self._repeated_pages = 0
        # Pages of records that are not typed yet.
        self._waiting: list[Page] = []
        # Those that the process types.
        self._handed_over: list[Page] = []

    def take(self, page: Page) -> None:
        """Type and write one page, or let it wait for others to be typed with.

        Raises:
            TransientProHandelError: the API keeps showing what it has shown, and says that more follows.
        """
        if page.records is None:
            self.flush()
            self._take_rows(page)
            return
        self._waiting.append(page)
        if len(self._waiting) >= self._pages_together:
            self._type_waiting()

    def flush(self) -> None:
        """Type and write all pages that wait.

        Raises:
            TransientProHandelError: as for `take`.
        """
        self._type_waiting()
        self._take_handed_over()

    def _type_waiting(self) -> None:
        pages, self._waiting = self._waiting, []
        if self.typing is None:
            self._take_pages(pages)
        else:
            self._take_handed_over(then=pages)

    def _take_handed_over(self, then: Sequence[Page] = ()) -> None:
        """Write what the process has typed, while it types the pages that come `then`."""
        before, self._handed_over = self._handed_over, list(then)
        if self.typing is None:
            return
        typed = self.typing.result() if before else None
        if then:
            self.typing.begin([page.body for page in then], self._collector.stamp)
        self._take_pages(before, typed)

    def _take_pages(self, pages: Sequence[Page], typed: TypedPage | None = None) -> None:
        """Write pages of records, typed together; each alone where a value needs a closer look."""
        if not pages or self._take_records(pages, typed):
            return
        for page in pages:
            if not self._take_records([page]):
                self._take_rows(page)

    def _take_records(self, pages: Sequence[Page], typed: TypedPage | None = None) -> bool:
        before = self._collector.landed
        repeated = self._collector.take_records([page.records or () for page in pages], typed)
        for page, is_repeated in zip(pages, repeated or (), strict=False):
            self._judge(page, self._collector.landed > before, is_repeated)
        return repeated is not None

    def _take_rows(self, page: Page) -> None:
        before = self._collector.landed
        repeated = self._collector.take(page.rows, lambda: decode_exact(page.body))
        for child in self._children:
            field = child.resource.child_field or ""
            key = child.resource.parent_key or ""
            self._collector.note_missing(field, sum(field not in row for row in page.rows))
            child.take(nested_rows(page.rows, field, key), partial(exact_nested_rows, page, field, key))
        self._judge(page, self._collector.landed > before, repeated)

    def _judge(self, page: Page, brought_something: bool, repeated: bool) -> None:
        self.quiet_pages = 0 if brought_something else self.quiet_pages + 1
        self._repeated_pages = self._repeated_pages + 1 if repeated else 0
        if self._repeated_pages >= _REPEATED_PAGES and page.more:
            raise TransientProHandelError(
                f"the last {_REPEATED_PAGES} pages showed only rows that pages before them had shown, "
                "and the API still says that more follow",
                page.context,
            )
