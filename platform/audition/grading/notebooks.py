"""Read hostile notebooks (nbformat 4) with bounds, and what a run of one said of its cells.

The documented form is enough: `nbformat` itself would bring a schema library into every grader. Source: the notebook
format's description of version 4.5, "Top-level structure" and "Cell types".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audition import codec
from audition.domain.errors import InvalidError
from audition.domain.notebook import INJECTED, CellRun, NotebookRun

MOST_BYTES = 10 << 20
"""Of one notebook: pictures in outputs make them large, and outputs are made anew when it runs."""
MOST_CELLS = 1000
_VERSION = 4
_MOST_LINE = 8 << 10
_MOST_LINES = 4 * MOST_CELLS
_KINDS = frozenset({"code", "markdown", "raw"})


class UnreadableNotebookError(Exception):
    """It is no notebook that can be run; the argument says why, to follow its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell."""

    number: int
    """1-based, over all cells."""
    is_code: bool
    source: str
    tags: tuple[str, ...] = ()
    execution_count: int | None = None
    output_bytes: int = 0
    """Of its outputs as they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A notebook as it was sent."""

    cells: tuple[Cell, ...]

    @property
    def code(self) -> tuple[Cell, ...]:
        """Code cells with anything in them: those that run."""
        return tuple(cell for cell in self.cells if cell.is_code and cell.source.strip())


def starts_as_notebook(data: bytes) -> bool:
    """Whether bytes begin as a JSON object, as a notebook does and no archive can."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def read_book(path: Path) -> Book:
    """Read a notebook.

    Raises:
        UnreadableNotebookError: It is none, of another version or language, or larger than may be.
    """
    if path.stat().st_size > MOST_BYTES:
        msg = f"is larger than {MOST_BYTES >> 20} MiB; clear its outputs, they are made anew when it runs"
        raise UnreadableNotebookError(msg)
    document = _document(path)
    version = document.get("nbformat")
    if version != _VERSION or isinstance(version, bool):
        shown = version if isinstance(version, int) and abs(version) < MOST_CELLS else "something else"
        msg = f"has nbformat {shown}, and 4 is run; open and save it with a current Jupyter"
        raise UnreadableNotebookError(msg)
    cells = document.get("cells")
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        msg = "has no list of cells as nbformat 4 has them; open and save it with a current Jupyter"
        raise UnreadableNotebookError(msg)
    if len(cells) > MOST_CELLS:
        msg = f"has {len(cells):,} cells; at most {MOST_CELLS:,} are run"
        raise UnreadableNotebookError(msg)
    if (language := _language(document)) != "python":
        msg = f"is written in {language[:40]!r}; only Python notebooks are run"
        raise UnreadableNotebookError(msg)
    book = Book(cells=tuple(_cell(number, cell) for number, cell in enumerate(cells, 1)))
    if not book.code:
        msg = "has no code cell with anything in it"
        raise UnreadableNotebookError(msg)
    return book


def read_outputs(path: Path) -> tuple[str, ...]:
    """What each code cell with anything in it printed and showed as text, in their order; pictures are not in it.

    Raises:
        UnreadableNotebookError: It is none, or larger than may be.
    """
    if path.stat().st_size > MOST_BYTES:
        msg = "is too large"
        raise UnreadableNotebookError(msg)
    cells = _document(path).get("cells")
    if not isinstance(cells, list) or not all(map(_is_cell, cells)) or len(cells) > MOST_CELLS + 1:
        msg = "has no list of cells as nbformat 4 has them"
        raise UnreadableNotebookError(msg)
    read = ((_cell(number, cell), cell.get("outputs")) for number, cell in enumerate(cells, 1))
    return tuple(
        "\n".join(_told(outputs))
        for cell, outputs in read
        if cell.is_code and cell.source.strip() and INJECTED not in cell.tags
    )


def _told(outputs: object) -> Iterator[str]:
    """The texts among a cell's outputs."""
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict):
            data = output.get("data")
            shown = data.get("text/plain") if isinstance(data, dict) else output.get("text")
            yield _text(shown) or ""


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        msg = f"is not UTF-8 text (byte {error.start})"
        raise UnreadableNotebookError(msg) from None
    except ValueError as error:  # Also a number of thousands of digits.
        msg = f"is not valid JSON ({' '.join(str(error).split())[:160]})"
        raise UnreadableNotebookError(msg) from None
    except RecursionError:
        msg = "is nested too deeply"
        raise UnreadableNotebookError(msg) from None
    if not isinstance(document, dict):
        msg = "is JSON, but no object as a notebook is"
        raise UnreadableNotebookError(msg)
    return document


def _is_cell(cell: object) -> bool:
    return (
        isinstance(cell, dict)
        and cell.get("cell_type") in _KINDS
        and isinstance(cell.get("metadata", {}), dict)
        and _text(cell.get("source")) is not None
    )


def _text(value: object) -> str | None:
    """A text that may be kept as a list of lines; None when it is neither."""
    if isinstance(value, list):
        return "".join(value) if all(isinstance(line, str) for line in value) else None
    return value if isinstance(value, str) else None


def _language(document: dict[str, Any]) -> str:
    """What the notebook says it is written in; Python when it does not say."""
    metadata = document.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = spec.get("language") if isinstance(spec, dict) else None
    return language.lower() if isinstance(language, str) else "python"


def _cell(number: int, cell: dict[str, Any]) -> Cell:
    tags, count, outputs = (
        cell.get("metadata", {}).get("tags"),
        cell.get("execution_count"),
        cell.get("outputs"),
    )
    return Cell(
        number=number,
        is_code=cell["cell_type"] == "code",
        source=_text(cell["source"]) or "",
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        execution_count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        output_bytes=len(json.dumps(outputs)) if outputs else 0,
    )


def read_run(data: bytes) -> NotebookRun:
    """What a run said of its cells, line by line; a line that is no event of ours is left out.

    Events that cannot be true together are nobody's word: of several about one cell the first that is not well counts,
    and a cell that comes out of order ends the account.
    """
    count, is_complete = 0, False
    runs: dict[int, CellRun] = {}
    for event in _events(data):
        kind = event.pop("event", None)
        if kind == "begin" and isinstance(event.get("cells"), int) and not runs:
            count = min(max(event["cells"], 0), MOST_CELLS)
        elif kind == "end":
            is_complete = True
        elif kind == "cell" and (run := _run(event)) is not None:
            if run.number < max(runs, default=0):
                break
            if run.number not in runs or runs[run.number].error == "":
                runs[run.number] = run
    return NotebookRun(cells=count, runs=tuple(runs.values())[:count], is_complete=is_complete)


def _events(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines()[:_MOST_LINES]:
        if len(line) <= _MOST_LINE and line.startswith(b"{"):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            yield event


def _run(event: dict[str, Any]) -> CellRun | None:
    try:
        return codec.from_plain(CellRun, event, what="cell")
    except InvalidError:
        return None
