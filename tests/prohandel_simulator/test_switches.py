"""Switches that tests of the pipeline turn: changed lists, outages, expired tokens, dirty rows."""

from __future__ import annotations

import pytest
import requests

TIMEOUT = 30


def test_changed_returns_rows_touched_at_or_after_the_instant_and_pages(client):
    stamps = sorted(row["lastChange"] for row in client.rows("sale"))
    since = stamps[-250]

    found = client.get(f"sale/changed/{since}", pagesize=100)

    assert found.headers["X-More-Pages-Available"] == "True"
    rows = [
        row
        for page in (1, 2, 3)
        for row in client.get(f"sale/changed/{since}", page=page, pagesize=100).json()
    ]
    assert [row["lastChange"] for row in rows] == stamps[-250:]


@pytest.mark.parametrize("suffix", ["", "Z", ".000Z", "+00:00"])
def test_changed_understands_the_usual_forms_of_a_timestamp(client, suffix):
    expected = len(client.get("sale/changed/2026-03-01T00:00:00", pagesize=1000).json())

    response = client.get(f"sale/changed/2026-03-01T00:00:00{suffix.replace('+', '%2B')}", pagesize=1000)

    assert expected
    assert len(response.json()) == expected


def test_changed_refuses_what_is_no_timestamp(client):
    assert client.get("sale/changed/lately").status_code == 400


def test_changed_can_be_switched_off_per_resource(own_client):
    simulator = own_client.simulator

    assert "sale" not in simulator.post("/_simulator/mini/changed", {"sale": False})["changed"]
    assert own_client.get("sale/changed/2026-01-01").status_code == 404
    assert own_client.get("article/changed/2026-01-01").status_code == 200
    simulator.post("/_simulator/mini/changed", {"sale": True})
    assert own_client.get("sale/changed/2026-01-01").status_code == 200


def test_changed_cannot_be_switched_on_where_rows_have_no_last_change(client):
    url = f"{client.simulator.base_url}/_simulator/mini/changed"

    response = requests.post(url, json={"order": True}, timeout=TIMEOUT)

    assert response.status_code == 400
    assert "order" in response.json()["message"]


def test_a_deleted_row_leaves_the_list_and_comes_as_tombstone(own_client):
    before = {row["id"]: row for row in own_client.rows("customer")}
    now = own_client.simulator.simulator.clock.now.isoformat()
    own_client.simulator.advance(48)

    deleted = set(before) - {row["id"] for row in own_client.rows("customer")}
    changed = {row["id"]: row for row in own_client.get(f"customer/changed/{now.replace('+', '%2B')}").json()}

    assert len(deleted) == 2
    assert {key for key, row in changed.items() if row["isDeleted"]} == deleted
    assert all(changed[key]["lastChange"] > before[key]["lastChange"] for key in deleted)


def test_silent_deletes_leave_no_trace_and_happen_only_when_switched_on(own_client):
    own_client.simulator.post("/_simulator/mini/silent_deletes", {"on": True})
    before = {row["id"] for row in own_client.rows("customer")}
    own_client.simulator.advance(48)

    deleted = before - {row["id"] for row in own_client.rows("customer")}
    remembered = {row["id"]: row for row in own_client.rows("customer/changed/1970-01-01")}

    assert len(deleted) == 4
    assert sum(remembered[key]["isDeleted"] for key in deleted & set(remembered)) == 2
    assert len(deleted - set(remembered)) == 2


def test_an_outage_answers_503_until_it_is_over(own_client):
    own_client.simulator.post("/_simulator/mini/outage", {"on": True})
    assert own_client.get("sale").status_code == 503
    own_client.simulator.post("/_simulator/mini/outage", {"on": False})
    assert own_client.get("sale").status_code == 200


def test_an_interceptor_may_answer_in_place_of_the_api(own_client):
    from prohandel_simulator.api import error

    own_client.simulator.application.interceptors.append(
        lambda simulator, request: (
            error(429, "Slow down", ((b"retry-after", b"3"),)) if request.path == ("sale",) else None
        )
    )

    response = own_client.get("sale")

    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
    assert own_client.get("branch").status_code == 200


def test_expired_tokens_answer_401_until_the_client_signs_in_again(own_client):
    own_client.simulator.post("/_simulator/mini/expire_tokens", {})
    assert own_client.get("sale").status_code == 401
    assert own_client.sign_in().get("sale").status_code == 200


def test_dirty_rows_have_an_unknown_field_or_an_unreadable_value(own_client):
    ids = own_client.simulator.post(
        "/_simulator/mini/dirty", {"resource": "sale", "unknown_field": 2, "unparsable": 3}
    )

    rows = {row["id"]: row for row in own_client.rows("sale")}

    assert (len(ids["unknown_field"]), len(ids["unparsable"])) == (2, 3)
    assert all(rows[key]["loyaltyTier"] == "gold" for key in ids["unknown_field"])
    assert all(rows[key]["date"] == "31.02.2026" for key in ids["unparsable"])
    keys = [(row["branchNumber"], row["receiptNumber"], row["receiptPosition"]) for row in rows.values()]
    assert len(set(keys)) == len(keys)


def test_dirty_rows_of_an_unknown_resource_are_refused_with_the_choices(client):
    url = f"{client.simulator.base_url}/_simulator/mini/dirty"

    response = requests.post(url, json={"resource": "sales"}, timeout=TIMEOUT)

    assert response.status_code == 400
    assert "articlesize" in response.json()["message"]


def test_truth_is_the_undeleted_rows(own_client):
    own_client.simulator.advance(24)
    for resource in ("sale", "articlesize", "order", "customer"):
        assert own_client.simulator.truth("mini", resource) == own_client.rows(resource)


def test_unknown_tenant_and_resource_of_the_admin_surface_answer_404(client):
    for path in ("unknown/truth/sale", "mini/truth/sales"):
        response = requests.get(f"{client.simulator.base_url}/_simulator/{path}", timeout=TIMEOUT)
        assert response.status_code == 404
