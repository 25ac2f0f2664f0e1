"""The policy of a replay, in the words of a tenant file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mercurios.policy_backtest.policy import PolicyError, read_policy


def policy(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text)
    return path


def test_a_tenant_file_s_section_can_be_used_as_it_is(tmp_path: Path, root: Path) -> None:
    found = read_policy(root / "include" / "tenants" / "modehaus.yaml")
    bare = read_policy(policy(tmp_path, "default: {service_level: 0.95, review_days: 7}\n"))

    assert found.default == bare.default
    assert found.classes["A"].service_level == 0.97


def test_nothing_said_leaves_everything_to_the_models() -> None:
    found = read_policy(None)

    assert found.rows({}) == []
    assert found.costs.unit_cost == 1.0


def test_articles_are_named_as_in_the_panel(tmp_path: Path) -> None:
    found = read_policy(policy(tmp_path, "articles:\n  B1-7: {pack_size: 6}\n  12: {pack_size: 3}\n"))

    rows = found.rows({"B1-7": 4, "12": 9})

    assert [(row.scope, row.scope_key, row.setting, row.value) for row in rows] == [
        ("article", "4", "pack_size", 6.0),
        ("article", "9", "pack_size", 3.0),
    ]
    with pytest.raises(PolicyError, match=r"articles\.12"):
        found.rows({"B1-7": 4})


def test_an_article_that_the_panel_spells_otherwise_is_named_with_its_line(tmp_path: Path) -> None:
    """YAML 1.1 takes 04711 for octal: the policy of article 2505."""
    found = read_policy(policy(tmp_path, "replenishment:\n  articles:\n    04711: {pack_size: 6}\n"))

    with pytest.raises(
        PolicyError, match=r"line 3, key 'articles.04711': the panel has no such .* it has '4711'"
    ):
        found.rows({"2505": 0, "4711": 1})


@pytest.mark.parametrize(
    ("text", "level"),
    [
        # Three weeks of lead time and one of review.
        ("costs: {holding_cost: 0.2, shortage_cost: 1}", 1 / 1.8),
        (
            "default: {lead_time_days: 0, review_days: 14}\ncosts: {holding_cost: 0.2, shortage_cost: 1}",
            1 / 1.4,
        ),
        ("default: {service_level: 0.9}\ncosts: {holding_cost: 0.2, shortage_cost: 1}", 0.9),
        ("costs: {holding_cost: 2, shortage_cost: 1}", 0.5),
        ("costs: {holding_cost: 0, shortage_cost: 1}", 0.999),
        ("costs: {shortage_cost: 1}", None),
        ("costs: {holding_cost: 0, shortage_cost: 0}", None),
        ("", None),
    ],
)
def test_costs_make_the_service_level_that_the_file_leaves_open(
    tmp_path: Path, text: str, level: float | None
) -> None:
    assert read_policy(policy(tmp_path, text)).service_level() == (
        None if level is None else pytest.approx(level)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default: {service_levle: 0.9}", r"key 'default\.service_levle': unknown"),
        ("default: {service_level: 2}", r"key 'default\.service_level'.*got 2"),
        ("costs: {holding_cost: -1}", r"key 'costs\.holding_cost'"),
        ("classes: {D: {pack_size: 2}}", r"key 'classes\.D"),
        ("- 1", "expected settings such as"),
        ("replenishment: 3", "expected settings such as"),
        ("default: {", "not readable as YAML"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message) as caught:
        read_policy(policy(tmp_path, text))
    assert str(caught.value).startswith("policy.yaml")


def test_what_has_no_effect_is_said(tmp_path: Path) -> None:
    found = read_policy(policy(tmp_path, "budget: 10\nsuppliers: {1: {review_days: 7}}\n"))

    assert [note.split()[2] for note in found.notes()] == ["suppliers", "budget"]


def test_what_the_file_leaves_open_is_what_the_models_take(root: Path, tmp_path: Path) -> None:
    taken = yaml.safe_load((root / "include" / "dbt" / "dbt_project.yml").read_text())["vars"]
    costs = "costs: {holding_cost: 0.2, shortage_cost: 1}"
    lead, review = taken["default_lead_time_days"], taken["default_review_days"]
    said = f"default: {{lead_time_days: {lead}, review_days: {review}}}\n{costs}"

    assert read_policy(policy(tmp_path, costs)).service_level() == (
        read_policy(policy(tmp_path, said)).service_level()
    )
