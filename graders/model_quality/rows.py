"""Answers and predictions side by side, in the order of the ids, as arrays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import cbrt

import numpy as np
from numpy.typing import NDArray

from audition.domain.challenge import Manifest, MetricSpec, Resampling
from graders.answers import Answers
from graders.cells import Value
from graders.model_quality.intervals import Design
from graders.model_quality.statistic import Array, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a metric is computed from."""

    manifest: Manifest
    ids: tuple[str, ...]
    answers: Answers
    predictions: Mapping[str, Value]

    @classmethod
    def of(cls, manifest: Manifest, answers: Answers, predictions: Mapping[str, Value]) -> "Rows":
        """All rows, sorted by id."""
        return cls(
            manifest=manifest, ids=tuple(sorted(answers.values)), answers=answers, predictions=predictions
        )

    def only(self, mask: NDArray[np.bool_]) -> "Rows":
        """The rows where the mask, (rows,), is true."""
        kept = tuple(i for i, is_kept in zip(self.ids, mask.tolist(), strict=True) if is_kept)
        return replace(self, ids=kept)

    @property
    def spec(self) -> MetricSpec:
        """The challenge's metric."""
        return self.manifest.metric

    def truth(self) -> Array:
        """(rows,), of answers that are numbers."""
        return np.array([self.answers.values[i] for i in self.ids], dtype=np.float64)

    def prediction(self) -> Array:
        """(rows,) or (rows, columns), of predictions that are numbers."""
        return np.array([self.predictions[i] for i in self.ids], dtype=np.float64)

    def codes(self) -> tuple[Integers, Integers]:
        """Truth and prediction as places in `output.labels`; of probabilities the first is all that means something."""
        code = {label: place for place, label in enumerate(self.manifest.output.labels)}
        truth = np.array([code[str(self.answers.values[i])] for i in self.ids], dtype=np.int64)
        said = np.array([code.get(str(self.predictions[i]), -1) for i in self.ids], dtype=np.int64)
        return truth, said

    def lists(self) -> tuple[list[frozenset[str]], list[Sequence[str]]]:
        """What is relevant for each id, and what is listed."""
        relevant = [frozenset(map(str, _several(self.answers.values[i]))) for i in self.ids]
        return relevant, [tuple(map(str, _several(self.predictions[i]))) for i in self.ids]

    def texts(self) -> tuple[list[str], list[str]]:
        """Answers and predictions that are texts."""
        said = [str(self.predictions[i]) for i in self.ids]
        return [str(self.answers.values[i]) for i in self.ids], said

    def column(self, name: str) -> Array:
        """A further column of the answers, as numbers.

        Raises:
            ValueError: A cell is no number.
        """
        column = self.answers.columns[name]
        return np.array([float(column[i]) for i in self.ids])

    def groups(self) -> Integers:
        """(rows,), the group of each row from 0, in the order of their names."""
        column = self.answers.columns[self.manifest.answers.group_column]
        return _places(column[i] for i in self.ids)

    def design(self) -> Design:
        """What is drawn to make the interval."""
        if self.spec.resampling == Resampling.GROUPS:
            groups = self.groups()
            return Design(units=groups, count=int(groups.max()) + 1, words="group ")
        if self.spec.resampling == Resampling.BLOCKS:
            column = self.answers.columns[self.manifest.answers.time_column]
            periods = _places(_moment(column[i]) for i in self.ids)
            count = int(periods.max()) + 1
            run = block_length(count)
            return Design(units=periods, count=count, run=run, words=f"block (of {run} periods) ")
        return Design()


def block_length(periods: int) -> int:
    """How many neighbouring periods are drawn together: the cube root of their number, at least 1.

    Source: Hall, Horowitz and Jing, 1995 (the rate for variances); Künsch, 1989.
    """
    return max(1, round(cbrt(periods)))


def _several(value: Value) -> tuple[float, ...] | tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _places(names: Iterable[str | float]) -> Integers:
    _, place = np.unique(np.array(list(names)), return_inverse=True)
    return place.astype(np.int64)


def _moment(text: str) -> float:
    """A period as a number: written as one, or as an ISO date or time."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        days = date(moment.year, moment.month, moment.day).toordinal()
        return days + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400
