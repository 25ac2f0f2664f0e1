"""What must hold in every replay, whatever is ordered: no unit appears or vanishes, and no decision sees the future."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercurios.policy_backtest.command import run_backtest
from mercurios.policy_backtest.models import Model
from mercurios.policy_backtest.request import Request
from mercurios.policy_backtest.rules import RULES

pytestmark = [pytest.mark.dbt, pytest.mark.long, pytest.mark.slow]
Columns = Callable[..., dict[str, Any]]
Backtest = Callable[..., tuple[dict[str, Any], pa.Table]]
POLICY = "default: {service_level: 0.9, lead_time_days: 14, review_days: 7}"


def by_week(weekly: pa.Table, name: str) -> np.ndarray:
    """A column as weeks x (rule and series)."""
    return weekly[name].to_numpy().reshape(len(weekly["week"].unique()), -1)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(
    seed=st.integers(0, 1000),
    lead=st.integers(0, 30),
    review=st.integers(1, 20),
    pack=st.integers(1, 12),
    minimum=st.integers(0, 30),
    wait=st.booleans(),
)
def test_every_unit_is_accounted_for_and_ordered_by_the_formula(
    backtest: Backtest,
    columns: Columns,
    seed: int,
    lead: int,
    review: int,
    pack: int,
    minimum: int,
    wait: bool,
) -> None:
    """Stock below nothing is what customers wait for; without that it is never below."""
    policy = (
        f"default: {{service_level: 0.9, lead_time_days: {lead}, review_days: {review}, pack_size: {pack}, "
        f"minimum_order_units: {minimum}, order_cycle_days: 7, customers_wait: {str(wait).lower()}}}"
    )

    _, weekly = backtest(columns(seed), policy, weeks=4, warm_up=3)

    values = {name: by_week(weekly, name) for name in weekly.column_names if name not in ("rule", "week")}
    before, received, sold, after = (
        values[name] for name in ("stock_before", "received", "sold", "stock_after")
    )
    assert (
        np.minimum.reduce([received, sold, values["lost"], values["ordered"], values["forgone"]]) >= 0
    ).all()
    np.testing.assert_allclose(before + received - (values["demand"] if wait else sold), after)
    np.testing.assert_allclose(values["demand"] - sold, values["lost"])
    assert (np.minimum(values["lost"], np.maximum(after, 0)) == 0).all()
    assert wait or after.min() >= 0
    np.testing.assert_array_equal(before[1:], after[:-1])
    # Nothing arrives that was not ordered: after the lead time, all of it.
    weeks = -(-lead // 7)
    np.testing.assert_array_equal(received[:weeks], 0)
    np.testing.assert_array_equal(received[weeks:], values["ordered"][: len(received) - weeks])
    # Orders are made when it is time to look, as many whole packs as are missing, and at least the minimum.
    position = before + received - np.where(weeks == 0, values["ordered"], 0)
    position = position + values["ordered"].cumsum(axis=0) - values["ordered"] - received.cumsum(axis=0)
    position = position + np.where(weeks == 0, values["ordered"], 0)
    # What customers who leave will miss until the goods come is not made good by them.
    assert not (wait and values["forgone"].any())
    position = position + values["forgone"]
    missing = np.maximum(values["order_up_to"] - position, minimum)
    due = (np.arange(len(before)) % -(-review // 7) == 0)[:, None] & (position < values["reorder_point"])
    np.testing.assert_array_equal(values["ordered"], np.where(due, pack * np.ceil(missing / pack), 0))
    assert values["ordered"].sum() > 0


def test_the_same_input_gives_the_same_files(
    backtest: Backtest, shared_backtest: Backtest, columns: Columns
) -> None:
    first, second = shared_backtest(POLICY), backtest(columns(), POLICY)

    assert first[0] == second[0]
    assert first[1].equals(second[1])


@pytest.mark.parametrize("what", ["quantity", "in_stock", "x_promo"])
def test_what_comes_later_changes_no_decision_before_it(
    backtest: Backtest, shared_backtest: Backtest, columns: Columns, what: str
) -> None:
    # A promotion is known for the weeks of a forecast.
    planned = 8 if what == "x_promo" else 0
    weeks, changed = 14, 5
    known, other = columns(), columns()
    later = known["week"] >= np.unique(known["week"])[-weeks:][changed + planned]
    other[what] = np.where(later, {"quantity": 99.0, "in_stock": False, "x_promo": 1.0}[what], known[what])

    _, before = shared_backtest(POLICY, weeks=weeks, warm_up=0)
    _, after = backtest(other, POLICY, weeks=weeks, warm_up=0)

    for name in ("reorder_point", "order_up_to", "ordered"):
        same, moved = by_week(before, name), by_week(after, name)
        # The week itself is decided before its customers come.
        np.testing.assert_array_equal(same[: changed + 1], moved[: changed + 1])
        assert name == "ordered" or not np.array_equal(same[changed + 1 :], moved[changed + 1 :])


def test_every_rule_begins_with_the_same_stock_and_meets_the_same_demand(shared_backtest: Backtest) -> None:
    _, weekly = shared_backtest(POLICY)

    for name, week in (("stock_before", 0), ("demand", 0), ("demand", -1)):
        of_rules = by_week(weekly, name)[week].reshape(len(RULES), -1)
        np.testing.assert_array_equal(of_rules, np.tile(of_rules[0], (len(RULES), 1)))


def test_weeks_without_stock_in_the_history_ask_for_nothing_and_do_not_count(
    backtest: Backtest, columns: Columns
) -> None:
    values = columns()
    out_of_stock = values["week"] == np.unique(values["week"])[-2]
    values["in_stock"] = ~out_of_stock
    values["quantity"] = np.where(out_of_stock, 0.0, values["quantity"])

    summary, weekly = backtest(values, POLICY, weeks=4)

    assert by_week(weekly, "demand")[-2].sum() == 0
    assert not by_week(weekly, "is_measured")[-2].any()
    assert by_week(weekly, "is_measured")[-1].all()
    assert summary["masked_weeks"] == summary["series"]
    assert summary["series_weeks"] == 3 * summary["series"]


def test_a_keyed_in_outlier_asks_for_nothing_and_does_not_count(backtest: Backtest, columns: Columns) -> None:
    values = columns()
    week = np.unique(values["week"])[-2]
    values["quantity"][(values["week"] == week) & (values["article"] == 100)] = 1e6

    summary, weekly = backtest(values, POLICY, weeks=3, warm_up=0)

    outliers = weekly.filter(pa.compute.invert(weekly["is_measured"]))
    assert set(outliers["article"].to_pylist()) == {100}
    assert set(outliers["week"].to_pylist()) == {week.item()}
    assert set(outliers["demand"].to_pylist()) == {0.0}
    assert summary["demand_units"] < 1e5


def test_warm_up_is_replayed_and_not_counted(backtest: Backtest, columns: Columns) -> None:
    summary, weekly = backtest(columns(), POLICY, weeks=3)

    # Twice lead time and review.
    assert (summary["warm_up"], len(weekly["week"].unique())) == (6, 9)
    measured = by_week(weekly, "is_measured")
    assert not measured[:6].any()
    assert measured[6:].all()
    counted = weekly.filter(weekly["is_measured"])
    product = counted.filter(pa.compute.equal(counted["rule"], "product"))
    lost = sum(product["lost"].to_pylist())
    assert summary["rules"]["product"]["lost_units"] == pytest.approx(lost, abs=1e-3)
    assert summary["rules"]["product"]["fill_rate"] == pytest.approx(
        1 - lost / sum(product["demand"].to_pylist()), abs=1e-6
    )


def test_orders_are_those_of_the_models_at_each_article_s_own_policy(
    backtest: Backtest, columns: Columns
) -> None:
    policy = (
        "default: {service_level: 0.8, lead_time_days: 14, review_days: 7}\n"
        "articles:\n  100: {pack_size: 24}\n  101: {is_reordered: false}\n  102: {service_level: 0.99}\n"
    )

    _, plain = backtest(columns(), POLICY.replace("0.9", "0.8"))
    _, particular = backtest(columns(), policy)

    def of(weekly: pa.Table, article: int, name: str) -> np.ndarray:
        return weekly.filter(pa.compute.equal(weekly["article"], article))[name].to_numpy()

    assert (of(particular, 100, "ordered") % 24 == 0).all()
    assert of(particular, 100, "ordered").any()
    assert not of(particular, 101, "ordered").any()
    assert of(particular, 102, "order_up_to").sum() > of(plain, 102, "order_up_to").sum()
    np.testing.assert_array_equal(of(particular, 103, "ordered"), of(plain, 103, "ordered"))


def test_the_formula_is_the_models_own(compiled: Mapping[str, Model], root: Path) -> None:
    folder = root / "include" / "dbt" / "models" / "marts" / "replenishment"
    made = {name for name, model in compiled.items() if model.sql}

    assert {
        "demand_outlook",
        "replenishment_level",
        "replenishment_position",
        "replenishment_proposal",
    } <= made
    assert all((folder / f"{name}.sql").is_file() for name in made)
    assert "'backtest'" in compiled["replenishment_proposal"].sql


def test_a_replay_that_breaks_off_leaves_no_file(
    columns: Columns, write: Callable[..., Path], compiled: Mapping[str, Model], tmp_path: Path
) -> None:
    request = Request(
        panel=write(tmp_path / "panel.parquet", columns()), weeks=2, warm_up=0, out=tmp_path / "out"
    )

    def interrupt(step: str, steps: int) -> None:
        if step == "replay":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_backtest(request, interrupt, compiled)

    assert list((tmp_path / "out").iterdir()) == []
