"""What a submission predicted the second time, sorted by what each row is; see `audition.domain.extra_rows`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audition.domain.extra_rows import ExtraRow, RowKind
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from graders.answers import Answers
from graders.cells import Value
from graders.predictions import read_predictions
from graders.received import usable


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """Both times, by hidden row."""

    answers: Answers
    first: Mapping[str, Value]
    """What counts."""
    again: Mapping[str, Value]
    """The same rows the second time; those that got no usable prediction are not there."""
    extra: Mapping[str, Value]
    """Extra rows by their own ids; likewise."""
    rows: tuple[ExtraRow, ...]
    """All extra rows."""

    def of(self, kind: RowKind, corruption: int = 0) -> tuple[ExtraRow, ...]:
        """Extra rows of one kind that got a prediction, as did the rows that they were made of."""
        return tuple(
            row for row in self._asked(kind, corruption) if row.id in self.extra and row.of in self.again
        )

    def covered(self, kind: RowKind, corruption: int) -> float:
        """Share of the extra rows of a kind that got a prediction, in [0, 1]."""
        asked = list(self._asked(kind, corruption))
        return sum(row.id in self.extra for row in asked) / len(asked) if asked else 0.0

    def _asked(self, kind: RowKind, corruption: int) -> Iterable[ExtraRow]:
        return (row for row in self.rows if (row.kind, row.corruption) == (kind, corruption))

    @property
    def asked(self) -> int:
        """How many rows there were."""
        return len(self.answers.values) + len(self.rows)

    @property
    def predicted(self) -> int:
        """How many of them got a usable prediction."""
        return len(self.again) + len(self.extra)


def why_not(workspace: Workspace) -> str:
    """Why there is nothing of a second time to look at; empty where there is something."""
    if Stage.REPEAT not in workspace.manifest.stages or workspace.extra_rows is None:
        return "The challenge has no second prediction."
    if all(stage.stage != Stage.REPEAT for stage in workspace.evidence.stages):
        return "Predict did not end well, so there was no second time."
    if workspace.evidence.verdict_of(Stage.REPEAT) != Verdict.ACCEPTED:
        return "The second time did not end well."
    return ""


def repeated(workspace: Workspace) -> Repeated | None:
    """Both times; None when the first cannot be used, or there was no second.

    Raises:
        ValueError: The answers are not what the metric needs; the author's fault.
    """
    found, extra = usable(workspace), workspace.extra_rows
    if found is None or extra is None or why_not(workspace):
        return None
    path, said = workspace.repeated_output(), dict[str, Value]()
    known = found.answers.values
    if path is not None:
        manifest = workspace.manifest
        wanted = frozenset(known) | {row.id for row in extra.rows}
        said = read_predictions(path, manifest.output, wanted, manifest.metric.form).values
    return Repeated(
        answers=found.answers,
        first=found.predictions.values,
        again={identifier: value for identifier, value in said.items() if identifier in known},
        extra={row.id: said[row.id] for row in extra.rows if row.id in said},
        rows=extra.rows,
    )
