"""The batched ridge gives, for every single series, the textbook regression."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from histories import history_of

from mercurios.forecasting.arrays import matmul_rows
from mercurios.forecasting.effects import ridge
from mercurios.forecasting.effects.calendar import Columns, build_frame, series_columns
from mercurios.forecasting.settings import ForecastSettings

WEEKS = 140


@pytest.fixture(scope="module")
def columns() -> Columns:
    holidays = [np.datetime64("2021-12-25").item(), np.datetime64("2022-12-25").item()]
    frame = build_frame(history_of(np.ones((1, WEEKS))), holidays, ForecastSettings())
    return series_columns(frame, WEEKS, ForecastSettings())


@pytest.fixture(scope="module")
def series() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    z = rng.gamma(2.0, 3.0, (60, 1)) * (1.0 + 0.5 * np.sin(np.arange(WEEKS) / 8.3)) + rng.normal(
        0, 2, (60, WEEKS)
    )
    observed = rng.random(z.shape) > np.linspace(0.0, 0.6, 60)[:, None]
    return z, observed


def normal_equations(
    columns: Columns, center: np.ndarray, penalty: float, z: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    design = np.column_stack([np.ones(WEEKS), columns.design - center])[observed]
    ridge_matrix = np.diag(np.concatenate([[0.0], columns.penalty * penalty]))
    solution: np.ndarray = np.linalg.solve(design.T @ design + ridge_matrix, design.T @ z[observed])
    return solution


def test_coefficients_equal_the_statsmodels_ridge_of_one_series(columns: Columns, series: tuple) -> None:
    z, _ = series
    basis = ridge.decompose(columns.design, columns.penalty)
    fitted = ridge.fit(basis, z, np.ones(z.shape, dtype=bool))
    design = np.column_stack([np.ones(WEEKS), columns.design - basis.center])
    for row in range(0, 60, 7):
        penalty = basis.grid[fitted.choice[row]]
        alpha = np.concatenate([[0.0], columns.penalty * penalty]) / WEEKS
        reference = sm.OLS(z[row], design).fit_regularized(alpha=alpha, L1_wt=0.0).params
        found = np.concatenate([fitted.intercept(basis)[row : row + 1], fitted.coefficients(basis)[row]])
        np.testing.assert_allclose(found, reference, rtol=0, atol=1e-8)


def test_masked_weeks_leave_exactly_the_regression_on_the_observed_weeks(
    columns: Columns, series: tuple
) -> None:
    z, observed = series
    basis = ridge.decompose(columns.design, columns.penalty)
    fitted = ridge.fit(basis, z, observed)
    coefficients, intercept = fitted.coefficients(basis), fitted.intercept(basis)
    for row in range(60):
        reference = normal_equations(
            columns, basis.center, basis.grid[fitted.choice[row]], z[row], observed[row]
        )
        found = np.concatenate([intercept[row : row + 1], coefficients[row]])
        np.testing.assert_allclose(found, reference, rtol=0, atol=1e-8)


def test_the_penalty_is_the_one_with_the_least_gcv_score_of_the_observed_weeks(
    columns: Columns, series: tuple
) -> None:
    z, observed = series
    basis = ridge.decompose(columns.design, columns.penalty)
    choice = ridge.fit(basis, z, observed).choice
    design = np.column_stack([np.ones(WEEKS), columns.design - basis.center])
    for row in range(0, 60, 3):
        x, y, n = design[observed[row]], z[row][observed[row]], int(observed[row].sum())
        scores = []
        for penalty in basis.grid:
            inner = x.T @ x + np.diag(np.concatenate([[0.0], columns.penalty * penalty]))
            hat = x @ np.linalg.solve(inner, x.T)
            residual = y - hat @ y
            scores.append(n * residual @ residual / (n - ridge.GCV_INFLATION * np.trace(hat)) ** 2)
        assert choice[row] == int(np.argmin(scores))


def test_the_grid_is_used_from_stiff_to_loose() -> None:
    rng = np.random.default_rng(5)
    time = np.linspace(-1, 1, 80)
    basis = ridge.decompose(time[:, None], np.ones(1))
    z = np.stack([rng.normal(0, 1, 80), 50.0 * time + rng.normal(0, 0.1, 80), np.full(80, 4.0)])
    choice = ridge.fit(basis, z, np.ones(z.shape, dtype=bool)).choice
    assert choice[0] == 0
    assert choice[1] == len(ridge.PENALTY_GRID) - 1
    assert ridge.fit(basis, z, np.ones(z.shape, dtype=bool)).fitted(basis, 80)[2] == pytest.approx(4.0)


@pytest.mark.parametrize("rows", [slice(0, 1), slice(3, 4), slice(17, 50), slice(1, 60)])
def test_a_series_bits_do_not_depend_on_its_neighbours(columns: Columns, series: tuple, rows: slice) -> None:
    z, observed = series
    basis = ridge.decompose(columns.design, columns.penalty)
    together, alone = ridge.fit(basis, z, observed), ridge.fit(basis, z[rows], observed[rows])
    assert np.array_equal(together.choice[rows], alone.choice)
    assert np.array_equal(together.projection[rows], alone.projection)
    assert np.array_equal(together.coefficients(basis)[rows], alone.coefficients(basis))


def test_row_products_equal_the_plain_product_at_any_position() -> None:
    rng = np.random.default_rng(2)
    rows, matrix = rng.normal(size=(1001, 150)), rng.normal(size=(150, 31))
    product = matmul_rows(rows, matrix)
    np.testing.assert_allclose(product, rows @ matrix, atol=1e-11)
    shuffled = rng.permutation(1001)
    assert np.array_equal(matmul_rows(rows[shuffled], matrix), product[shuffled])
    assert np.array_equal(matmul_rows(rows[5:6], matrix[:, :1]), matmul_rows(rows, matrix[:, :1])[5:6])


def test_the_penalty_of_the_greatest_marginal_likelihood_is_chosen() -> None:
    """The likelihood of y ~ N(mean, s^2 (I + X X' / l)), its variance profiled out, from the dense covariance."""
    rng = np.random.default_rng(12)
    design = rng.normal(size=(40, 5))
    design -= design.mean(axis=0)
    z = np.stack([design @ rng.normal(0.0, size, 5) + rng.normal(size=40) for size in (0.0, 0.4, 5.0)])
    basis = ridge.decompose(design, np.ones(5))
    found = ridge.fit_by_likelihood(basis, z, np.ones(z.shape, dtype=bool))
    for row, series in enumerate(z - z.mean(axis=1, keepdims=True)):
        scores = []
        for penalty in basis.grid:
            covariance = np.eye(40) + design @ design.T / penalty
            scores.append(
                39 * np.log(series @ np.linalg.solve(covariance, series)) + np.linalg.slogdet(covariance)[1]
            )
        assert found.choice[row] == int(np.argmin(scores))
        exact = np.linalg.solve(
            design.T @ design + basis.grid[found.choice[row]] * np.eye(5), design.T @ series
        )
        np.testing.assert_allclose(found.coefficients(basis)[row], exact, atol=1e-9)
    assert found.choice[0] < found.choice[2]


def test_masked_weeks_hardly_move_a_fit_by_likelihood() -> None:
    rng = np.random.default_rng(13)
    design = rng.normal(size=(60, 3))
    z = (design @ np.array([1.0, -2.0, 0.5]) + rng.normal(0.0, 0.1, 60))[None, :]
    observed = np.ones(z.shape, dtype=bool)
    observed[0, ::7] = False
    basis = ridge.decompose(design, np.ones(3))
    wrong = np.where(observed, z, 1e6)
    coefficients = ridge.fit_by_likelihood(basis, wrong, observed).coefficients(basis)[0]
    np.testing.assert_allclose(coefficients, [1.0, -2.0, 0.5], atol=0.1)
