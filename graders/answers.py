"""The hidden answers, as the challenge's own `prepare` wrote them. Ours, so a fault in them is an exception."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from audition.domain.challenge import METRIC_PROGRAM, AnswersSpec, Manifest
from audition.domain.metrics import Form
from audition.grading import ChallengeFaultError
from graders.cells import Value, items

_TEXTS = frozenset({Form.LABEL, Form.PROBABILITIES, Form.TEXT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is true of each id, and what else the file says of it."""

    values: Mapping[str, Value]
    columns: Mapping[str, Mapping[str, str]]
    """Further columns by name, each by id."""
    program: Path | None = None
    """The challenge's `metric.py`; None where its metric is one of ours."""


def answers_of(folder: Path, manifest: Manifest) -> Answers:
    """The answers of a challenge.

    Args:
        folder: Where the private files are.
        manifest: Names the file, its columns, and the metric, which says what an answer is.

    Raises:
        ChallengeFaultError: A column is missing, an id is there twice, or an answer is not what the metric needs.
    """
    is_own = manifest.metric.own is not None
    found = read_answers(
        folder / manifest.answers.file,
        manifest.answers,
        manifest.metric.form,
        frozenset(manifest.output.labels),
        takes_all=is_own,
    )
    return replace(found, program=folder / METRIC_PROGRAM) if is_own else found


def read_answers(
    path: Path,
    spec: AnswersSpec,
    form: Form = Form.NUMBER,
    labels: frozenset[str] = frozenset(),
    *,
    takes_all: bool = False,
) -> Answers:
    """Read the file.

    Args:
        path: CSV with a header.
        spec: Its columns.
        form: Of predictions; answers are labels, texts and lists accordingly, else finite numbers.
        labels: The labels there are, for answers that are labels.
        takes_all: Whether every column is kept, and not only those that the manifest names.

    Raises:
        ChallengeFaultError: A column is missing, an id is there twice, or an answer is not what the metric needs.
    """
    values: dict[str, Value] = {}
    further = {name: dict[str, str]() for name in _further(spec)}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if takes_all:
            others = (name for name in reader.fieldnames or () if name != spec.id_column)
            further |= {name: dict[str, str]() for name in others}
        wanted = {spec.id_column, spec.answer_column, *further}
        if missing := wanted - set(reader.fieldnames or ()):
            msg = f"The answers file {path.name} has no column {', '.join(sorted(missing))}."
            raise ChallengeFaultError(msg)
        for row in reader:
            identifier = row[spec.id_column]
            if identifier in values:
                msg = f"The answers file {path.name} has an id twice (line {reader.line_num})."
                raise ChallengeFaultError(msg)
            values[identifier] = _answer(row[spec.answer_column], form)
            for name, column in further.items():
                column[identifier] = row[name]
    if not values or any(isinstance(v, float) and not math.isfinite(v) for v in values.values()):
        msg = f"The answers file {path.name} is empty or holds values that are not finite."
        raise ChallengeFaultError(msg)
    if labels and (strange := set(values.values()) - labels):
        first = sorted(map(str, strange))[:5]
        msg = f"The answers file {path.name} has labels that output.labels does not name: {first}."
        raise ChallengeFaultError(msg)
    return Answers(values=values, columns=further)


def _further(spec: AnswersSpec) -> tuple[str, ...]:
    named = (spec.group_column, spec.time_column, spec.event_column, spec.scale_column)
    return tuple(dict.fromkeys(name for name in named if name))


def _answer(text: str, form: Form) -> Value:
    if form in _TEXTS:
        return text
    return items(text) if form == Form.ITEMS else float(text)
