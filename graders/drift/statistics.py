"""The few statistics that the drift protocol needs, exact where that is possible, in numpy and the standard library.

Tests compare each with SciPy, which the grader does without: importing it would cost every grading half a second.
"""

from collections.abc import Callable
from itertools import combinations
from math import comb, exp, lgamma, log, sqrt

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

CONFIDENCE = 0.95
#: Statistics this close, relatively, are equal: labelings of equal sums differ in the last bits.
_TIE = 1e-9
#: Terms of a series that converges, and bisections of an interval: both reach double precision well before.
_ROUNDS = 200
_SMALL = 1e-15
#: Below this Kolmogorov's series converges too slowly, and its value is 1 to eleven digits.
_CERTAIN = 0.2


def psi(reference: Array, window: Array) -> Array:
    """Population stability index between counts in equal bins.

    Empty bins count half a row, so that the logarithm stays finite. Under no drift the index is about
    (1/N + 1/M) times chi-square with k - 1 degrees of freedom, for N and M rows in k equal bins.

    Args:
        reference: Counts, (…, bins).
        window: Counts, (…, bins); leading axes are broadcast.
    """
    expected, seen = _shares(reference), _shares(window)
    return np.asarray(((seen - expected) * np.log(seen / expected)).sum(axis=-1), dtype=float)


def _shares(counts: Array) -> Array:
    filled = np.where(counts > 0, counts, 0.5)
    return np.asarray(filled / filled.sum(axis=-1, keepdims=True), dtype=float)


def ks_statistic(reference: Array, window: Array) -> Array:
    """Largest distance between two empirical distribution functions, in [0, 1].

    Args:
        reference: Sorted values, (rows,).
        window: Values, (…, rows); the statistic is taken over the last axis.
    """
    rows = window.shape[-1]
    ordered = np.sort(window, axis=-1)
    # Between values both functions are level, so the distance is largest just before or just after one of the window's.
    after = np.searchsorted(reference, ordered, side="right") / reference.size
    before = np.searchsorted(reference, ordered, side="left") / reference.size
    upper = np.arange(1, rows + 1) / rows - after
    lower = before - np.arange(rows) / rows
    # Equal values of the window jump together: only the last one's upper and the first one's lower are real, and these
    # are the largest of the group. Between them the reference can exceed at values that the window does not have.
    return np.asarray(np.maximum(upper.max(axis=-1), lower.max(axis=-1)), dtype=float)


def ks_p_value(statistic: Array, rows: int, other_rows: int) -> Array:
    """Asymptotic p-value of the two-sample test, with Stephens' correction for small samples.

    Source: Stephens (1970), Use of the Kolmogorov-Smirnov statistics without extensive tables.
    """
    root = sqrt(rows * other_rows / (rows + other_rows))
    return kolmogorov((root + 0.12 + 0.11 / root) * np.asarray(statistic, dtype=float))


def kolmogorov(value: Array) -> Array:
    """Survival function of Kolmogorov's distribution, in [0, 1]."""
    terms = np.arange(1, 101)
    signs = np.where(terms % 2, 1.0, -1.0)
    squares = np.square(np.asarray(value, dtype=float))[..., np.newaxis]
    tail = 2 * (signs * np.exp(-2.0 * terms**2 * squares)).sum(axis=-1)
    return np.clip(np.where(np.asarray(value) < _CERTAIN, 1.0, tail), 0.0, 1.0)


def wasserstein(a: Array, b: Array) -> float:
    """Area between two empirical distribution functions, in the unit of the values."""
    every = np.sort(np.concatenate([a, b]))
    gaps = np.diff(every)
    heights = [np.searchsorted(np.sort(part), every[:-1], side="right") / part.size for part in (a, b)]
    return float(np.sum(np.abs(heights[0] - heights[1]) * gaps))


