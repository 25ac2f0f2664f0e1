"""What a tenant file may say: defaults, limits, and values that no retailer means."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from written_tenants import only_error, write

from mercurios.tenants import load_tenants


@pytest.mark.parametrize(
    ("changes", "section", "key", "value"),
    [
        ({}, "forecast", "horizon_weeks", 13),
        ({"forecast__horizon_weeks": 1}, "forecast", "horizon_weeks", 1),
        ({"forecast__horizon_weeks": 52}, "forecast", "horizon_weeks", 52),
        ({}, "forecast", "shard_size", 10_000),
        ({"forecast__shard_size": 100}, "forecast", "shard_size", 100),
        ({}, "schedules", "pipeline", "@hourly"),
        ({"schedules__pipeline": "15 6 * * 1-5"}, "schedules", "pipeline", "15 6 * * 1-5"),
        ({"schedules__pipeline": "@yearly"}, "schedules", "pipeline", "@yearly"),
        ({"schedules__pipeline": None}, "schedules", "pipeline", None),
        ({}, "connections", "aws", "aws_default"),
        ({}, "connections", "slack", None),
    ],
)
def test_a_setting_has_its_default_and_is_taken_up_to_its_limits(
    tmp_path: Path, changes: dict[str, Any], section: str, key: str, value: object
) -> None:
    write(tmp_path, "good", **changes)

    found = load_tenants(tmp_path)

    assert found.errors == ()
    assert getattr(getattr(found.get("good"), section), key) == value


def test_an_id_is_two_to_thirty_one_characters_of_lower_case(tmp_path: Path) -> None:
    good, wrong = ("ab", "a" * 31, "a_1"), ("a", "a" * 32, "1a", "_a", "Abc", "a-b")
    for stem in (*good, *wrong):
        write(tmp_path, stem)

    found = load_tenants(tmp_path)

    assert {tenant.id for tenant in found} == set(good)
    assert {error.path.stem for error in found.errors} == set(wrong)


def test_a_tenant_that_was_read_cannot_be_changed(tmp_path: Path) -> None:
    write(tmp_path, "good")
    tenant = load_tenants(tmp_path).get("good")

    with pytest.raises(ValidationError, match="frozen"):
        tenant.name = "other"
    with pytest.raises(ValidationError, match="frozen"):
        tenant.forecast.horizon_weeks = 5


@pytest.mark.parametrize("schedule", ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "59 23 31 2 *"])
def test_a_schedule_that_never_comes_is_refused(tmp_path: Path, schedule: str) -> None:
    write(tmp_path, "broken", schedules__pipeline=schedule)
    write(tmp_path, "good", schedules__pipeline="0 0 29 2 *")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["good"]
    assert f"key 'schedules.pipeline': Value error, '{schedule}' never comes" in only_error(found)


@pytest.mark.parametrize(
    "settings",
    [
        {"time_zone": "localtime"},
        {"time_zone": "Factory"},
        {"limits": {"budgets": [{"season": 1, "category": 1, "month": "0000-01", "amount": 1}]}},
        {
            "limits": {
                "budgets": [
                    {"season": 1, "category": 1, "month": "\N{FULLWIDTH DIGIT TWO}026-01", "amount": 1}
                ]
            }
        },
        {"limits": {"budgets": [{"season": 1, "category": 1, "month": "2026-01", "amount": "9" * 300}]}},
        {
            "prices": {
                "include_tax": False,
                "exchange_rates": {"CHF": [{"from": "2020-01-01", "rate": "1" * 30}]},
            }
        },
        {
            "prices": {
                "include_tax": False,
                "exchange_rates": {"CHF": [{"from": "2020-01-01", "rate": "1e-9"}]},
            }
        },
    ],
)
def test_a_setting_that_no_model_can_use_is_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    write(tmp_path, "broken", **settings)
    write(tmp_path, "good")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["good"]
    assert f"key '{next(iter(settings))}" in only_error(found)


@pytest.mark.parametrize("schedule", ["R R * * *", "r * * * *", "R(0-5) 3 * * *"])
def test_a_schedule_that_is_another_each_time_is_refused(tmp_path: Path, schedule: str) -> None:
    write(tmp_path, "broken", schedules__pipeline=schedule)
    write(tmp_path, "good", schedules__pipeline="0 0 * MAR,APR FRI")

    found = load_tenants(tmp_path)

    assert [tenant.id for tenant in found] == ["good"]
    assert f"'{schedule}' is no schedule" in only_error(found)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1767225600, "expected a day such as"),
        ("1767225600", "expected a day such as"),
        ("2999-01-01", "lies in the future"),
        ("1969-12-31", "greater than or equal to"),
    ],
)
def test_a_first_day_that_no_receipt_can_have_is_refused(tmp_path: Path, value: Any, said: str) -> None:
    write(tmp_path, "broken", source__plausible={"first_day": value})

    found = load_tenants(tmp_path)

    assert list(found) == []
    assert said in only_error(found)


@pytest.mark.parametrize("setting", ["pack_size", "display_units", "action_value", "minimum_order_units"])
def test_a_policy_that_no_buyer_means_is_refused(tmp_path: Path, setting: str) -> None:
    """Beyond it an order would fit no amount of the marts, and the tenant's runs would fail."""
    write(tmp_path, "broken", replenishment__default={setting: 10**17})

    found = load_tenants(tmp_path)

    assert list(found) == []
    assert "less than or equal to" in only_error(found)


@pytest.mark.parametrize("key", ["name", "owner", "region", "landing", "database"])
def test_a_name_is_one_line_without_control_characters(tmp_path: Path, key: str) -> None:
    write(tmp_path, "broken", **{key: "two\nlines"})

    found = load_tenants(tmp_path)

    assert list(found) == []
    assert f"key '{key}': Value error, expected one line of text without control" in only_error(found)


@pytest.mark.parametrize("schedule", ["@hourly", "15 6 * * 1-5", None])
def test_the_schedule_of_a_file_is_taken_as_it_is(tmp_path: Path, schedule: str | None) -> None:
    write(tmp_path, "good", schedules__pipeline=schedule)

    assert load_tenants(tmp_path).get("good").pipeline_schedule == schedule


def test_a_file_without_a_schedule_runs_hourly_at_a_minute_that_never_moves(tmp_path: Path) -> None:
    for tenant_id in ("giftware", "modehaus"):
        write(tmp_path, tenant_id)

    found = {tenant.id: tenant.pipeline_schedule for tenant in load_tenants(tmp_path)}

    assert found == {"giftware": "56 * * * *", "modehaus": "48 * * * *"}


def test_two_hundred_tenants_are_spread_over_the_hour(tmp_path: Path) -> None:
    write(tmp_path, "good")
    tenant = load_tenants(tmp_path).get("good")
    ids = [f"retailer_{number}" for number in range(200)]

    minutes = Counter(tenant.model_copy(update={"id": each}).pipeline_schedule for each in ids)

    # An even spread would have 3 or 4 in each.
    assert len(minutes) > 50
    assert max(minutes.values()) <= 10
