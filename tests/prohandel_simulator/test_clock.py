"""The clock and what happens while it moves."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
import requests

from prohandel_simulator.simulator import Simulator
from prohandel_simulator.testing import DEFAULT_TODAY


def fingerprint(simulator: Simulator, tenant: str = "mini") -> str:
    digest = hashlib.sha256()
    for collection in simulator.tenants[tenant].world.collections.values():
        digest.update(collection.page(collection.visible))
        digest.update(collection.page(collection.changed_since(0)))
    return digest.hexdigest()


def test_the_clock_stands_still_until_it_is_moved(own_client):
    url = f"{own_client.simulator.base_url}/_simulator/clock"
    first = requests.get(url, timeout=30).json()["now"]

    assert requests.get(url, timeout=30).json()["now"] == first == "2026-03-04T04:00:00+00:00"
    assert own_client.simulator.advance(1.5)["now"] == "2026-03-04T05:30:00+00:00"
    assert own_client.get("branch").headers["Date"] == "Wed, 04 Mar 2026 05:30:00 GMT"
    moved = own_client.simulator.post("/_simulator/clock", {"to": "2026-03-05T00:00:00Z"})
    assert moved["now"] == "2026-03-05T00:00:00+00:00"


@pytest.mark.parametrize(
    "body", [{"to": "2026-03-01T00:00:00Z"}, {"advance_hours": -1}, {"advance_hours": "x"}, {}]
)
def test_the_clock_refuses_to_move_back_or_without_a_number(client, body):
    response = requests.post(f"{client.simulator.base_url}/_simulator/clock", json=body, timeout=30)

    assert response.status_code == 400


def test_an_advance_brings_sales_goods_prices_corrections_and_deletions(own_client):
    prices = {row["number"]: row["price"] for row in own_client.rows("article")}
    orders = {row["number"] for row in own_client.rows("order")}
    happened = own_client.simulator.advance(24 * 8)["happened"]["mini"]

    assert (
        min(happened[word] for word in ("sale", "received", "ordered", "repriced", "reversed", "deleted")) > 0
    )
    assert {row["number"] for row in own_client.rows("order")} > orders
    assert any(row["price"] != prices[row["number"]] for row in own_client.rows("article"))
    fresh = [row for row in own_client.rows("sale") if row["date"] >= "2026-03-04"]
    assert any(row["receiptPosition"] > 500_000 for row in fresh)


def test_no_row_is_changed_in_the_future(own_client):
    now = own_client.simulator.advance(31)["now"][:19]

    for resource in ("sale", "articlesize", "article", "customer"):
        assert max(row["lastChange"] for row in own_client.rows(resource)) <= now


def test_the_result_does_not_depend_on_the_steps_of_the_clock():
    once, stepwise = (Simulator(["mini"], date(2026, 3, 25)) for _ in range(2))

    once.advance_hours(9 * 24)
    for _ in range(9 * 8):
        stepwise.advance_hours(3)

    assert fingerprint(once) == fingerprint(stepwise)


def test_same_seed_and_day_give_the_same_bytes_and_another_seed_does_not():
    first, second = (Simulator(["mini"], DEFAULT_TODAY) for _ in range(2))
    other = Simulator(["mini"], DEFAULT_TODAY, seed=1)

    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first) != fingerprint(other)


def test_a_world_from_the_cache_equals_one_generated_in_memory(tmp_path):
    fresh = Simulator(["mini"], DEFAULT_TODAY)
    written = Simulator(["mini"], DEFAULT_TODAY, cache_dir=tmp_path)
    reopened = Simulator(["mini"], DEFAULT_TODAY, cache_dir=tmp_path)
    for simulator in (fresh, written, reopened):
        simulator.advance_hours(30)

    assert fingerprint(fresh) == fingerprint(written) == fingerprint(reopened)
