"""Read `[notebook]` of the contract file, and see whether what it names can be run."""

from pathlib import Path

from audition.domain.contract import CONTRACT_FILE
from audition.domain.notebook import Notebook
from audition.grading.notebooks import UnreadableNotebookError, read_book
from audition.grading.toml_table import Problems, Table

_ENDING = ".ipynb"


def read_notebook(top: Table) -> tuple[Notebook | None, tuple[str, ...]]:
    """The table and the keys that it has; None when it names nothing that could be run."""
    table = top.table("notebook")
    if not top.has("notebook"):
        return None, ()
    path = table.path("path")
    notebook = Notebook(
        path=path,
        predictions=table.path("predictions"),
        parameters=table.text("parameters", "parameters", r"[\w.-]{1,40}", "write the tag of a cell."),
    )
    if top.has("predict"):
        table.reject("path", f"{CONTRACT_FILE} has `predict` too; keep the one that predicts.")
    if not path.endswith(_ENDING):
        table.reject("path", 'write the path of your notebook, e.g. "solution.ipynb".')
        return None, table.close()
    return notebook, table.close()


def notebook_problems(notebook: Notebook, submission: Path, problems: Problems) -> None:
    """Tell why the notebook cannot be run, as far as reading it shows: a failed run would cost an attempt."""
    place = submission / notebook.path
    try:
        if not place.is_file():
            problems.say(
                "notebook.path", f"notebook.path names {notebook.path!r}, which is not in the archive."
            )
            return
        read_book(place)
    except UnreadableNotebookError as error:
        problems.say("notebook.path", f"{notebook.path} {error}.")
    except OSError:  # A name that is too long for any file.
        problems.say("notebook.path", "notebook.path is too long for the name of a file.")
