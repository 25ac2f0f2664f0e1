"""An article without a history is forecast by the most similar articles, scaled by its branch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from histories import history_of

from mercurios.forecasting import ForecastSettings, forecast
from mercurios.forecasting.methods.cold_start import Levels, fit_levels, own_share
from mercurios.forecasting.panel.cadence import DAILY, WEEKLY
from mercurios.forecasting.panel.panel import Panel


def levels(panel: Panel, group: np.ndarray, attributes: np.ndarray | None = None) -> Levels:
    return fit_levels(replace(panel, group=group, attributes=attributes))


@pytest.fixture
def panel(make_panel: Callable[..., Panel]) -> Panel:
    """Sixty series in three branches: group 0 sells 2 a week, group 1 8; of group 1 supplier 5 sells 32."""
    level = np.repeat([2.0, 8.0, 32.0], 20)
    panel = make_panel(np.repeat(level[:, None], 30, axis=1), group=np.repeat([0, 1, 1], 20))
    return replace(
        panel,
        branch_number=np.zeros(60, dtype=np.int64),
        attributes=np.repeat([4, 4, 5], 20)[:, None].astype(np.int64),
    )


def test_the_more_an_article_shares_the_nearer_is_its_reference(panel: Panel) -> None:
    found = fit_levels(panel)
    alike = found.expected(np.array([[1, 5], [1, 4], [1, 99], [0, 4], [77, 5]]), np.zeros(5, dtype=np.int64))
    assert alike[0] == pytest.approx(32.0, rel=0.25)
    assert alike[1] == pytest.approx(8.0, rel=0.25)
    assert alike[1] < alike[2] < alike[0]
    assert alike[3] == pytest.approx(2.0, rel=0.25)
    assert alike[4] == pytest.approx(float(found.overall[0]), rel=0.05)


def test_few_articles_alike_are_shrunk_to_less_similar_ones(panel: Panel) -> None:
    rows = np.r_[0:40, 40:41]
    found = fit_levels(panel.take(rows))
    lonely = found.expected(np.array([[1, 5]]), np.zeros(1, dtype=np.int64))[0]
    assert 8.0 < lonely < 14.0


def test_a_branch_that_sells_more_raises_the_reference(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(4)
    branch = np.arange(90) % 3
    panel = make_panel(rng.poisson(np.array([2.0, 4.0, 8.0])[branch][:, None], (90, 40)).astype(float))
    found = fit_levels(panel)
    by_branch = found.expected(np.zeros((3, 1), dtype=np.int64), np.arange(3))
    assert by_branch[2] / by_branch[0] == pytest.approx(4.0, rel=0.4)
    assert by_branch[0] < by_branch[1] < by_branch[2]


def test_a_new_article_is_forecast_like_similar_ones(panel: Panel) -> None:
    mask = panel.mask.copy()
    mask[[0, 40], :-1] = False
    y = np.where(mask, panel.y, 0.0)
    y[0, -1] = y[40, -1] = 6.0
    mean = forecast(replace(panel, y=y, mask=mask)).prediction.mean.mean(axis=1)
    assert mean[0] < 6.0 < mean[40]


def test_the_own_forecast_takes_over_with_the_weeks() -> None:
    mask = np.arange(120) >= 120 - np.array([[0], [1], [6], [13], [120]])
    weekly, daily = (own_share(history_of(1.0 * mask, mask, cadence)) for cadence in (WEEKLY, DAILY))
    assert weekly.tolist() == [0.0, 1 / 3, 6 / 8, 1.0, 1.0]
    assert daily[3] == pytest.approx((13 / 7) / (13 / 7 + 2))


def test_attributes_in_a_shard_give_what_they_give_in_the_panel(panel: Panel) -> None:
    found = fit_levels(panel)
    whole = found.expected(panel.similarity_keys(), panel.branch_number)
    shard = panel.take(np.array([3, 41]))
    assert np.array_equal(found.expected(shard.similarity_keys(), shard.branch_number), whole[[3, 41]])


def test_a_panel_survives_being_written_and_read(panel: Panel) -> None:
    restored = Panel.from_arrays(panel.to_arrays())
    for name in ("y", "mask", "article_number", "branch_number", "week_starts", "group", "attributes"):
        assert np.array_equal(getattr(restored, name), getattr(panel, name))


def test_a_reference_is_shrunk_to_the_less_similar_one_as_if_by_five_series(
    make_panel: Callable[..., Panel],
) -> None:
    """With a = log 4: twenty series at a and five at 2 a, whose mean is 1.2 a; all sell as much every week."""
    panel = make_panel(np.repeat(np.repeat([3.0, 15.0], [20, 5])[:, None], 20, axis=1))
    panel = replace(
        panel,
        group=np.repeat([0, 1], [20, 5]),
        attributes=np.repeat([4, 5], [20, 5])[:, None],
        branch_number=np.repeat([0, 1], [20, 5]),
    )
    a = np.log(4.0)

    found = fit_levels(panel)

    wanted = np.array([[0, 9], [1, 9], [0, 4], [1, 5], [7, 4]])
    group_0, group_1 = (20 + 5 * 1.2) / 25, (10 + 5 * 1.2) / 10
    alike_0, alike_1 = (20 + 5 * group_0) / 25, (10 + 5 * group_1) / 10
    np.testing.assert_allclose(
        found.reference(wanted) / a, [group_0, group_1, alike_0, alike_1, 1.2], rtol=1e-12
    )
    assert found.overall.tolist() == pytest.approx([4.0**1.2 - 1.0])
    # A branch's factor is what its series sell beyond their references.
    expected = found.expected(np.array([[1, 5], [1, 5]]), np.array([1, 99]))
    np.testing.assert_allclose(expected[1], 4.0**alike_1 - 1.0, rtol=1e-12)
    np.testing.assert_allclose(expected[0] / expected[1], 4.0 ** (2.0 - alike_1), rtol=1e-12)


def test_a_branch_changes_a_reference_to_a_fifth_or_fivefold_at_most(
    make_panel: Callable[..., Panel],
) -> None:
    """Two hundred articles in the branch that sells nothing would make it smaller than that."""
    units = np.repeat(np.append(np.full(100, 1e6), np.full(100, 0.0))[:, None], 20, axis=1)
    panel = replace(make_panel(units), branch_number=np.repeat([3, 4], 100))

    found = fit_levels(panel)

    assert (found.branches.tolist(), found.branch_factor.tolist()) == ([3, 4], [5.0, 0.2])


def test_a_panel_in_which_nothing_was_observed_expects_nothing(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(np.ones((3, 20)), mask=np.zeros((3, 20), dtype=bool))

    found = fit_levels(panel)

    assert found.overall.tolist() == [0.0]
    assert found.expected(np.zeros((2, 1), dtype=np.int64), np.array([0, 1])).tolist() == [0.0, 0.0]


def test_launches_are_forecast_what_they_sell_and_not_what_their_first_sale_was(
    make_panel: Callable[..., Panel],
) -> None:
    """Every one begins with a sale; of slow goods that is far more than the average week."""
    rng = np.random.default_rng(11)
    rate = rng.gamma(1.0, 0.4, 3_000)
    units = rng.poisson(rate[:, None], (3_000, 56)).astype(float)
    begin = np.arange(3_000) % 54
    units[np.arange(56) < begin[:, None]] = 0.0
    mask = np.cumsum(units, axis=1) > 0
    panel, rate = make_panel(units, mask=mask).take(mask[:, -1]), rate[mask[:, -1]]
    weeks = panel.mask.sum(axis=1)

    mean = forecast(panel, settings=ForecastSettings(horizon=4)).prediction.mean[:, 0]

    for low, high in ((1, 5), (5, 13), (13, 57)):
        chosen = (weeks >= low) & (weeks < high)
        assert mean[chosen].sum() == pytest.approx(rate[chosen].sum(), rel=0.15), (low, "seed 11")
