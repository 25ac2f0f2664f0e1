"""A server that no one here controls: it gets no credentials but where allowed, and costs no more than one resource."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import chain, repeat

import orjson
import pytest
from edits import Edits, intercepting
from quick_retailer import QuickRetailer

from mercurios.sources.prohandel.http.errors import ProHandelError, TerminalProHandelError
from prohandel_simulator.api import Interceptor, Request, Response, _route, error
from prohandel_simulator.faults import Fault, FaultSchedule
from prohandel_simulator.simulator import Simulator
from prohandel_simulator.testing import RunningSimulator

Script = Callable[[Simulator, Request], Response]
MEBIBYTE = 1 << 20


def always(answer: Script) -> Interceptor:
    return lambda simulator, request: answer(simulator, request) if request.path == ("sale",) else None


def whole(simulator: Simulator, request: Request) -> Response:
    """Respond as if pages of any size were asked for."""
    query = {**request.query, "pagesize": "1000"}
    return _route(simulator, Request(request.tenant, request.path, query, request.token))


def zipped(body: bytes, encoding: bytes = b"gzip") -> Script:
    headers = ((b"content-encoding", encoding), (b"x-more-pages-available", b"False"))
    return lambda *_: Response(200, gzip.compress(body), headers)


def endless(simulator: Simulator, request: Request) -> Response:
    """Respond to every page with rows of its own, and say that more follow."""
    first_page = Request(request.tenant, request.path, {"page": "1"}, request.token)
    [row, *_] = orjson.loads(_route(simulator, first_page).body)
    page, size = (int(request.query[name]) for name in ("page", "pagesize"))
    if page * size > 400:
        return error(403, "the list went on")
    rows = [{**row, "id": str(number)} for number in range((page - 1) * size, page * size)]
    return Response(200, orjson.dumps(rows), ((b"x-more-pages-available", b"True"),))


BEYOND: dict[str, tuple[Script, str]] = {
    "a bomb": (zipped(b" " * 2 * MEBIBYTE), "more than 1,048,576 bytes"),
    "a bomb in a bomb": (zipped(gzip.compress(b" " * 2 * MEBIBYTE), b"gzip, gzip"), "not asked for"),
    "a bomb of nothing": (
        lambda *_: Response(200, gzip.compress(b"") * 10_000, ((b"content-encoding", b"gzip"),)),
        "more than 64 members",
    ),
    "an encoding no one asked for": (zipped(b"[]", b"br"), "not asked for"),
    "a long body": (lambda *_: Response(200, b" " * 2 * MEBIBYTE), "more than 1,048,576 bytes"),
    "more rows than asked for": (whole, "rows, more than were asked for"),
    "a list without an end": (endless, "more than 5 pages"),
    "headers without an end": (
        lambda *_: Response(200, b"[]", tuple((b"x-%d" % n, b"x" * 2_000) for n in range(40))),
        "headers have more than 65,536 characters",
    ),
    "a page size of 5,000 digits": (
        lambda *_: Response(200, b"[]", ((b"x-pagesize", b"9" * 5_000),)),
        "no usable X-More-Pages-Available",
    ),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_exceeds_a_bound_fails_its_resource_and_the_next_run_reads_it(
    retailer: QuickRetailer, source: RunningSimulator, name: str
) -> None:
    answer, complaint = BEYOND[name]
    plan = retailer.begin("r1")

    with intercepting(source, always(answer)), pytest.raises(ProHandelError, match=complaint):
        retailer.extract(plan, "sale", page_size=20, attempts=1, most_bytes=MEBIBYTE, most_pages=5)

    retailer.run("r2", "sale")
    assert retailer.differences("sale") == []


@pytest.mark.parametrize("wrong", [b"Thu, 01 Jan 2099 00:00:00 GMT", b"Mon, 01 Jan 2001 00:00:00 GMT"])
def test_a_wrong_date_header_of_one_list_makes_no_other_day_the_business_day(
    retailer: QuickRetailer, source: RunningSimulator, wrong: bytes
) -> None:
    def dated(simulator: Simulator, request: Request) -> Response:
        response = _route(simulator, request)
        headers = [each for each in response.headers if each[0] != b"date"]
        return Response(response.status, response.body, (*headers, (b"date", wrong)))

    with intercepting(source, always(dated)):
        retailer.run("r1", "article", "sale", "branch")

    runs = retailer.query("select as_of_date, source_now from ops.run")
    clocks = retailer.query("select source_now from ops.load_ledger order by source_now")
    assert abs((clocks[0]["source_now"] - clocks[-1]["source_now"]).days) > 7_000
    assert [row["as_of_date"] for row in runs] == [source.simulator.clock.now.date()]
    retailer.run("r2", "sale")
    assert retailer.differences("article", "sale", "branch") == []


def test_a_body_that_trickles_is_given_up_although_each_byte_comes_in_time(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    plan = retailer.begin("r1")
    source.faulty.faults = FaultSchedule(seed=1, rate=1.0, kinds=(Fault.TRICKLE,))

    with pytest.raises(ProHandelError, match="the response took too long"):
        retailer.extract(plan, "sale", attempts=1, longest_response=0.2)

    source.faulty.faults = None
    retailer.run("r2", "sale")
    assert retailer.differences("sale") == []


def test_a_small_packed_body_is_read_as_if_it_were_not_packed(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    def packed(simulator: Simulator, request: Request) -> Response:
        response = _route(simulator, request)
        return Response(
            200, gzip.compress(response.body), (*response.headers, (b"content-encoding", b"gzip"))
        )

    with intercepting(source, always(packed)):
        retailer.run("r1", "sale")

    assert retailer.differences("sale") == []


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.prohandel.de.thief.invalid",
        "http://shop.prohandel.de",
        "https://shop.prohandel.de@thief.invalid",
        "https://thief.invalid#.prohandel.de",
    ],
)
def test_a_token_goes_to_no_host_that_no_one_allowed(
    retailer: QuickRetailer, source: RunningSimulator, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    # Whatever is sent elsewhere ends on this machine.
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    plan = retailer.begin("r1")
    issue = source.simulator.tokens.issue
    monkeypatch.setattr(source.simulator.tokens, "issue", lambda tenant, _: issue(tenant, address))

    with pytest.raises(TerminalProHandelError, match="token response is refused, and nothing is sent there"):
        retailer.extract(plan, "sale", attempts=1)


def test_a_redirect_is_not_followed_and_the_token_stays(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    asked: list[str] = []
    elsewhere = source.server_url("mini").replace("127.0.0.1", "localhost")

    def away(_: Simulator, request: Request) -> Response | None:
        asked.append("/".join(request.path))
        target = f"{elsewhere}/api/v2/article?page=1&pagesize=1000"
        return Response(302, b"", ((b"location", target.encode()),)) if request.path == ("sale",) else None

    plan = retailer.begin("r1")
    with (
        intercepting(source, away),
        pytest.raises(TerminalProHandelError, match="redirect, which is not followed"),
    ):
        retailer.extract(plan, "sale")

    assert asked == ["sale"]


def test_an_api_that_moves_while_it_is_read_fails_the_read(
    retailer: QuickRetailer, source: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second half of the list would come from another retailer, under the name of the first."""
    issue = source.simulator.tokens.issue
    elsewhere = source.server_url("mini").replace("127.0.0.1", "localhost")
    moving = chain([source.server_url("mini")], repeat(elsewhere))
    monkeypatch.setattr(source.simulator.tokens, "issue", lambda tenant, _: issue(tenant, next(moving)))
    pages: list[int] = []

    def expire(simulator: Simulator, request: Request) -> Response | None:
        pages.append(1)
        if len(pages) == 3:
            simulator.tokens.expire(request.tenant)
        return None

    plan = retailer.begin("r1")
    with intercepting(source, expire), pytest.raises(TerminalProHandelError, match="moved while it was read"):
        retailer.extract(plan, "sale", page_size=20, pages_in_flight=1)


