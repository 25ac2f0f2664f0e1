"""Boundaries of pages, against lists that move and servers that repeat themselves: neither is taken for the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from retailer import Retailer

from mercurios.sources.prohandel.extract import extract
from mercurios.sources.prohandel.http.errors import TransientProHandelError
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.records import Records, records_of

Start = Callable[..., Any]
SIZE = 3
PLAIN = {column.field: None for column in RESOURCES["label"].columns}


class Listing:
    """A list that is cut into pages by position, as the API's are.

    Attributes:
        ids: the rows.
        act: what happens before the page with this number is cut for the first time.
        cut: what happens when it has been cut.
        hidden: rows that are left out of a page after it was cut.
        stale: numbers of pages in whose place the one before is shown, as it is then.
        more_of: fields that single rows have besides those of the contract.
        asked: page number and size of every request.
    """

    def __init__(self, reply: Any, ids: list[str], cap: int = 1000, **headers: str) -> None:
        self.reply, self.ids, self.cap, self.headers = reply, ids, cap, headers
        self.act: dict[int, Callable[[], None]] = {}
        self.cut: dict[int, Callable[[], None]] = {}
        self.hidden: set[str] = set()
        self.stale: set[int] = set()
        self.more_of: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[int, int]] = []

    def __call__(self, page: int, _: int, size: int) -> Any:
        self.asked.append((page, size))
        if size == SIZE:
            self.act.pop(page, lambda: None)()
        used = min(size, self.cap)
        first = (page - 2 if size == SIZE and page in self.stale else page - 1) * used
        part = self.ids[first : first + used]
        rows = [{**PLAIN, "id": key, **self.more_of.get(key, {})} for key in part if key not in self.hidden]
        if size == SIZE:
            self.cut.pop(page, lambda: None)()
        return self.reply(rows, more=str(page * used < len(self.ids)), headers=self.headers)


class Reading:
    """How pages are decoded: as a fixture of this file says."""

    records: Records | None = None


@pytest.fixture(params=["records", "objects"], autouse=True)
def _decoded_as(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Reading, "records", records_of(RESOURCES["label"]) if request.param == "records" else None
    )


def read(server: Any, **settings: Any) -> tuple[list[str], list[int]]:
    shifts: list[int] = []
    with server.client(**{"page_size": SIZE, "pages_in_flight": 1, **settings}) as client:
        pages = client.pages("label", on_shift=shifts.append, records=Reading.records)
        return [row["id"] for page in pages for row in page.rows], shifts


def test_a_stable_list_costs_one_small_request_a_boundary(stub: Start, reply: Any) -> None:
    listing = Listing(reply, list("abcdefgh"))

    found, shifts = read(stub(listing, sized=True))

    assert (found, shifts) == (list("abcdefgh"), [])
    assert sorted(listing.asked) == [(1, 3), (2, 2), (2, 3), (2, 4), (3, 3)]


@pytest.mark.parametrize("differing", "abcdefgh")
def test_a_row_that_is_not_what_its_contract_says_is_no_shift(
    stub: Start, reply: Any, differing: str
) -> None:
    listing = Listing(reply, list("abcdefgh"))
    listing.more_of = {differing: {"undeclared": 1}}

    assert read(stub(listing, sized=True)) == (list("abcdefgh"), [])


def test_a_row_that_moves_up_across_a_boundary_is_noticed(stub: Start, reply: Any) -> None:
    listing = Listing(reply, list("abcdefgh"))
    listing.act[2] = lambda: listing.ids.remove("b")

    found, shifts = read(stub(listing, sized=True))

    assert "d" not in found
    assert shifts == [1]


def test_a_row_hidden_by_pages_that_overtake_each_other_is_noticed(stub: Start, reply: Any) -> None:
    listing = Listing(reply, list("abcdefghijkl"))
    third_is_cut = threading.Event()

    def insert_after_the_third_page() -> None:
        assert third_is_cut.wait(5), "the third page was never requested"
        listing.ids.insert(0, "x")

    listing.act[2] = insert_after_the_third_page
    listing.cut[3] = third_is_cut.set

    found, shifts = read(stub(listing, sized=True), pages_in_flight=3)

    assert "f" not in found
    assert 2 in shifts


def test_a_row_that_moves_up_across_a_boundary_and_back_is_noticed(stub: Start, reply: Any) -> None:
    listing = Listing(reply, list("abcdefgh"))
    listing.act[2] = lambda: listing.ids.remove("b")
    listing.cut[2] = lambda: listing.ids.insert(1, "b")

    found, shifts = read(stub(listing, sized=True))

    assert "d" not in found
    assert shifts == [1]


@pytest.mark.parametrize("hidden", ["b", "c", "abc"[:2]])
def test_a_page_shortened_in_the_middle_is_no_shift(stub: Start, reply: Any, hidden: str) -> None:
    listing = Listing(reply, list("abcdefgh"))
    listing.hidden = set(hidden)

    found, shifts = read(stub(listing, sized=True))

    assert (found, shifts) == ([key for key in "abcdefgh" if key not in hidden], [])


def test_a_shift_behind_a_page_shortened_in_the_middle_is_noticed(stub: Start, reply: Any) -> None:
    listing = Listing(reply, list("abcdefgh"))
    listing.hidden = {"b"}
    listing.act[2] = lambda: listing.ids.remove("a")

    found, shifts = read(stub(listing, sized=True))

    assert "d" not in found
    assert shifts == [1]


@pytest.mark.parametrize("headers", [{"X-Pagesize": "2"}, {}])
def test_a_server_with_pages_smaller_than_requested_is_read_without_false_shifts(
    stub: Start, reply: Any, headers: dict[str, str]
) -> None:
    listing = Listing(reply, list("abcdefgh"), cap=2, **headers)

    found, shifts = read(stub(listing, sized=True))

    assert (found, shifts) == (list("abcdefgh"), [])


def test_a_shift_is_noticed_where_the_server_decides_the_page_size(stub: Start, reply: Any) -> None:
    listing = Listing(reply, list("abcdefgh"), cap=2, **{"X-Pagesize": "2"})
    listing.act[3] = lambda: listing.ids.remove("a")

    found, shifts = read(stub(listing, sized=True))

    assert "e" not in found
    assert shifts == [2]


@pytest.mark.parametrize(
    "again",
    [
        # Rows in another order.
        [{"lastChange": None, "id": "b"}, {"lastChange": None, "id": "a"}],
        # Fields in another order.
        [{"id": "a", "lastChange": None}, {"id": "b", "lastChange": None}],
        # A newer version.
        [
            {"lastChange": None, "id": "a"},
            {"lastChange": "2026-03-04T00:00:00", "id": "b"},
        ],
    ],
)
def test_a_page_shown_twice_is_noticed_whatever_its_bytes(
    stub: Start, reply: Any, again: list[dict[str, Any]]
) -> None:
    first = [{"lastChange": None, "id": "a"}, {"lastChange": None, "id": "b"}]

    def script(page: int, _: int, size: int) -> Any:
        """Answer requests of one row, which ask where a page ended, from the first page."""
        rows = first if page == 1 else again
        return reply(rows if size == 2 else first[page - 1 : page], more="True")

    server = stub(script, sized=True)

    with (
        server.client(page_size=2, pages_in_flight=1) as client,
        pytest.raises(TransientProHandelError, match=r"repeats page 1 .label, page=2, pagesize=2"),
    ):
        list(client.pages("label"))

    assert server.asked.count(2) <= 4 + 3


def test_a_list_that_moves_down_by_exactly_a_page_is_no_repetition(stub: Start, reply: Any) -> None:
    listing = Listing(reply, list("abcdefgh"))
    listing.act[2] = lambda: listing.ids.__setitem__(slice(0, 0), list("xyz"))

    found, _ = read(stub(listing, sized=True))

    assert found == list("abcabcdefgh")


def test_rows_that_appear_further_up_make_pages_overlap_and_that_is_no_repetition(
    stub: Start, reply: Any
) -> None:
    listing = Listing(reply, list("abcdefg"))
    listing.act[2] = lambda: listing.ids.insert(0, "x")
    # The last page is then wholly on the page before it: what came after was deleted.
    listing.act[3] = lambda: listing.ids.__setitem__(slice(None), ["x", "y", *"abcdef"])

    found, _ = read(stub(listing, sized=True))

    assert found == list("abccdeef")


def test_an_older_page_in_the_place_of_the_last_is_noticed_though_it_moved_by_a_row(
    stub: Start, reply: Any
) -> None:
    listing = Listing(reply, list("abcdefgh"))
    listing.stale = {3}
    listing.act[3] = lambda: listing.ids.remove("a")

    found, shifts = read(stub(listing, sized=True))

    assert "h" not in found
    assert shifts == [3]


@pytest.mark.parametrize("inserted", [1, 2])
def test_a_last_page_that_rightly_shows_rows_again_is_the_end_of_the_list(
    stub: Start, reply: Any, inserted: int
) -> None:
    listing = Listing(reply, list("abcdefg"))
    listing.act[3] = lambda: listing.ids.__setitem__(slice(0, 0), list("xy")[:inserted])

    found, shifts = read(stub(listing, sized=True))

    assert found == [*"abcdef", *"abcdefg"[6 - inserted :]]
    assert shifts == []


def test_ids_that_are_no_text_do_not_end_the_read(stub: Start, reply: Any) -> None:
    ids = [1, [2], None, {"a": 3}]
    server = stub(lambda page, _: reply([{"id": ids[page - 1], "n": page}, {"n": -page}], more=str(page < 4)))

    with server.client(page_size=2, pages_in_flight=2) as client:
        assert len([row for page in client.pages("label") for row in page.rows]) == 8


def landed(retailer: Retailer, server: Any, **settings: Any) -> Any:
    plan = retailer.begin("r1")
    with server.client(**{"page_size": 3, "pages_in_flight": 1, **settings}) as client:
        return retailer.store.read_manifest(extract(client, retailer.store, retailer.request("label", plan)))


@pytest.mark.parametrize("period", [2, 7])
def test_an_api_that_goes_round_in_circles_ends_in_an_error_that_names_the_request(
    stub: Start, reply: Any, retailer: Retailer, period: int
) -> None:
    def script(page: int, _: int, size: int) -> Any:
        numbers = [n % (period * 3 + 1) for n in range((page - 1) * size, page * size)]
        return reply([{**PLAIN, "id": f"row-{number}"} for number in numbers], more="True")

    server = stub(script, sized=True)

    with pytest.raises(
        TransientProHandelError, match=r"only rows that pages before .*label, page=\d+, pagesize=3"
    ):
        landed(retailer, server)

    assert max(p for p, size in zip(server.asked, server.sizes, strict=True) if size == 3) <= period + 15


def test_rows_shown_twice_while_a_list_moves_are_no_circle(
    stub: Start, reply: Any, retailer: Retailer
) -> None:
    ids = [f"row-{number}" for number in range(40)]
    listing = Listing(reply, ids)
    listing.act[5] = lambda: ids.__setitem__(slice(0, 0), [f"new-{number}" for number in range(20)])

    manifest = landed(retailer, stub(listing, sized=True))

    assert manifest.counts["label"].landed >= 40
