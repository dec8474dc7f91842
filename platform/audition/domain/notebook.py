"""A submission that is a notebook: how it is run, and what a run says of its cells."""

from dataclasses import dataclass
from enum import StrEnum

#: Image of a challenge to the one with a kernel besides; a challenge with another image takes no notebooks.
NOTEBOOK_IMAGES = {
    "tabular": "notebook",
    "boosting": "boosting-notebook",
    "sql": "sql-notebook",
    "onnx": "onnx-notebook",
    "torch": "torch-notebook",
    "tensorflow": "tensorflow-notebook",
    "spark": "spark-notebook",
}
BARE_NOTEBOOK = "notebook.ipynb"
"""What a notebook is called that was sent alone, whatever it was called at home."""
EXECUTED = "executed.ipynb"
"""Name under /out of the notebook with the outputs that its cells had when they ran."""
INJECTED = "injected-parameters"
"""Tag of the cell that was added to set parameters. Source: papermill's convention."""
_RUNNER = ("python", "-I", "/opt/notebook/run.py")
DRAWER = ("python", "-I", "/opt/notebook/render.py")
"""The program of ours that draws one: the first that can be read of the paths behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """What `[notebook]` of the contract says."""

    path: str
    predictions: str = ""
    """File that it writes, relative to its own folder; empty for a name that the challenge expects."""
    parameters: str = "parameters"
    """Tag of the cell after which `data` and `out` are set. Source: papermill's convention."""

    def argv(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The program of ours that runs it.

        Args:
            names: Of the files that the challenge takes from /out.
        """
        predictions = (f"--predictions={self.predictions}",) if self.predictions else ()
        taken = tuple(f"--name={name}" for name in names)
        return (*_RUNNER, f"--parameters={self.parameters}", *predictions, *taken, "--", self.path)


class CellOutcome(StrEnum):
    """What became of a cell."""

    PASSED = "passed"
    FAILED = "failed"
    """It raised."""
    DIED = "died"
    """The kernel ended, or spoke no more as kernels do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """One code cell as it ran. Whoever wrote the notebook can forge it."""

    number: int
    """1-based, over all cells."""
    outcome: CellOutcome
    seconds: float = 0.0
    memory_bytes: int | None = None
    """Most that the kernel's process had had by then; None where the system did not say."""
    output_bytes: int = 0
    """Printed and shown, before anything was cut."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRun:
    """What was said of a run, in the order of the cells; never worth more than the word of who wrote them."""

    cells: int
    """Code cells with anything in them."""
    runs: tuple[CellRun, ...] = ()
    is_complete: bool = False
    """Whether the end was said; not so for one that was ended at a limit."""

    @property
    def passed(self) -> int:
        """Cells that ran before the first that did not."""
        return next(
            (n for n, run in enumerate(self.runs) if run.outcome != CellOutcome.PASSED), len(self.runs)
        )

    @property
    def stopped_at(self) -> CellRun | None:
        """The cell that did not run to its end; None when there is none, or nothing was said of it."""
        return next((run for run in self.runs if run.outcome != CellOutcome.PASSED), None)
