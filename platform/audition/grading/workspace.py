"""What a grader is given: evidence on read-only mounts, nothing else."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.drift import DriftEvidence
from audition.domain.evidence import RunEvidence
from audition.domain.exercise import ExerciseEvidence
from audition.domain.extra_rows import ExtraRows
from audition.domain.notebook import NotebookRun
from audition.domain.probe import ServiceEvidence
from audition.domain.tools import ToolReports
from audition.domain.variant import VariantFacts


class Need(StrEnum):
    """Kinds of evidence a grader may ask for; it decides which container the grader runs in."""

    SUBMISSION = "submission"
    OUTPUTS = "outputs"
    ANSWERS = "answers"
    TOOLS = "tools"
    """What the linters of the static stage said; the grader must do with `Workspace.tools` being None."""
    SERVICE = "service"
    """What a prober saw; the grader must do with `Workspace.service` being None."""
    EXERCISE = "exercise"
    """What came of the candidate's own commands; the grader must do with `Workspace.exercise` being None."""
    KIT = "kit"
    """What every candidate got; the grader must do with `Workspace.kit` being None."""
    NOTEBOOK = "notebook"
    """What the run of a notebook said of its cells; the grader must do with `Workspace.cells` being None."""
    DRIFT = "drift"
    """What the service's metrics did under drift; the grader must do with `Workspace.drift` being None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The evidence of one run."""

    manifest: Manifest
    evidence: RunEvidence
    submission: Path = Path(places.SUBMISSION)
    """Unpacked files; hostile."""
    outputs: Path = Path(places.OUTPUTS)
    """Collected output files, named as in `evidence.outputs`; hostile."""
    inputs: Path = Path(places.INPUTS)
    """What the candidate's code was given."""
    repeated: Path = Path(places.REPEATED)
    """Collected output files of the repeat stage, named as in `evidence.repeated`; hostile. Only with the answers."""
    extra_rows: ExtraRows | None = None
    """Which rows of the repeat stage are extra ones; None without that stage, and for graders without the answers."""
    models: Path = Path(places.MODELS)
    """What the challenge's own models predict; exists only for graders that need the answers."""
    answers: Path = Path(places.ANSWERS)
    """Hidden answers; exists only for graders that need them."""
    kit: Path | None = None
    """What every candidate got, a zip; None in the container that has the answers."""
    canaries: VariantFacts | None = None
    """Rows that one copy of the training data alone has, of all copies; None where everybody has the same."""

    tools: ToolReports | None = None
    """What the linters said; None when no static stage ran."""
    service: ServiceEvidence | None = None
    """What a prober saw of the candidate's service; None when none was served."""
    exercise: ExerciseEvidence | None = None
    """What came of the candidate's own commands; None when none was tried."""
    exercise_outputs: Path = Path(places.EXERCISE_OUTPUTS)
    """Predictions that such commands left, named as in `exercise.outputs`; hostile."""
    drift: DriftEvidence | None = None
    """What the service's metrics did under drift; None when the drift protocol did not run."""

    notebook: Path | None = None
    """The notebook with the outputs that its cells had when they ran; hostile. None when none was run."""
    cells: NotebookRun | None = None
    """What the run of a notebook said of its cells, which its author can forge; None when a program predicted."""

    def output(self) -> Path | None:
        """The predictions file that counts: the first accepted name that is there."""
        return self._first(self.evidence.outputs, self.outputs)

    def repeated_output(self) -> Path | None:
        """Likewise the one of the repeat stage."""
        return self._first(self.evidence.repeated, self.repeated)

    def _first(self, present: tuple[str, ...], folder: Path) -> Path | None:
        name = next((n for n in self.manifest.output.names if n in set(present)), None)
        return None if name is None else folder / name