def chi_square(a: Array, b: Array) -> tuple[float, float]:
    """Pearson's test that two rows of counts come from one distribution: statistic and p-value.

    Args:
        a: Counts by category, (categories,).
        b: Counts of the same categories.
    """
    table = np.stack([a, b]).astype(float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():  # noqa: PLR2004  one category cannot differ
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, chi_square_tail(statistic, table.shape[1] - 1)


def chi_square_tail(statistic: float, degrees: int) -> float:
    """Survival function of chi-square: the upper incomplete gamma function, regularized."""
    shape, x = degrees / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = exp(-x + shape * log(x) - lgamma(shape))
    if x < shape + 1:
        return 1.0 - scale * _gamma_series(shape, x)
    return scale * _gamma_fraction(shape, x)


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    for n in range(1, 10 * _ROUNDS):
        term *= x / (shape + n)
        total += term
        if term < total * _SMALL:
            break
    return total


def _gamma_fraction(shape: float, x: float) -> float:
    """Lentz's method. Source: Numerical Recipes, 6.2."""
    b = x + 1 - shape
    c, d = 1e300, 1 / b
    result = d
    for n in range(1, 10 * _ROUNDS):
        a = -n * (n - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        result *= c * d
        if abs(c * d - 1) < _SMALL:
            break
    return result


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """Exact 95 % interval of a share (Clopper and Pearson); one-sided when there are no hits, or only hits.

    0 of 4 still allows 53 %, 0 of 10 still 26 %.
    """
    if of == 0:
        return 0.0, 1.0
    tail = (1 - CONFIDENCE) / (1 if hits in {0, of} else 2)
    low = 0.0 if hits == 0 else _bisect(lambda p: _at_least(hits, of, p) < tail)
    high = 1.0 if hits == of else _bisect(lambda p: 1 - _at_least(hits + 1, of, p) > tail)
    return low, high


def _at_least(hits: int, of: int, share: float) -> float:
    return sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(hits, of + 1))


def most_events(seen: int) -> float:
    """Upper 95 % bound of the expected number of events where this many were seen; 3 for none (rule of three)."""

    def is_likely(expected: float) -> bool:
        below = sum(exp(-expected + k * log(expected) - lgamma(k + 1)) for k in range(seen + 1))
        return below > 1 - CONFIDENCE

    return _bisect(lambda x: is_likely(max(x, _SMALL)), high=10.0 + 3 * seen)


def _bisect(is_below: Callable[[float], bool], high: float = 1.0) -> float:
    """Where a condition that holds from 0 on stops holding."""
    low = 0.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2


def labelings(is_treated: Booleans) -> Booleans:
    """Every way to call as many runs treated; the true one is the first. (labelings, runs)."""
    treated = tuple(np.flatnonzero(is_treated).tolist())
    runs = is_treated.size
    others = (chosen for chosen in combinations(range(runs), len(treated)) if chosen != treated)
    table = np.zeros((comb(runs, len(treated)), runs), dtype=bool)
    for row, chosen in enumerate((treated, *others)):
        table[row, list(chosen)] = True
    return table


def welch(values: Array, groups: Booleans, floor: Array) -> Array:
    """Difference of group means over its standard error, for many groupings at once: (groupings, series).

    Args:
        values: One number for each run and series, (runs, series).
        groups: Which runs are in the first group, (groupings, runs); at least two in each.
        floor: Added to the standard error in quadrature, (series,): a series that happens to hardly vary between
            eight runs would otherwise have any statistic. Where it is 0 and nothing varies, the statistic is 0.
    """
    centred = values - values.mean(axis=0)
    one = groups.astype(float)
    means, errors = [], np.square(floor)[np.newaxis, :]
    for member in (one, 1 - one):
        size = member.sum(axis=1, keepdims=True)
        mean = member @ centred / size
        variance = np.maximum(member @ np.square(centred) / size - np.square(mean), 0) * size / (size - 1)
        means.append(mean)
        errors = errors + variance / size
    difference = means[0] - means[1]
    return np.asarray(
        np.divide(difference, np.sqrt(errors), out=np.zeros_like(difference), where=errors > 0), dtype=float
    )


def max_t(values: Array, is_treated: Booleans, floor: Array) -> tuple[Array, Array]:
    """Exact permutation test over all labelings, adjusted for the number of series by the largest statistic.

    Source: Westfall and Young (1993), Resampling-based multiple testing, single-step max-T.

    Args:
        values: One number for each run and series, (runs, series).
        is_treated: Which runs were treated, (runs,).
        floor: See `welch`.

    Returns:
        The signed statistic of each series, and its adjusted two-sided p-value. (series,) each.
    """
    statistics = welch(values, labelings(is_treated), floor)
    observed = np.abs(statistics[0])
    largest = np.sort(np.abs(statistics).max(axis=1, initial=0.0))
    beyond = largest.size - np.searchsorted(largest, observed * (1 - _TIE), side="left")
    return statistics[0], beyond / largest.size
