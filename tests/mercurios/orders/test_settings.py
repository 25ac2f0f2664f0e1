"""The section `replenishment` of a tenant file, and the rows the models read of it."""

from __future__ import annotations

import pytest
import yaml
from pydantic import BaseModel, ValidationError
from retailer import tenant_of

from mercurios.orders.settings import Policy, Replenishment, SupplierPolicy, model_default
from mercurios.tenants import Tenant


def test_every_setting_of_the_file_is_a_row_and_an_omitted_one_is_empty():
    section = Replenishment.model_validate(
        {
            "default": {"service_level": 0.9, "is_reordered": True},
            "budget": 5000,
            "classes": {"AX": {"service_level": 0.98}},
            "suppliers": {20: {"lead_time_days": 14, "minimum_order_value": 250}},
            "articles": {100: {"pack_size": 6}},
        }
    )

    assert {tuple(row) for row in section.rows()} == {
        ("tenant", "", "is_reordered", 1.0),
        ("tenant", "", "service_level", 0.9),
        ("tenant", "", "budget", 5000.0),
        ("class", "AX", "service_level", 0.98),
        ("supplier", "20", "lead_time_days", 14.0),
        ("supplier", "20", "minimum_order_value", 250.0),
        ("article", "100", "pack_size", 6.0),
    }


def test_a_file_without_the_section_leaves_everything_to_the_models():
    assert tenant_of("mini").replenishment.rows() == []


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"default": {"service_level": 95}}, "default.service_level"),
        ({"classes": {"D": {}}}, "classes.D"),
        ({"articles": {100: {"pack_size": 0}}}, "articles.100.pack_size"),
        ({"articles": {100: {"minimum_order_value": 9}}}, "articles.100.minimum_order_value"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(section, named):
    document = tenant_of("mini").model_dump(exclude={"replenishment"}) | {"replenishment": section}

    with pytest.raises(ValidationError) as refused:
        Tenant.model_validate(document)

    where = ".".join(str(part) for part in refused.value.errors()[0]["loc"])
    assert where.startswith(f"replenishment.{named}")


@pytest.mark.parametrize(
    ("setting", "taken", "refused"),
    [
        ("service_level", (0.5, 0.999), (0.499, 0.9991)),
        ("lead_time_days", (0, 730), (-0.5, 730.5)),
        ("review_days", (1, 365), (0.5, 365.5)),
        ("order_cycle_days", (0, 365), (-0.5, 365.5)),
        ("pack_size", (1, 1_000_000), (0, -1, 1_000_001)),
        ("minimum_order_units", (0, 1_000_000), (-1, 1_000_001)),
        ("display_units", (0, 1_000_000), (-1, 1_000_001)),
        ("transfer_minimum", (1, 1_000_000), (0, 1_000_001)),
        ("expedite_days", (1, 365), (0, 366)),
        ("expedite_by_days", (0, 365), (-1, 366)),
        ("action_units", (1, 1_000_000), (0, 1_000_001)),
        ("action_value", (0, 1e12), (-0.01, 1e12 + 1)),
        ("order_line_value", (0, 1e12), (-0.01, 1e12 + 1)),
        ("holding_rate", (0.01, 1), (0, 1.01)),
        ("decide_units", (1, 1_000_000), (0, 1_000_001)),
        ("minimum_order_value", (0, 1e12), (-0.01, 1e12 + 1)),
    ],
)
def test_a_setting_is_taken_up_to_its_limits_and_refused_beyond(setting, taken, refused):
    for value in taken:
        assert getattr(SupplierPolicy.model_validate({setting: value}), setting) == value
    for value in (*refused, float("nan"), float("inf")):
        with pytest.raises(ValidationError, match=setting):
            SupplierPolicy.model_validate({setting: value})


def test_customers_wait_only_where_it_is_said():
    section = Replenishment.model_validate({"classes": {"A": {"customers_wait": True}}, "default": {}})

    assert [tuple(row) for row in section.rows()] == [("class", "A", "customers_wait", 1.0)]


@pytest.mark.parametrize(
    ("budget", "is_taken"), [(0, True), (0.01, True), (1e12, True), (-0.01, False), (1e12 + 1, False)]
)
def test_a_budget_may_be_nothing_and_not_less(budget, is_taken):
    if is_taken:
        rows = Replenishment(budget=budget).rows()
        assert [tuple(row) for row in rows] == [("tenant", "", "budget", budget)]
    else:
        with pytest.raises(ValidationError, match="budget"):
            Replenishment(budget=budget)


@pytest.mark.parametrize("name", ["A", "B", "C", "AX", "CZ"])
def test_a_class_is_a_value_class_with_or_without_a_variability_class(name):
    section = Replenishment.model_validate({"classes": {name: {"display_units": 0}}})

    assert [tuple(row) for row in section.rows()] == [("class", name, "display_units", 0.0)]


@pytest.mark.parametrize("name", ["D", "X", "AA", "AXX", "a", ""])
def test_a_class_of_another_form_is_refused(name):
    with pytest.raises(ValidationError, match="classes"):
        Replenishment.model_validate({"classes": {name: {}}})


@pytest.mark.parametrize("model", [Policy, SupplierPolicy, Replenishment])
def test_a_misspelled_setting_is_refused_and_not_left_out(model):
    with pytest.raises(ValidationError, match="service_levle"):
        model.model_validate({"service_levle": 0.9})


def test_defaults_of_the_models_are_read_from_their_project(root):
    lines = (root / "include" / "dbt" / "dbt_project.yml").read_text().splitlines()

    learned = ("is_reordered", "minimum_order_value")
    for setting in (name for name in SupplierPolicy.model_fields if name not in learned):
        assert f"  default_{setting}: {model_default(setting):g}" in lines
    with pytest.raises(KeyError, match="default_lead_time"):
        model_default("lead_time")


def test_the_longest_lead_time_of_the_models_is_the_most_a_tenant_file_may_say(root):
    project = yaml.safe_load((root / "include" / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    longest = project["vars"]["longest_lead_time_days"]

    assert Policy(lead_time_days=longest).lead_time_days == longest
    with pytest.raises(ValidationError, match="lead_time_days"):
        Policy(lead_time_days=longest + 1)


@pytest.mark.parametrize(
    ("settings", "name"), [(Policy(), "service_level"), (Replenishment(), "budget")], ids=["policy", "tenant"]
)
def test_settings_that_were_read_cannot_be_changed(settings: BaseModel, name: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, name, 0.5)
