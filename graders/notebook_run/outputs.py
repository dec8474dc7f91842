"""Did the cells say again what they had said at home? Times, addresses and the last digits of numbers aside."""

import re

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, not_applicable, partial, passed
from audition.grading.notebooks import UnreadableNotebookError, read_outputs

_MOST_TEXT = 20_000
"""Of one cell's output: what is longer is compared by its beginning."""
_MOST_SHOWN = 10
#: What differs from run to run and says nothing: addresses, dates, times of day, how long something took.
_PASSING = re.compile(
    r"0x[0-9a-fA-F]{4,16}|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?|\d\d?:\d\d(?::\d\d)?"
    r"|\b\d+(?:\.\d+)?\s*(?:[mµun]?s|min|sec|seconds|minutes)\b|\b\d+(?:\.\d+)?it/s"
)
#: Begins at a boundary, so that a cell of digits alone is not read again from each of them.
_NUMBER = re.compile(r"-?\b\d+\.\d+(?:[eE][-+]?\d+)?")
_SPACE = re.compile(r"\s+")


@check(
    "notebook.outputs",
    "Its cells say again what they said",
    points=0.5,
    why="Outputs that a stranger cannot get again are a memory of a session, not a result.",
    fix="Run all cells in a fresh kernel, on the data of the kit, save, and send that; or clear the outputs.",
)
def equal_outputs(workspace: Workspace) -> Result:
    """The share of cells with saved text whose text came again (catalogue J1, its bonus)."""
    notebook = workspace.evidence.inventory.contract.notebook
    if notebook is None or workspace.notebook is None:
        return not_applicable("There are no outputs of a notebook to compare.")
    try:
        sent = read_outputs(workspace.submission / notebook.path)
        again = read_outputs(workspace.notebook)
    except (UnreadableNotebookError, OSError):
        return not_applicable("The outputs of the notebook cannot be compared.")
    saved = [number for number, said in enumerate(sent) if said.strip()]
    if not saved:
        return not_applicable("The notebook was sent without outputs.")
    others = [n for n in saved if n >= len(again) or _plain(sent[n]) != _plain(again[n])]
    if not others:
        return passed(f"All {len(saved)} cells with saved text said the same again.")
    places = [
        Evidence(summary=f"code cell {number + 1} said something else", file=notebook.path)
        for number in others[:_MOST_SHOWN]
    ]
    sentence = f"{len(others)} of {len(saved)} cells with saved text said something else when they ran here."
    return partial(1 - len(others) / len(saved), sentence, *places)


def _plain(text: str) -> str:
    """What counts of an output."""
    kept = _PASSING.sub("~", _SPACE.sub(" ", text[:_MOST_TEXT]))
    return _NUMBER.sub(_shorter, kept).strip()


def _shorter(number: re.Match[str]) -> str:
    """Three digits: those after them depend on the processor and on versions of libraries."""
    return f"{float(number[0]):.3g}"
