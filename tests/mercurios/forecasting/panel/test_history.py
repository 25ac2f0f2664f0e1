"""What methods learn from: the regressors of its periods, and some of its series with all that belongs to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mercurios.forecasting.panel.panel import Panel

UNITS = np.arange(12.0).reshape(3, 4)


def test_regressors_of_the_past_end_with_the_history(make_panel: Callable[..., Panel]) -> None:
    planned = np.arange(3 * 6 * 2, dtype=float).reshape(3, 6, 2)

    assert np.array_equal(make_panel(UNITS, x=planned).past_x, planned[:, :4])


def test_a_history_without_regressors_has_no_column_of_them(make_panel: Callable[..., Panel]) -> None:
    assert make_panel(UNITS).past_x.shape == (3, 4, 0)


def test_a_part_has_the_rows_of_its_series_in_the_order_asked_for(make_panel: Callable[..., Panel]) -> None:
    planned = np.arange(3 * 6 * 2, dtype=float).reshape(3, 6, 2)
    mask = np.array([[True] * 4, [False] + [True] * 3, [True] * 4])
    panel = make_panel(UNITS, mask=mask, group=np.array([7, 8, 9]), x=planned)

    part = panel.take(np.array([2, 1]))

    assert np.array_equal(part.y, [UNITS[2], [0.0, *UNITS[1][1:]]])
    assert part.mask.tolist() == mask[[2, 1]].tolist()
    assert part.group.tolist() == [9, 8]
    assert part.x is not None
    assert np.array_equal(part.x, planned[[2, 1]])
    assert (part.n_series, part.n_weeks) == (2, 4)


def test_a_first_sale_is_observed_because_it_was_one(make_panel: Callable[..., Panel]) -> None:
    """Not at the beginning of the history, not without a sale, and not as the only period with more than a unit."""
    units = np.array([[0, 0, 5, 1], [5, 0, 0, 1], [0, 0, 0, 5], [0, 0, 0, 1], [0, 0, 0, 1]], dtype=float)
    mask = np.array([[0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1]], dtype=bool)
    panel = make_panel(units, mask=mask)

    learned = panel.after_first_sale()

    assert np.argwhere(panel.chosen_by_sale()).tolist() == [[0, 2], [4, 3]]
    assert learned.mask.tolist() == [[False, False, False, True], *mask[1:4].tolist(), [False] * 4]
    assert learned.y[0].tolist() == [0, 0, 0, 1]
