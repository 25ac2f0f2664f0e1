"""The client against a real server: the simulator where it behaves, a scripted one where it does not."""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from retailer import Retailer

from mercurios.sources.prohandel.client import ProHandelClient
from mercurios.sources.prohandel.http.errors import TerminalProHandelError, TransientProHandelError
from mercurios.sources.prohandel.http.responses import retry_after
from mercurios.sources.prohandel.http.settings import ClientSettings, Credentials
from prohandel_simulator.api import Request, Response, error
from prohandel_simulator.simulator import Simulator

NOW = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
Start = Callable[..., Any]


def page_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("page")]


def ids(client: ProHandelClient, path: str) -> list[str]:
    return [row["id"] for page in client.pages(path) for row in page.rows]


def test_a_list_is_read_whole_and_in_the_order_of_its_pages(retailer: Retailer) -> None:
    with retailer.client(page_size=100, pages_in_flight=8) as client:
        pages = list(client.pages("sale"))

    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    assert [row["id"] for page in pages for row in page.rows] == [
        row["id"] for row in retailer.simulator.truth("mini", "sale")
    ]
    assert pages[0].source_now == NOW


def test_one_token_serves_many_pages(stub: Start, reply: Any) -> None:
    server = stub(lambda page, _: reply([{"id": page}], more=str(page < 5)))

    with server.client() as client:
        assert ids(client, "sale") == [1, 2, 3, 4, 5]

    assert server.tokens == ["token-1"]
    assert set(server.bearers) == {"token-1"}


def test_a_token_is_replaced_before_it_expires(stub: Start, reply: Any) -> None:
    server = stub(lambda page, _: reply([{"id": page}], more=str(page < 3)), expires_in=59)

    with server.client(pages_in_flight=1) as client:
        ids(client, "sale")

    assert server.bearers == ["token-1", "token-2", "token-3"]


def test_an_expired_token_is_replaced_once_and_the_page_is_read(own_retailer: Retailer) -> None:
    with own_retailer.client(page_size=1000, pages_in_flight=1) as client:
        pages = client.pages("sale")
        rows = list(next(pages).rows)
        assert own_retailer.simulator.post("/_simulator/mini/expire_tokens", {})["expired"] == 1
        rows += [row for page in pages for row in page.rows]

    assert len(rows) == len(own_retailer.simulator.truth("mini", "sale"))
    assert own_retailer.sleeps == []


