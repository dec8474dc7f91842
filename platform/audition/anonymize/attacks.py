"""Attacks with a control: what is gained against people in the release beyond what works against anybody.

The three questions of the European data protection authorities (Opinion 05/2014): can somebody be singled out, can
records about somebody be linked, can something be inferred about them? And a fourth: can it be told who is in it? Each
is tried by one who knows people's raw values and the policy. The control are people who were left out of a trial
release on purpose: what works against them as well is knowledge about everybody, and no leak.

Source of the first three: Giomi et al., "A unified framework for quantifying privacy risk in synthetic data", PoPETs
2023(2).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audition.anonymize.columns import Flags, Floats, Frame, Ints, Numbers
from audition.anonymize.intervals import Risk, beyond_control, wilson
from audition.anonymize.space import Axis, portions, total_gaps

_TRIES_A_QUERY = 20
_MOST_COLUMNS = 6
_NEIGHBOURS = 10
_TOLERANCE = 0.05
"""A number is guessed when it is this near, relative to itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A release of half of the people, and what is known about all of them."""

    released: Frame
    axes: Sequence[Axis]
    known: Frame
    inside: Ints
    """Known rows of people whose half was released."""
    outside: Ints
    """Known rows of the others: the control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglingOut:
    """Conditions that fit one released row and then exactly one person."""

    risk: Risk
    queries: int
    """Conditions that fitted one released row."""
    columns: tuple[tuple[str, float], ...]
    """How many of the successful conditions used a column, in [0, 1]; commonest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Telling who is in the release from how near the nearest row is."""

    auc: float
    """0.5 is chance."""
    low: float
    high: float


def singling_out(trial: Trial, attacks: int, random: np.random.Generator) -> SinglingOut:
    """Guess conditions over several columns that exactly one person meets.

    A condition is made from a released row: an equal word, or a number at least or at most as large. Those that exactly
    one released row meets are tried on the people of the release and on the control, who are equally many.

    Args:
        trial: The release and the people.
        attacks: How many conditions; what cannot be found counts as failed.
        random: Chooses rows and columns.
    """
    names = list(trial.known)
    released = {name: _comparable(axis.released) for name, axis in zip(names, trial.axes, strict=True)}
    known = {name: _comparable(axis.known) for name, axis in zip(names, trial.axes, strict=True)}
    size = min(len(trial.inside), len(trial.outside))
    sides = [trial.inside[:size], trial.outside[:size]]
    people = [{name: values[side] for name, values in known.items()} for side in sides]
    medians = {axis.name: float(np.median(axis.released)) for axis in trial.axes if axis.is_number}
    hits, used, queries = [0, 0], Counter[str](), 0
    for _ in range(_TRIES_A_QUERY * attacks):
        if queries == attacks:
            break
        row = int(random.integers(len(next(iter(released.values())))))
        width = int(random.integers(min(2, len(names)), min(_MOST_COLUMNS, len(names)) + 1))
        conditions = _conditions(random.permutation(len(names))[:width], names, released, row, medians)
        if _meeting(released, conditions) != 1:
            continue
        queries += 1
        alone = [_meeting(side, conditions) == 1 for side in people]
        hits = [hits[0] + alone[0], hits[1] + alone[1]]
        used.update(name for name, _, _ in conditions if alone[0])
    risk = beyond_control(wilson(hits[0], attacks), wilson(hits[1], attacks))
    columns = tuple((name, count / hits[0]) for name, count in used.most_common())
    return SinglingOut(risk=risk, queries=queries, columns=columns)


Condition = tuple[str, str, float]


