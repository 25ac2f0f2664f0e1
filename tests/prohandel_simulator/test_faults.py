"""The fault schedule: replayable, true to the state behind it, and each fault is what its name says."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
import requests

from prohandel_simulator.faults import ALL_FAULTS, DRIFT_FAULTS, Fault, FaultSchedule, schedule
from prohandel_simulator.testing import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture
def page(simulator: RunningSimulator):
    token = simulator.application.simulator.tokens.issue("mini", simulator.server_url("mini"))
    headers = {"Authorization": f"Bearer {token['token']['token']['value']}"}

    def get(fault: Fault | None, number: int = 1, resource: str = "sale") -> requests.Response:
        simulator.faulty.faults = FaultSchedule(0, 1.0, (fault,)) if fault else None
        url = f"{simulator.server_url('mini')}/api/v2/{resource}"
        try:
            return requests.get(url, params={"page": number, "pagesize": 50}, headers=headers, timeout=10)
        finally:
            simulator.faulty.faults = None

    return get


def test_the_same_seed_strikes_the_same_requests_with_the_same_faults() -> None:
    one, two, other = schedule(7), schedule(7), schedule(8)

    drawn = [[each.next() for _ in range(200)] for each in (one, two, other)]

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_a_schedule_ends_after_as_many_faults_as_it_may_strike() -> None:
    faults = schedule(1, rate=1.0, most=3)

    struck = [faults.next() for _ in range(50)]

    assert sum(fault is not None for fault in struck) == 3


def test_an_unknown_fault_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"lightning.*known faults: reset"):
        schedule(1, kinds=["lightning"])


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CUT_BODY])
def test_a_cut_connection_is_an_error_of_the_connection(page, fault: Fault) -> None:
    with pytest.raises(requests.exceptions.RequestException):
        page(fault)


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.ERROR_500, 500), (Fault.ERROR_502, 502), (Fault.ERROR_503, 503)]
)
def test_a_server_error_has_its_status(page, fault: Fault, status: int) -> None:
    assert page(fault).status_code == status


def test_too_many_requests_come_with_each_form_of_retry_after(page) -> None:
    waits = {
        fault: page(fault).headers.get("Retry-After")
        for fault in (Fault.TOO_MANY, Fault.TOO_MANY_SECONDS, Fault.TOO_MANY_DATE, Fault.TOO_MANY_ABSURD)
    }

    assert waits[Fault.TOO_MANY] is None
    assert waits[Fault.TOO_MANY_SECONDS] == "1"
    assert waits[Fault.TOO_MANY_DATE].endswith("GMT")
    assert int(waits[Fault.TOO_MANY_ABSURD]) > 10**8


def test_a_dying_token_is_refused(page) -> None:
    assert page(Fault.TOKEN_DIES).status_code == 401


def test_damaged_answers_keep_status_200(page) -> None:
    bodies = {fault: page(fault).text for fault in (Fault.ERROR_IN_200, Fault.HTML_IN_200, Fault.CUT_JSON)}

    assert bodies[Fault.ERROR_IN_200].startswith("{")
    assert bodies[Fault.HTML_IN_200].startswith("<html>")
    assert bodies[Fault.CUT_JSON].startswith("[{")
    assert not bodies[Fault.CUT_JSON].endswith("]")


def test_an_empty_page_still_promises_more(page) -> None:
    response = page(Fault.EMPTY_PAGE)

    assert response.json() == []
    assert response.headers["X-More-Pages-Available"] == "True"


def test_a_stale_page_repeats_the_page_before_under_its_own_number(page) -> None:
    first, stale, second = page(None, 1), page(Fault.STALE_PAGE, 2), page(None, 2)

    assert stale.content == first.content
    assert stale.content != second.content
    assert stale.headers["X-Page"] == "2"


def test_a_slow_answer_is_whole(page) -> None:
    assert page(Fault.SLOW).json() == page(None).json()


def test_the_world_moves_between_two_pages(simulator: RunningSimulator, page) -> None:
    before = simulator.application.simulator.clock.now

    response = page(Fault.WORLD_MOVES)

    assert response.status_code == 200
    assert simulator.application.simulator.clock.now > before


def test_the_server_survives_every_fault(simulator: RunningSimulator, page) -> None:
    for fault in ALL_FAULTS:
        try:
            page(fault)
        except requests.exceptions.RequestException:
            continue

    assert requests.get(f"{simulator.base_url}/_simulator/health", timeout=10).json()["status"] == "ok"


def test_a_server_that_hangs_gives_no_answer(simulator: RunningSimulator) -> None:
    simulator.faulty.faults = FaultSchedule(0, 1.0, (Fault.HANG,))

    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{simulator.server_url('mini')}/api/v2/sale", timeout=0.2)
    simulator.faulty.faults = None


def test_a_short_page_leaves_out_its_last_row_and_promises_more(page) -> None:
    whole, short = page(None), page(Fault.SHORT_PAGE)

    assert short.json() == whole.json()[:-1]
    assert short.headers["X-More-Pages-Available"] == "True"


def test_a_duplicate_row_stands_twice_on_its_page(page) -> None:
    whole, doubled = page(None).json(), page(Fault.DUPLICATE_ROW).json()

    assert doubled == [whole[0], *whole]


def test_a_drifting_column_drifts_in_every_row(simulator: RunningSimulator, page) -> None:
    """The schedule lists the rows that it misled."""
    whole, drifted = page(None).json(), {fault: page(fault).json() for fault in DRIFT_FAULTS}

    [missing] = {frozenset(row) for row in drifted[Fault.MISSING_COLUMN]}
    assert len(whole[0].keys() - missing) == 1
    assert all(row["loyaltyTier"] == "gold" for row in drifted[Fault.NEW_COLUMN])
    retyped = zip(whole, drifted[Fault.RETYPED_COLUMN], strict=True)
    assert all(sum(old[name] != new[name] for name in old) == 1 for old, new in retyped)


def test_a_schedule_knows_which_rows_no_client_could_have_read_right(simulator: RunningSimulator) -> None:
    token = simulator.application.simulator.tokens.issue("mini", simulator.server_url("mini"))
    headers = {"Authorization": f"Bearer {token['token']['token']['value']}"}
    faults = simulator.faulty.faults = FaultSchedule(0, 1.0, (Fault.MISSING_COLUMN,))

    url = f"{simulator.server_url('mini')}/api/v2/sale?pagesize=5"
    rows = requests.get(url, headers=headers, timeout=10).json()
    simulator.faulty.faults = None

    assert faults.misled == {("sale", row["id"]) for row in rows}


def test_a_server_that_gives_short_pages_counts_positions_by_them(simulator: RunningSimulator, page) -> None:
    tenant = simulator.simulator.tenants["mini"]
    whole = page(None).json()

    tenant.longest_page = 7
    pages = [page(None, number).json() for number in (1, 2, 3)]
    tenant.longest_page = 1000

    assert [row for each in pages for row in each] == whole[:21]


def test_the_date_header_may_run_ahead_of_the_stamps_on_rows(simulator: RunningSimulator, page) -> None:
    before = parsedate_to_datetime(page(None).headers["Date"])

    simulator.simulator.clock.header_ahead = 90
    after = parsedate_to_datetime(page(None).headers["Date"])
    simulator.simulator.clock.header_ahead = 0

    assert (after - before).total_seconds() == 90
