"""Ridge regression of many series on one design at once, exact under missing weeks, penalty chosen per series by GCV.

All series that share a design share one singular value decomposition; a penalty is then a row of shrinkage factors, and
the whole grid costs one small product. A series with masked weeks inside would need a decomposition of its own; instead
its masked weeks are filled with the values that the fit itself predicts there. That fixed point solves a system as
small as the number of masked weeks and gives exactly the coefficients of the regression without those weeks. Where
many weeks are masked, the eigenvalues of the observed weeks' own normal equations are cheaper and equally exact.

GCV: Golub, Heath and Wahba (1979), Technometrics 21(2), 215-223. The trace is inflated by `GCV_INFLATION` against
under-smoothing (Wood 2017, Generalized Additive Models, section 6.2.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mercurios.forecasting.arrays import F64, I64, Bool, masked_mean, matmul_rows, row_sum

GCV_INFLATION = 1.4
# Stiffest first: equal scores (a constant series) choose the stiffest penalty.
PENALTY_GRID = (100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
# Masked weeks are padded to a multiple of this, so that series of nearly as many are solved in one call.
_GAP_STEP = 4
_GAP_CELLS = 1_000_000
# Masked weeks from which a decomposition of the observed weeks costs less than completing the masked ones.
_MANY_GAPS = 24
_MANY_ROWS = 2_048
_COMPLETIONS = 12


@dataclass(frozen=True, slots=True)
class RidgeBasis:
    """Decomposition of one design: intercept unpenalised, column j penalised by `penalty[j]` times the grid value.

    Attributes:
        q: Orthonormal fitted directions, weeks x (1 + rank); the first is the intercept.
        shrink: Shrinkage of each direction, penalties x (1 + rank).
        gain: Factor from a projection to its coefficient, penalties x rank.
        to_coefficients: Rank x columns, back to the columns of the design.
        singular: Singular values, one a direction after the intercept.
        center: Column means taken out of the design.
        grid: Absolute penalties, one a row of `shrink`.
    """

    q: F64
    shrink: F64
    gain: F64
    to_coefficients: F64
    singular: F64
    center: F64
    grid: F64


@dataclass(frozen=True, slots=True)
class RidgeFit:
    """Chosen fit of each series: `projection` on `q` (masked weeks completed), row of the grid, scaled directions."""

    projection: F64
    choice: I64
    directions: F64

    def intercept(self, basis: RidgeBasis) -> F64:
        """Mean of the completed series: the fit where every column is at its center."""
        mean: F64 = self.projection[:, 0] * basis.q[0, 0]
        return mean

    def coefficients(self, basis: RidgeBasis) -> F64:
        """Coefficients of the centered columns, series x columns."""
        return matmul_rows(self.directions, basis.to_coefficients)

    def fitted(self, basis: RidgeBasis, last: int) -> F64:
        """Fitted values of the last `last` weeks, masked weeks included."""
        return matmul_rows(self.projection * basis.shrink[self.choice], basis.q[-last:].T)


def decompose(design: F64, penalty: F64, grid: tuple[float, ...] = PENALTY_GRID) -> RidgeBasis:
    """Decompose a design; `grid` is relative to its number of weeks."""
    weeks, columns = design.shape
    center = design.mean(axis=0) if columns else np.zeros(0)
    absolute = np.asarray(grid) * weeks
    scaled = (design - center) / np.sqrt(penalty)
    u, singular, vt = np.linalg.svd(scaled, full_matrices=False) if columns else _empty_svd(weeks)
    keep = singular > 1e-9 * max(1.0, float(singular.max(initial=0.0)))
    u, singular, vt = u[:, keep], singular[keep], vt[keep]
    squared = singular * singular
    shrink = squared / (squared + absolute[:, None])
    return RidgeBasis(
        q=np.concatenate([np.full((weeks, 1), 1.0 / np.sqrt(weeks)), u], axis=1),
        shrink=np.concatenate([np.ones((absolute.size, 1)), shrink], axis=1),
        gain=singular / (squared + absolute[:, None]),
        to_coefficients=vt / np.sqrt(penalty),
        singular=singular,
        center=center,
        grid=absolute,
    )


def fit(basis: RidgeBasis, z: F64, observed: Bool) -> RidgeFit:
    """Fit every row of `z` on its observed weeks; each row's result is independent of the other rows.

    Args:
        basis: Decomposition of the design, `z.shape[1]` weeks.
        z: Series x weeks; values outside `observed` are ignored. Each row needs one observed week.
        observed: Weeks to learn from.
    """
    filled = np.where(observed, z, 0.0)
    projection = matmul_rows(filled, basis.q)
    shrink = basis.shrink
    squares = row_sum(filled * filled)
    rss = squares[:, None] - matmul_rows(projection * projection, (2.0 * shrink - shrink * shrink).T)
    count = observed.sum(axis=1)
    choice = _choose(rss, np.broadcast_to(shrink.sum(axis=1), rss.shape), count)
    missing = z.shape[1] - count
    many = np.flatnonzero((missing > _MANY_GAPS) & (basis.singular.size > 0))
    for begin in range(0, many.size, _MANY_ROWS):
        part = many[begin : begin + _MANY_ROWS]
        choice[part], projection[part] = _fit_observed(basis, filled[part], observed[part])
    sizes = -(-missing // _GAP_STEP) * _GAP_STEP
    sizes[many] = 0
    for size in np.unique(sizes[sizes > 0]).tolist():
        rows = np.flatnonzero(sizes == size)
        chunk = max(1, _GAP_CELLS // (size * max(size, basis.grid.size) * basis.shrink.shape[1]))
        for begin in range(0, rows.size, chunk):
            part = rows[begin : begin + chunk]
            choice[part], projection[part] = _fit_gaps(
                basis, projection[part], squares[part], observed[part], min(size, z.shape[1])
            )
    directions = projection[:, 1:] * basis.gain[choice]
    return RidgeFit(projection, choice, directions)


def fit_by_likelihood(basis: RidgeBasis, z: F64, observed: Bool) -> RidgeFit:
    """Fit a few series whose penalty has the greatest marginal likelihood, masked weeks filled with what is fitted.

    With few weeks GCV often takes a season for noise; the likelihood of the data under each penalty does so less (Reiss
    and Ogden 2009, J. Royal Statistical Society B 71(2), 505-523).
    """
    filled = np.where(observed, z, masked_mean(z, observed)[:, None])
    count = np.maximum(observed.sum(axis=1) - 1, 1)
    squared = basis.singular * basis.singular
    size = np.log1p(squared / basis.grid[:, None]).sum(axis=1)
    for _ in range(1 if bool(observed.all()) else _COMPLETIONS):
        projection = matmul_rows(filled, basis.q)
        explained = projection[:, 1:] ** 2
        rest = np.maximum(row_sum(filled * filled) - projection[:, 0] ** 2 - row_sum(explained), 0.0)
        left = matmul_rows(explained, (1.0 - basis.shrink[:, 1:]).T) + rest[:, None]
        score = (
            count[:, None] * np.log(np.maximum(left, 1e-12 * (1.0 + left.max(axis=1, keepdims=True)))) + size
        )
        choice = np.argmin(score, axis=1)
        found = RidgeFit(projection, choice, projection[:, 1:] * basis.gain[choice])
        filled = np.where(observed, z, found.fitted(basis, z.shape[1]))
    return found


def _choose(rss: F64, trace: F64, count: I64) -> I64:
    """Row of the grid with the least GCV score n RSS / (n - inflation x trace)^2."""
    freedom = count[:, None] - GCV_INFLATION * trace
    score = np.where(
        freedom > 0.1, count[:, None] * np.maximum(rss, 0.0) / np.maximum(freedom, 0.1) ** 2, np.inf
    )
    chosen: I64 = np.argmin(score, axis=1)
    return chosen


def _fit_gaps(basis: RidgeBasis, projection: F64, squares: F64, observed: Bool, size: int) -> tuple[I64, F64]:
    """Choose the penalty and complete the masked weeks of series that miss at most `size` weeks.

    With H the smoother of the complete weeks, m the masked and o the observed ones, the completed values solve
    (I - H_mm) y_m = H_mo y_o, and the smoother of the observed weeks has the trace
    tr(H) - tr(H_mm) + tr((I - H_mm)^-1 (H^2_mm - H_mm H_mm)).
    """
    at = np.argsort(observed, axis=1, kind="stable")[:, :size]
    missing = ~np.take_along_axis(observed, at, axis=1)
    q_m = basis.q[at] * missing[:, :, None]
    right, square = _by_penalty(basis, q_m[:, :, None, :] * q_m[:, None, :, :])
    target, target_square = _by_penalty(basis, q_m * projection[:, None, :])
    known = np.concatenate([target[:, :, :, None], square - right @ right], axis=3)
    solved = np.linalg.solve(np.eye(size) - right, known)
    y_m = solved[:, :, :, 0]
    # |z - H z|^2 of the completed series z, expanded so that it need not be completed for every penalty.
    base, base_square = _by_penalty(basis, projection * projection)
    bend = row_sum(square * y_m[:, :, None, :])
    rss = squares - (2.0 * base - base_square) + row_sum(y_m * (2.0 * (target_square - target) - y_m + bend))
    lost = np.trace(right, axis1=2, axis2=3) - np.trace(solved[:, :, :, 1:], axis1=2, axis2=3)
    choice = _choose(rss.T, (basis.shrink.sum(axis=1)[:, None] - lost).T, observed.sum(axis=1))
    filled = y_m[choice, np.arange(choice.size)]
    return choice, projection + (filled[:, None, :] @ q_m)[:, 0]


def _by_penalty(basis: RidgeBasis, directions: F64) -> tuple[F64, F64]:
    """Sums over the directions with the shrinkage of each penalty as weights, and with its square, penalties first."""
    weights = np.concatenate([basis.shrink, basis.shrink * basis.shrink]).T
    shape = directions.shape[:-1]
    sums = matmul_rows(directions.reshape(-1, directions.shape[-1]), weights)
    first = np.ascontiguousarray(sums.T).reshape(-1, *shape)
    return first[: basis.grid.size], first[basis.grid.size :]


def _fit_observed(basis: RidgeBasis, filled: F64, observed: Bool) -> tuple[I64, F64]:
    """Choose the penalty and solve the normal equations of the observed weeks, for series that miss many weeks.

    In the coordinates c of the directions the penalty is lambda |c|^2, so one eigendecomposition of the centered Gram
    matrix of the observed weeks serves the whole grid. Returns projections as those of a completed series.
    """
    z = basis.q[:, 1:] * basis.singular
    rank = z.shape[1]
    weight = observed.astype(np.float64)
    count = weight.sum(axis=1)
    center = matmul_rows(weight, z) / count[:, None]
    products = (z[:, :, None] * z[:, None, :]).reshape(z.shape[0], rank * rank)
    gram = matmul_rows(weight, products).reshape(-1, rank, rank)
    gram -= count[:, None, None] * center[:, :, None] * center[:, None, :]
    mean = row_sum(filled) / count
    centered = np.where(observed, filled - mean[:, None], 0.0)
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0.0)
    right = (vectors.transpose(0, 2, 1) @ matmul_rows(centered, z)[:, :, None])[:, :, 0]
    damped = values[:, None, :] + basis.grid[:, None]
    explained = row_sum((right * right)[:, None, :] * (damped + basis.grid[:, None]) / (damped * damped))
    rss = row_sum(centered * centered)[:, None] - explained
    choice = _choose(rss, 1.0 + row_sum(values[:, None, :] / damped), count.astype(np.int64))
    solution = (vectors @ (right / (values + basis.grid[choice][:, None]))[:, :, None])[:, :, 0]
    intercept = mean - row_sum(center * solution)
    return choice, np.concatenate(
        [(intercept / basis.q[0, 0])[:, None], solution / basis.gain[choice]], axis=1
    )


def _empty_svd(weeks: int) -> tuple[F64, F64, F64]:
    return np.zeros((weeks, 0)), np.zeros(0), np.zeros((0, 0))
