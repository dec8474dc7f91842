"""A notebook that predicts: did every cell run, in a fresh kernel and from top to bottom?

What a run says of its cells comes out of the container in which the notebook had its way, so it may be forged. It is
therefore never worth more than what a notebook that catches all of its own errors would have it say, which needs no
forgery: all points need the engine's exit code and predictions, which are measured on hidden rows by another grader.
Source: the grader catalogue, J1.
"""

from audition.domain.grade import Dimension, Evidence
from audition.domain.notebook import CellOutcome, CellRun, NotebookRun
from audition.domain.run import Stage, Verdict
from audition.grading import (
    CheckList,
    Need,
    Result,
    Workspace,
    check,
    failed,
    not_applicable,
    not_assessed,
    partial,
    passed,
)
from audition.grading.versions import content_version
from graders.notebook_code import book
from graders.notebook_run.outputs import equal_outputs

_WITHOUT = 0.5
"""Most that a run is worth which left no predictions: cells that do nothing run as well."""
_SLOWEST = 3
_LEAST_SECONDS = 1.0
_ENDED = {
    Verdict.TIME_LIMIT: "was ended at its time limit",
    Verdict.MEMORY_LIMIT: "reached its memory limit",
    Verdict.OUTPUT_LIMIT: "wrote or printed more than allowed",
}


@check(
    "notebook.runs",
    "The notebook runs from top to bottom",
    points=3,
    why="A notebook that runs only in the session in which it was written is a record, not a program.",
    fix="Restart the kernel, run all cells, and mend the first that fails; read data from `data` and write to `out`.",
)
def runs(workspace: Workspace) -> Result:
    """The share of cells before the first error (catalogue J1); half of it where no predictions were left."""
    if workspace.evidence.inventory.contract.notebook is None:
        return not_applicable(book.NO_NOTEBOOK)
    stage = next((s for s in workspace.evidence.stages if s.stage == Stage.PREDICT), None)
    said = workspace.cells
    if stage is None or said is None or said.cells == 0:
        return not_assessed("The notebook's kernel did not start, which is a limit of ours.")
    has_output = workspace.output() is not None
    missing = "" if has_output else " It left no predictions, so half of the points at most."
    if stage.verdict == Verdict.ACCEPTED:
        sentence = f"All {said.cells} code cells ran{_cost(said)}.{missing}"
        return passed(sentence, *_slowest(said)) if has_output else partial(_WITHOUT, sentence)
    # The engine's word against it: one cell at least did not run to its end, whatever was said.
    ran = min(said.passed, said.cells - 1)
    share = ran / said.cells * (1 if has_output else _WITHOUT)
    sentence = f"{ran} of {said.cells} code cells ran, then it {_ending(stage.verdict, said)}.{missing}"
    places = (*_stopped(workspace, said), *_slowest(said))
    return partial(share, sentence, *places) if share else failed(sentence, *places)


def _ending(verdict: Verdict, said: NotebookRun) -> str:
    at = said.stopped_at
    if verdict in _ENDED:
        return _ENDED[verdict]
    if at is None:
        return "ended without a word"
    return f"stopped at cell {at.number}: {at.error or 'its kernel died'}"


def _cost(said: NotebookRun) -> str:
    seconds = sum(run.seconds for run in said.runs)
    memory = max((run.memory_bytes or 0 for run in said.runs), default=0)
    return f" in {seconds:.1f} s" + (f" with up to {memory / (1 << 20):.0f} MiB" if memory else "")


def _stopped(workspace: Workspace, said: NotebookRun) -> tuple[Evidence, ...]:
    notebook, at = workspace.evidence.inventory.contract.notebook, said.stopped_at
    if notebook is None or at is None:
        return ()
    how = "raised" if at.outcome == CellOutcome.FAILED else "ended the kernel"
    return (Evidence(summary=f"cell {at.number} {how}", file=notebook.path, excerpt=at.error),)


def _slowest(said: NotebookRun) -> tuple[Evidence, ...]:
    """The cells that took longest, where it matters."""
    slow = sorted((run for run in said.runs if run.seconds >= _LEAST_SECONDS), key=_seconds, reverse=True)
    return tuple(Evidence(summary=f"cell {r.number} took {r.seconds:.1f} s") for r in slow[:_SLOWEST])


def _seconds(run: CellRun) -> float:
    return run.seconds


grader = CheckList(
    name="notebook-run",
    version=content_version("1", __file__),
    dimension=Dimension.DEPLOYMENT,
    needs=frozenset({Need.NOTEBOOK, Need.OUTPUTS, Need.SUBMISSION}),
    checks=(runs, equal_outputs),
)