def _comparable(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Floats:
    return values.astype(np.float64)


def _conditions(
    chosen: Ints, names: list[str], released: dict[str, Floats], row: int, medians: dict[str, float]
) -> list[Condition]:
    """Conditions that a released row meets."""
    out = []
    for name in (names[place] for place in chosen):
        value = float(released[name][row])
        side = "equal" if name not in medians or value > 1 else "least" if value > medians[name] else "most"
        out.append((name, side, value))
    return out


def _meeting(people: dict[str, Floats], conditions: list[Condition]) -> int:
    """How many meet all conditions; those who fail one are not asked for the next."""
    left: Ints | None = None
    for name, side, value in conditions:
        values = people[name] if left is None else people[name][left]
        # A missing number stands above 1, where "at least" does not look.
        met: Flags = (
            values == value
            if side == "equal"
            else (values >= value) & (values <= 1)
            if side == "least"
            else values <= value
        )
        left = np.flatnonzero(met) if left is None else left[met]
    return 0 if left is None else len(left)


def linkability(trial: Trial, attacks: int, random: np.random.Generator) -> Risk:
    """Whether two halves of what is known about a person lead to the same released row.

    Args:
        trial: The release and the people.
        attacks: How many people of each side.
        random: Divides the columns and chooses the people.
    """
    order = random.permutation(len(trial.axes))
    halves = [[trial.axes[place] for place in part] for part in np.array_split(order, 2)]
    rates = []
    for side in (trial.inside, trial.outside):
        targets = random.permutation(side)[:attacks]
        hits = 0
        for part in portions(targets, len(trial.axes[0].released)):
            first, then = (_nearest(total_gaps(half, part)) for half in halves)
            hits += int((first[:, :, None] == then[:, None, :]).any(axis=(1, 2)).sum())
        rates.append(wilson(hits, len(targets)))
    return beyond_control(*rates)


def _nearest(total: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Ints:
    count = min(_NEIGHBOURS, total.shape[1])
    return np.argpartition(total, count - 1, axis=1)[:, :count].astype(np.int64)


def inference(trial: Trial, attacks: int, random: np.random.Generator) -> dict[str, Risk]:
    """For each column, whether it can be learned from the row that is nearest in all others.

    Args:
        trial: The release and the people.
        attacks: How many people of each side.
        random: Chooses the people.

    Returns:
        The risk of each column.
    """
    rates: dict[str, list[tuple[float, int]]] = {axis.name: [] for axis in trial.axes}
    for side in (trial.inside, trial.outside):
        targets = random.permutation(side)[:attacks]
        hits = dict.fromkeys(rates, 0)
        for part in portions(targets, len(trial.axes[0].released)):
            total = total_gaps(trial.axes, part)
            for axis in trial.axes:
                near = (total - axis.gaps(axis.known[part], axis.released)).argmin(axis=1)
                hits[axis.name] += int(_guessed(axis, trial, part, near).sum())
        for name, count in hits.items():
            rates[name].append((count, len(targets)))
    return {
        name: beyond_control(wilson(*inside), wilson(*outside)) for name, (inside, outside) in rates.items()
    }


def _guessed(axis: Axis, trial: Trial, targets: Ints, near: Ints) -> Flags:
    known, released = trial.known[axis.name], trial.released[axis.name]
    if isinstance(known, Numbers) and isinstance(released, Numbers):
        truth, guess = known.values[targets], released.values[near]
        is_near = np.abs(truth - guess) <= _TOLERANCE * np.abs(truth)
        return np.asarray(is_near | (np.isnan(truth) & np.isnan(guess)))
    return np.asarray(axis.known[targets] == axis.released[near])


def membership(trial: Trial, attacks: int, random: np.random.Generator) -> Membership:
    """Whether people in the release are nearer to it than others.

    Args:
        trial: The release and the people.
        attacks: How many people of each side.
        random: Chooses the people.

    Returns:
        The area under the curve, with the interval of Hanley and McNeil (Radiology 143, 1982).
    """
    sides = []
    for side in (trial.inside, trial.outside):
        targets = random.permutation(side)[:attacks]
        parts = portions(targets, len(trial.axes[0].released))
        sides.append(np.concatenate([total_gaps(trial.axes, part).min(axis=1) for part in parts]))
    inside, outside = sides
    wins = (inside[:, None] < outside[None, :] - 1e-4).mean()
    ties = (np.abs(inside[:, None] - outside[None, :]) <= 1e-4).mean()  # noqa: PLR2004  as near as ranks get
    auc = float(wins + ties / 2)
    first, then = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    n, m = len(inside), len(outside)
    variance = (auc * (1 - auc) + (n - 1) * (first - auc**2) + (m - 1) * (then - auc**2)) / (n * m)
    spread = 1.959964 * float(np.sqrt(max(variance, 0.0)))
    return Membership(auc=auc, low=max(0.0, auc - spread), high=min(1.0, auc + spread))