def test_a_token_service_that_fails_in_the_middle_gets_the_usual_number_of_tries(
    stub: Start, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = stub(lambda page, _: reply([{"id": page}], more="True"), expires_in=0)
    asked: list[int] = []

    def down() -> Any:
        asked.append(1)
        return reply(status=503)

    with server.client(attempts=4, pages_in_flight=1) as client:
        pages = client.pages("sale")
        next(pages)
        monkeypatch.setattr(server, "token", down)

        with pytest.raises(TransientProHandelError, match=r"status 503 \(token"):
            list(pages)

    assert len(asked) == 4


def test_a_new_token_that_is_refused_too_is_terminal(stub: Start, reply: Any) -> None:
    server = stub(lambda *_: reply(status=401))

    with (
        server.client() as client,
        pytest.raises(TerminalProHandelError, match="although it is new") as caught,
    ):
        list(client.pages("sale"))

    assert caught.value.status == 401
    assert len(server.asked) == 2


def test_wrong_credentials_are_terminal_and_the_secret_shows_nowhere(
    retailer: Retailer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    credentials = Credentials("demo-key-mini", "not-the-secret")
    client = ProHandelClient(retailer.simulator.auth_url, credentials, sleep=retailer.sleeps.append)

    with client, pytest.raises(TerminalProHandelError) as caught:
        list(client.pages("sale"))

    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(credentials)
    assert "check API key and secret of the tenant's ProHandel connection" in str(caught.value)
    assert "not-the-secret" not in shown
    assert "demo-key-mini" not in shown
    assert retailer.sleeps == []


def test_tokens_show_in_no_log_and_no_error(
    retailer: Retailer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    def forbid(_: Simulator, request: Request) -> Response:
        seen.append(request.token)
        return error(403, "Forbidden")

    monkeypatch.setattr(retailer.simulator.application, "interceptors", [forbid])
    with (
        retailer.client() as client,
        pytest.raises(TerminalProHandelError, match="check its scope") as caught,
    ):
        list(client.pages("sale"))

    assert len(seen[0]) > 100
    assert seen[0] not in "".join(traceback.format_exception(caught.value)) + caplog.text


def test_an_outage_ends_in_a_transient_error_after_bounded_tries(own_retailer: Retailer) -> None:
    own_retailer.simulator.post("/_simulator/mini/outage", {"on": True})

    with own_retailer.client(attempts=4) as client, pytest.raises(TransientProHandelError) as caught:
        list(client.pages("sale"))

    assert len(own_retailer.sleeps) == 3
    assert caught.value.status == 503
    assert (caught.value.context.path, caught.value.context.page) == ("sale", 1)
    assert caught.value.context.correlation_id
    assert "sale, page=1, pagesize=1000, correlation id" in str(caught.value)


def test_a_refused_connection_ends_in_a_transient_error_after_bounded_tries() -> None:
    sleeps: list[float] = []
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    client = ProHandelClient(url, Credentials("k", "s"), ClientSettings(attempts=3), sleep=sleeps.append)

    with client, pytest.raises(TransientProHandelError, match="the connection failed"):
        client.check()

    assert len(sleeps) == 2


def test_an_api_that_recovers_costs_waits_and_no_row(stub: Start, reply: Any) -> None:
    sleeps: list[float] = []
    server = stub(
        lambda page, tries: (
            reply(status=500) if page == 3 and tries < 3 else reply([{"id": page}], more=str(page < 6))
        )
    )

    with server.client(sleep=sleeps.append) as client:
        assert ids(client, "sale") == [1, 2, 3, 4, 5, 6]

    assert len(sleeps) == 2


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ({"body": b'[{"id": "a"}, {"id"'}, "not readable JSON"),
        ({"body": b'[{"id": "a"}]', "length": 40}, "the (response broke off|connection failed)"),
        ({"body": b'[{"id": "a"}]', "length": 5}, "not readable JSON"),
        (
            {"body": b"<html>maintenance</html>", "headers": {"Content-Type": "text/html"}},
            "not readable JSON .content type text/html",
        ),
        ({"rows": {"items": []}}, "not a list of objects"),
        ({"rows": ["a"]}, "not a list of objects"),
        ({"more": None}, "no usable X-More-Pages-Available"),
        ({"more": "maybe"}, "no usable X-More-Pages-Available"),
        ({"rows": [], "more": "True"}, "empty although the API says that more follow"),
        ({"status": 429}, "status 429"),
        ({"status": 408}, "status 408"),
    ],
)
def test_a_damaged_response_is_requested_again_and_named_when_it_stays(
    stub: Start, reply: Any, damage: dict[str, Any], complaint: str
) -> None:
    broken = stub(lambda *_: reply(**damage))
    healing = stub(lambda _, tries: reply(**damage) if tries == 1 else reply([{"id": "a"}]))

    with broken.client() as client, pytest.raises(TransientProHandelError, match=complaint):
        list(client.pages("sale"))
    with healing.client() as client:
        assert ids(client, "sale") == ["a"]

    assert broken.asked == [1, 1, 1]


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_refused_request_is_not_repeated(stub: Start, reply: Any, status: int) -> None:
    server = stub(lambda *_: reply(status=status))

    with server.client() as client, pytest.raises(TerminalProHandelError, match=f"status {status}; "):
        list(client.pages("sale/changed/2026-01-01T00:00:00.000Z"))

    assert server.asked == [1]


def test_retry_after_is_obeyed_in_seconds_and_as_a_date_and_is_capped(stub: Start, reply: Any) -> None:
    sleeps: list[float] = []
    date = format_datetime(NOW, usegmt=True)
    waits = ["7", format_datetime(NOW + timedelta(seconds=9), usegmt=True), "3600"]

    def script(_: int, tries: int) -> Any:
        if tries <= 3:
            return reply(status=429, headers={"Retry-After": waits[tries - 1], "Date": date})
        return reply([])

    server = stub(script)
    with server.client(
        sleep=sleeps.append, clock=lambda: float(sum(sleeps)), attempts=4, longest_wait=60.0
    ) as client:
        list(client.pages("sale"))

    assert sleeps == [7, 9, 60]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_a_short_page_does_not_end_a_list(stub: Start, reply: Any) -> None:
    sizes = {1: 3, 2: 2, 3: 1, 4: 2}
    server = stub(
        lambda page, _: reply([{"id": f"{page}-{n}"} for n in range(sizes.get(page, 0))], more=str(page < 4))
    )

    with server.client(page_size=3) as client:
        assert len(ids(client, "sale")) == 8


def test_a_page_that_repeats_the_one_before_is_requested_again_and_then_named(
    stub: Start, reply: Any
) -> None:
    stuck = stub(lambda page, _: reply([{"id": min(page, 2)}], more="True"))
    healing = stub(
        lambda page, tries: reply([{"id": 1 if (page, tries) == (2, 1) else page}], more=str(page < 3))
    )

    with (
        stuck.client(pages_in_flight=1) as client,
        pytest.raises(TransientProHandelError, match="repeats page 2"),
    ):
        list(client.pages("sale"))
    with healing.client() as client:
        assert ids(client, "sale") == [1, 2, 3]


def test_a_full_last_page_is_the_last(stub: Start, reply: Any) -> None:
    server = stub(lambda *_: reply([{"id": "a"}, {"id": "b"}], more="false"))

    with server.client(page_size=2) as client:
        assert len(ids(client, "sale")) == 2

    assert server.asked == [1]


def test_pages_keep_their_order_with_several_in_flight_and_never_more_than_allowed(
    stub: Start, reply: Any
) -> None:
    def script(page: int, _: int) -> Any:
        time.sleep(0.06 if page % 3 == 1 else 0.01)
        return reply([{"id": page}], more=str(page < 20))

    server = stub(script)
    with server.client(pages_in_flight=3) as client:
        assert ids(client, "sale") == list(range(1, 21))

    assert server.most_under_way == 3


def test_the_budget_spaces_requests(stub: Start, reply: Any) -> None:
    sleeps: list[float] = []
    server = stub(lambda page, _: reply([{"id": page}], more=str(page < 4)))

    with server.client(sleep=sleeps.append, requests_per_minute=6, pages_in_flight=1) as client:
        list(client.pages("sale"))

    # The token and four pages, ten seconds apart; nothing really waits here, so each waits longer than the last.
    assert sleeps == pytest.approx([10, 20, 30, 40], abs=1)


def test_a_reader_that_stops_early_leaves_no_thread_behind_and_waits_for_no_retry(
    stub: Start, reply: Any
) -> None:
    server = stub(lambda page, _: reply(status=503) if page > 2 else reply([{"id": page}], more="True"))
    client = server.client(sleep=None, attempts=6)
    pages = client.pages("sale")
    assert [next(pages).number, next(pages).number] == [1, 2]
    began = time.monotonic()

    pages.close()

    assert time.monotonic() - began < 1
    assert page_threads() == []
    client.close()


def test_an_error_on_one_page_ends_the_read_without_waiting_for_the_others(stub: Start, reply: Any) -> None:
    def script(page: int, _: int) -> Any:
        if page == 1:
            return reply([{"id": 1}], more="True")
        return reply(status=403) if page == 2 else reply(status=503, headers={"Retry-After": "30"})

    server = stub(script)
    began = time.monotonic()
    with server.client(sleep=None) as client, pytest.raises(TerminalProHandelError, match="page=2"):
        list(client.pages("sale"))

    assert time.monotonic() - began < 2
    assert page_threads() == []


def test_the_token_service_is_found_with_and_without_its_path(retailer: Retailer) -> None:
    base = retailer.simulator.base_url
    key = retailer.simulator.credentials("mini")

    for url in (f"{base}/auth", f"{base}/auth/", f"{base}/auth/api/v4"):
        with ProHandelClient(url, Credentials(key["apiKey"], key["secret"])) as client:
            assert client.check() == retailer.simulator.server_url("mini")


def test_a_wrong_host_of_the_token_service_is_named(retailer: Retailer) -> None:
    url = f"{retailer.simulator.base_url}/nowhere"

    with (
        ProHandelClient(url, Credentials("k", "s")) as client,
        pytest.raises(TerminalProHandelError, match=r"there is no token service at .*check the host"),
    ):
        client.check()
