"""What a challenge's drift family must hold before it is published: drift can be seen, and its absence cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audition.domain.drift_plan import DriftKind, Injection
from graders.drift.injections import inject
from graders.drift.statistics import Array, chi_square, kolmogorov, ks_p_value, ks_statistic, psi
from graders.drift.table import Table
from graders.drift.traffic import Slice, draw, mixed

BINS = 10
WINDOW = 500
LEAST_PSI = 0.25
"""An injection must exceed it within one window. Source: the design's drift protocol, 10.1."""
LEAST_UNIFORM_P = 0.01
"""Below this the p-values of a slice do not look uniform."""
_LEAST_COLUMNS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What our own PSI sees of one injection."""

    injection: Injection
    psi: float
    """Largest over the columns, over one window of drifting rows."""
    column: str
    """Where it is largest."""

    @property
    def is_visible(self) -> bool:
        """Whether a monitor of single columns can be asked to see it."""
        return self.psi > LEAST_PSI


def calibrate(injection: Injection, held_out: Slice, reference: Table, seed: int) -> Calibration:
    """Measure an injection at full dose on one window of rows from the slice.

    Raises:
        InvalidError: It does not fit the data.
    """
    random = np.random.default_rng(seed)
    if injection.kind == DriftKind.PRIOR:
        rows = held_out.table.take(mixed(injection, 1.0, held_out, random, WINDOW))
    else:
        drawn = held_out.table.take(draw(held_out.table.rows, WINDOW, random))
        rows = inject(drawn, injection, 1.0, random, reference=reference)
    found = {name: column_psi(reference, rows, name) for name in reference.names}
    column = max(found, key=lambda name: found[name])
    return Calibration(injection=injection, psi=found[column], column=column)


def column_psi(reference: Table, window: Table, name: str) -> float:
    """PSI of one column: ten bins of equal content, or the categories, and one bin for what is missing."""
    expected, seen = _counts(reference, window, name)
    return float(psi(expected, seen))


def _counts(reference: Table, window: Table, name: str) -> tuple[Array, Array]:
    """Counts in the same bins, (bins,) each."""
    if name in reference.numeric:
        known = reference.numeric[name][~reference.is_missing(name)]
        edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if known.size else np.empty(0)
        return _binned(reference.numeric[name], edges), _binned(window.numeric[name], edges)
    levels = sorted({*reference.categorical[name].tolist(), *window.categorical[name].tolist()})
    return _levels(reference.categorical[name], levels), _levels(window.categorical[name], levels)


def _binned(values: Array, edges: Array) -> Array:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known), minlength=edges.size + 1)
    return np.append(counts, values.size - known.size).astype(float)


def _levels(values: np.typing.NDArray[np.str_], levels: Sequence[str]) -> Array:
    return np.array([np.count_nonzero(values == level) for level in levels], dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchangeability:
    """Whether a slice looks as if it had been drawn together with the training data."""

    p_values: Mapping[str, float]
    """Of a two-sample test for each column."""
    uniform_p: float
    """That p-values this small come about by chance, in [0, 1]."""

    @property
    def is_exchangeable(self) -> bool:
        """Whether honest monitors would stay silent on this slice."""
        return self.uniform_p >= LEAST_UNIFORM_P

    def sentence(self) -> str:
        """For the author."""
        least = min(self.p_values, key=lambda name: self.p_values[name], default="")
        if self.is_exchangeable:
            return f"The slice is exchangeable with the training data in {len(self.p_values)} columns."
        return (
            f"The slice differs from the training data, most in {least!r} (p = {self.p_values[least]:.2g}): monitors"
            " would alarm on rows that are called undrifted. Draw it at random from the same rows."
        )


def exchangeability(reference: Table, held_out: Table) -> Exchangeability:
    """Test each column, then ask whether the p-values look uniform."""
    p_values = {name: _column_p(reference, held_out, name) for name in reference.names}
    return Exchangeability(p_values=p_values, uniform_p=_uniform_p(np.array(list(p_values.values()))))


def _column_p(reference: Table, held_out: Table, name: str) -> float:
    """KS for numbers with many values, chi-square for everything that comes in levels."""
    if name in reference.numeric:
        known, other = (table.numeric[name][~table.is_missing(name)] for table in (reference, held_out))
        if np.unique(known).size > BINS * 5 and other.size:
            statistic = ks_statistic(np.sort(known), other)
            return float(ks_p_value(statistic, known.size, other.size))
    return chi_square(*_counts(reference, held_out, name))[1]


def _uniform_p(p_values: Array) -> float:
    """The smaller of two answers, doubled: is one p-value too small, are too many small?

    Columns hang together, so the many are looked at by a one-sample KS distance, which is only a guide then, and the
    one by Bonferroni's bound, which holds whatever they do.
    """
    if not p_values.size:
        return 1.0
    smallest = min(1.0, float(p_values.min()) * p_values.size)
    if p_values.size < _LEAST_COLUMNS:
        return smallest
    ordered = np.sort(p_values)
    # One-sided: p-values that are too large are no reason to worry.
    distance = float((np.arange(1, ordered.size + 1) / ordered.size - ordered).max())
    root = np.sqrt(ordered.size)
    many = float(kolmogorov(np.array((root + 0.12 + 0.11 / root) * max(distance, 0.0))))
    return min(1.0, 2 * min(smallest, many))
