"""F1: does any signal tell runs that drift from placebos?

For each run and candidate one number, T: the mean over the last third of the test phase minus the mean over the last
half of the control phase. Whatever a signal does with time, traffic or noise alone, it does in placebos too; the exact
permutation test over all labelings of the runs keeps that promise for the largest of many series as well.
Source: the design's drift protocol, 10.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audition.domain.drift import DriftRun
from audition.domain.drift_plan import DECISIVE_P, DriftKind, Phase
from graders.drift.series import Candidate, Tier, Track, within
from graders.drift.statistics import Array, Booleans, max_t

TEST_LATER = 2 / 3
CONTROL_LATER = 1 / 2
"""Which part of a phase is left out, so that windows hold rows of that phase only."""
FULL_P = DECISIVE_P
NO_P = 0.2
"""At FULL_P and below a contrast earns everything, at NO_P and above nothing. Source: catalogue, F1."""
TIER_CREDIT = {Tier.DECLARED: 1.0, Tier.NAMED: 0.7, Tier.DISTRIBUTION: 0.4, Tier.OTHER: 0.1}
"""Source: the design's drift protocol, 10.2."""
NOISE_SHARE = 0.1
"""Floor of the standard error, as a share of the noise between a series' own scrapes."""
_DUST = 1e-9
#: Below this a T is none.
_TINY = 1e-290
#: Smallest number of runs in an arm that a variance can be taken of.
_LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What the permutation test found, for each candidate that could be compared."""

    candidates: tuple[Candidate, ...]
    statistic: Array
    """Signed: positive when drift raises the series. (candidates,)"""
    p_value: Array
    """Two-sided, adjusted for the number of candidates. (candidates,)"""
    effects: Array
    """T of each compared run, (runs, candidates)."""
    is_drift: Booleans
    """(runs,)"""

    def best(self) -> int | None:
        """The candidate that is worth most; the strongest of equals."""
        if not self.candidates:
            return None
        return max(range(len(self.candidates)), key=lambda n: (self.credit(n), abs(self.statistic[n])))

    def credit(self, number: int) -> float:
        """What a candidate is worth, in [0, 1]."""
        return TIER_CREDIT[self.candidates[number].tier] * p_credit(float(self.p_value[number]))


def p_credit(p_value: float) -> float:
    """1 up to p = 0.03, then linearly down to 0 at p = 0.2."""
    return float(np.clip((NO_P - p_value) / (NO_P - FULL_P), 0.0, 1.0))


def effects_of(run: DriftRun, track: Track) -> Array:
    """T of each candidate in one run, (candidates,): how much it moved from control to test."""
    later = mean_of(track.values[within(run, track, Phase.TEST, after=TEST_LATER)])
    with np.errstate(over="ignore", invalid="ignore"):
        return later - mean_of(track.values[within(run, track, Phase.CONTROL, after=CONTROL_LATER)])


def mean_of(values: Array) -> Array:
    """Mean over the scrapes that say something, (series,); NaN where none does."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    with np.errstate(over="ignore"):  # Whoever exposes such numbers is not compared.
        total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0), dtype=float)


def noise_of(run: DriftRun, track: Track) -> Array:
    """Standard deviation between scrapes in the later control phase, (candidates,)."""
    values = track.values[within(run, track, Phase.CONTROL, after=CONTROL_LATER)]
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(mean_of(np.square(values - mean_of(values)))), dtype=float)


def compare(effects: Array, is_drift: Booleans, noise: Array, candidates: Sequence[Candidate]) -> Contrast:
    """Test the candidates that have a T in every run.

    Args:
        effects: T, (runs, candidates); NaN where a run has none.
        is_drift: Which runs drift, (runs,).
        noise: Between scrapes, the same for every labeling, (candidates,).
        candidates: What the columns are.
    """
    usable = np.isfinite(effects).all(axis=0) & np.isfinite(noise)
    if min(is_drift.sum(), (~is_drift).sum()) < _LEAST:
        usable[:] = False
    kept = effects[:, usable]
    # The statistic has no unit; in units of its own T or noise a series of any size can be squared.
    size = np.maximum(np.maximum(np.abs(kept).max(axis=0, initial=0.0), noise[usable]), _TINY)
    if kept.shape[1]:
        statistic, p_value = max_t(kept / size, is_drift, NOISE_SHARE * (noise[usable] / size) + _DUST)
    else:
        statistic = p_value = np.empty(0)
    return Contrast(
        candidates=tuple(candidate for candidate, use in zip(candidates, usable, strict=True) if use),
        statistic=statistic,
        p_value=p_value,
        effects=kept,
        is_drift=is_drift,
    )


def contrast(
    runs: Sequence[DriftRun], tracks: Sequence[Track], candidates: Sequence[Candidate], *, declared: bool
) -> Contrast:
    """Compare the placebos with the runs of the primary drift.

    Args:
        runs: All valid runs; those outside the contrast are left out.
        tracks: Of the same runs.
        candidates: What the tracks have.
        declared: Look at declared signals only, else at everything.
    """
    chosen = [(run, track) for run, track in zip(runs, tracks, strict=True) if run.plan.is_contrast]
    kept = [n for n, c in enumerate(candidates) if not declared or c.tier == Tier.DECLARED]
    if not chosen or not kept:
        nothing = np.empty(0)
        return Contrast(
            candidates=(),
            statistic=nothing,
            p_value=nothing,
            effects=np.empty((len(chosen), 0)),
            is_drift=np.array([run.plan.kind != DriftKind.NONE for run, _ in chosen], dtype=bool),
        )
    return compare(
        np.stack([effects_of(run, track) for run, track in chosen])[:, kept],
        np.array([run.plan.kind != DriftKind.NONE for run, _ in chosen]),
        np.median(np.stack([noise_of(run, track) for run, track in chosen]), axis=0)[kept],
        [candidates[n] for n in kept],
    )