def test_a_row_nested_without_end_is_set_aside_alone(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    sales = Edits(source, "sale")
    good = {*sales.ids, sales.add("dropped", wire=lambda text: _with(text, "zipCode", 5_000))}
    for levels in (300, 5_000):
        sales.add(f"{levels} levels", wire=lambda text, levels=levels: _with(text, "tier", levels))
    sales.add("declared", wire=lambda text: _with(text.replace('"salePrice"', '"was"'), "salePrice", 2_000))

    rows = retailer.run("r1", "sale")["sale"]

    assert rows.quarantined == 3
    assert retailer.raw("sale").keys() == good
    aside = retailer.query("select source_id, reason from ops.quarantine order by source_id")
    assert [row["source_id"] for row in aside] == ["300 levels", "5000 levels", "declared"]
    assert all("deeper than 64 levels" in row["reason"] for row in aside[:2])


def test_a_response_nested_without_end_fails_its_resource_at_the_first_try(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    tries = []

    def deep(*_: object) -> Response:
        tries.append(1)
        return Response(200, gzip.compress(b"[" * 8 * MEBIBYTE), ((b"content-encoding", b"gzip"),))

    with (
        intercepting(source, always(deep)),
        pytest.raises(TerminalProHandelError, match="nested too deeply"),
    ):
        retailer.extract(retailer.begin("r1"), "sale", pages_in_flight=1)

    assert len(tries) == 1
    retailer.run("r2", "sale")
    assert retailer.differences("sale") == []


def test_a_text_that_no_warehouse_takes_sets_its_row_aside_alone(
    retailer: QuickRetailer, source: RunningSimulator
) -> None:
    """Snowflake refuses a text above 16 MiB, in a column, a key or a payload, and with it every row of the load."""
    sales, long = Edits(source, "sale"), "x" * 5 * MEBIBYTE
    good = set(sales.ids)
    sales.add(
        "long text", wire=lambda text: text.replace('"currencyNumber"', f'"currencyNumber":"{long}","was"')
    )
    sales.add("long key", wire=lambda text: text.replace('"long key"', f'"{long}"'))

    rows = retailer.run("r1", "sale")["sale"]

    assert rows.quarantined == 2
    assert retailer.raw("sale").keys() == good
    aside = retailer.query("select source_id, reason, payload from ops.quarantine order by source_id")
    assert [row["source_id"] for row in aside] == ["long text", None]
    assert all("at most 65,536" in row["reason"] and len(row["payload"]) < 100 for row in aside)


def _with(row: str, field: str, levels: int) -> str:
    return f'{row[:-1]},"{field}":' + '{"a":[' * (levels // 2) + "1" + "]}" * (levels // 2) + "}"
