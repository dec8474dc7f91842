"""The submitted notebook and the syntax of its cells: read, never run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from audition.grading import Result, Workspace, not_applicable, not_assessed
from audition.grading.notebooks import Book, Cell, UnreadableNotebookError, read_book

NO_NOTEBOOK = "No notebook was submitted."
#: Lines for the notebook and the shell: magics, commands, questions for help. Source: IPython's input transformations.
_MAGIC = re.compile(r"^(\s*)(?:[%!].*|[\w.]+\s*=\s*[%!].*|.*\S\?{1,2}\s*)$")
_STILL_PYTHON = frozenset({"%%time", "%%timeit", "%%capture", "%%prun"})
_MOST_SOURCE = 100_000
"""Of one cell; a larger one is data."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A code cell with its syntax."""

    cell: Cell
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Sent:
    """A notebook as it was sent."""

    path: str
    parameters: str
    """Tag of the cell that sets parameters."""
    book: Book

    def parsed(self) -> Iterator[Parsed]:
        """Its code cells that can be parsed; what is no Python fails when it runs, and is told there."""
        for cell in self.book.code:
            tree = syntax(cell.source)
            if tree is not None:
                yield Parsed(cell, tree)


def sent(workspace: Workspace) -> Sent | Result:
    """The notebook that predicts, or why there is none to look at."""
    notebook = workspace.evidence.inventory.contract.notebook
    if notebook is None:
        return not_applicable(NO_NOTEBOOK)
    try:
        return Sent(notebook.path, notebook.parameters, read_book(workspace.submission / notebook.path))
    except (UnreadableNotebookError, OSError):  # It was read when it was unpacked.
        return not_assessed("The notebook could not be read again.")


def syntax(source: str) -> ast.Module | None:
    """The syntax of a cell; empty for one in another language, None where it is no Python or too much of it."""
    if len(source) > _MOST_SOURCE:
        return None
    if source.lstrip().startswith("%%"):
        first, _, source = source.lstrip().partition("\n")
        if first.split()[0] not in _STILL_PYTHON:
            return ast.Module(body=[], type_ignores=[])
    lines = (_MAGIC.sub(r"\1pass", line) if _MAGIC.match(line) else line for line in source.splitlines())
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
