"""One page: what a response must be to be one, when it repeats the page before, and where it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from mercurios.sources.prohandel.http.errors import (
    EmptyPageError,
    RequestContext,
    TerminalProHandelError,
    TransientProHandelError,
)
from mercurios.sources.prohandel.http.transport import Response
from mercurios.sources.prohandel.paging.page import (
    Page,
    are_contiguous,
    end_of,
    ends_on,
    is_end,
    page_of,
    repeats,
)
from mercurios.sources.prohandel.resources import RESOURCES
from mercurios.sources.rows.records import records_of

CONTEXT = RequestContext("label", 2, 3)
RECORDS = records_of(RESOURCES["label"])
PLAIN = {column.field: None for column in RESOURCES["label"].columns}


def response(rows: Any, more: str = "True", status: int = 200, **headers: str) -> Response:
    body = rows if isinstance(rows, bytes) else orjson.dumps(rows)
    return Response(status, {"X-More-Pages-Available": more, **headers}, body)


def page(ids: str, *, number: int = 2, full: int = 3, more: bool = True, records: bool = False) -> Page:
    rows = [{**PLAIN, "id": key} for key in ids]
    found = page_of(response(rows, "False"), CONTEXT, RECORDS if records else None)
    return replace(found, number=number, full=full, more=more)


@pytest.mark.parametrize("decoder", [None, RECORDS], ids=["objects", "records"])
def test_a_response_is_a_page_with_its_rows_clock_and_size(decoder: Any) -> None:
    rows = [{**PLAIN, "id": "a"}, {**PLAIN, "id": "b"}]
    headers = {"Date": "Wed, 04 Mar 2026 05:06:07 GMT", "X-Pagesize": "2", "X-Correlation-ID": "c1"}

    found = page_of(response(rows, "true", **headers), CONTEXT, decoder)

    assert (found.number, found.full, found.more, len(found)) == (2, 2, True, 2)
    assert found.source_now == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.rows == rows
    assert list(found.by_key) == ["a", "b"]
    assert (found.context.path, found.context.correlation_id) == ("label", "c1")
    assert (found.records is None, found.objects is None) == (decoder is None, decoder is not None)


def test_a_page_that_says_nothing_of_its_place_is_the_first_of_the_requested_size() -> None:
    found = page_of(response([], "False"), RequestContext("label", None, 7), None)

    assert (found.number, found.full, found.source_now) == (1, 7, None)
    assert page_of(response([], "False"), RequestContext("label", None, None), None).full == 0


def test_rows_of_which_one_is_not_what_the_contract_says_are_objects() -> None:
    found = page_of(response([{**PLAIN, "id": "a"}, {"id": "b", "more": 1.5}]), CONTEXT, RECORDS)

    assert found.records is None
    assert [row["id"] for row in found.rows] == ["a", "b"]


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (response([], "True"), EmptyPageError, "empty although the API says that more follow"),
        (response(b"<html>"), TransientProHandelError, r"not readable JSON \(content type unknown\)"),
        (
            response(b"<html>", **{"Content-Type": "text/html"}),
            TransientProHandelError,
            r"not readable JSON \(content type text/html\)",
        ),
        (response({"id": "a"}), TransientProHandelError, "not a list of objects"),
        (response([{"id": "a"}, 1]), TransientProHandelError, "not a list of objects"),
        (response([], ""), TransientProHandelError, "no usable X-More-Pages-Available header"),
        (response([], "False", 503), TransientProHandelError, "status 503"),
        (response([], "False", 404), TerminalProHandelError, "status 404"),
    ],
)
def test_a_response_that_is_no_page_is_refused_with_its_request(
    answer: Response, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=rf"{message}.*label, page=2, pagesize=3"):
        page_of(answer, CONTEXT, None)


@pytest.mark.parametrize(
    ("ids", "before", "expected"),
    [
        ("abc", "abc", True),
        ("cab", "abc", True),
        ("ab", "abc", False),
        ("abd", "abc", False),
        ("", "", False),
    ],
)
def test_a_page_repeats_the_one_before_when_it_shows_the_same_rows(
    ids: str, before: str, expected: bool
) -> None:
    for records in (False, True):
        assert repeats(page(ids, records=records), page(before, records=records)) is expected


@pytest.mark.parametrize(
    ("ids", "number", "full", "expected"),
    [("abc", 4, 3, (12, 1)), ("ab", 4, 3, (4, 5)), ("abc", 1, 3, (3, 1)), ("", 2, 3, (2, 5))],
)
def test_a_full_page_ends_at_a_position_and_a_short_one_is_requested_again(
    ids: str, number: int, full: int, expected: tuple[int, int]
) -> None:
    found = end_of("label", page(ids, number=number, full=full), 5)

    assert (found.path, found.page, found.page_size) == ("label", *expected)


@pytest.mark.parametrize(
    ("end", "expected"), [("c", True), ("a", True), ("d", False), ("dc", True), ("cd", False), ("", False)]
)
def test_a_page_still_ends_where_its_last_position_holds_a_row_of_it(end: str, expected: bool) -> None:
    for records in (False, True):
        assert ends_on(page(end, records=records), page("abc", records=records)) is expected


@pytest.mark.parametrize(
    ("span", "more", "expected"), [("de", False, True), ("de", True, False), ("dX", False, False)]
)
@pytest.mark.parametrize(
    "forms", [(True, True, True), (False, False, False), (True, False, True), (False, True, True)]
)
def test_the_list_ends_where_a_probe_shows_nothing_more_whatever_form_its_rows_have(
    span: str, more: bool, expected: bool, forms: tuple[bool, bool, bool]
) -> None:
    of_span, of_before, of_last = forms

    found = is_end(
        page(span, more=more, records=of_span), page("abc", records=of_before), page("cde", records=of_last)
    )

    assert found is expected


@pytest.mark.parametrize(("span", "expected"), [("cd", True), ("cXd", False), ("ab", False)])
@pytest.mark.parametrize(
    "forms",
    [
        (True, True, True),
        (False, False, False),
        (True, False, True),
        (True, True, False),
        (False, True, True),
    ],
)
def test_pages_are_contiguous_whatever_form_the_rows_of_probe_and_pages_have(
    span: str, expected: bool, forms: tuple[bool, bool, bool]
) -> None:
    pages = [page(ids, records=form) for ids, form in zip((span, "abc", "def"), forms, strict=True)]

    assert are_contiguous(*pages) is expected


@pytest.mark.parametrize("bad", ["a", "f"])
@pytest.mark.parametrize(
    "value",
    [b'"\\ud800"', b"1e400", b'"\xff"', b"[" * 100_000 + b"]" * 100_000],
    ids=["surrogate", "number", "byte", "depth"],
)
def test_pages_are_contiguous_though_only_the_exact_decoder_reads_one_of_them(value: bytes, bad: str) -> None:
    """Its page holds exact numbers, that beside it and the probe hold doubles: their rows are the same all the same."""

    def numbered(ids: str) -> Page:
        odd = {key: value if key == bad else b"1" for key in ids}
        rows = [b'{"id":"%s","price":15.24,"odd":%s}' % (key.encode(), odd[key]) for key in ids]
        return page_of(response(b"[" + b",".join(rows) + b"]"), CONTEXT, RECORDS)

    assert are_contiguous(numbered("cd"), numbered("abc"), numbered("def"))
    assert not are_contiguous(numbered("cXd"), numbered("abc"), numbered("def"))
