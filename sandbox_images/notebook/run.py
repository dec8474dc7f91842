"""Run a notebook from top to bottom, as a stranger would, and say of each cell what became of it.

Theory of operation. This program and the kernel it starts are in one container, under one user: whoever wrote the
notebook can end this program, and can make its kernel lie. So nothing that it says is worth more than what a notebook
that catches all of its own errors would have it say; see graders/notebook_run. What it says goes to standard output as
JSON, one event a line, at the moment it happens: a container that is ended at its limit has said all until then.
What cells print goes to standard error, for the log.

The kernel works in a folder of its own where everything that lies beside the notebook is there by links, so that a
notebook that writes next to itself runs as it did at home. The files that count are copied to /out afterwards.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

# Our kernel is in this folder: no name that a notebook gives finds another one.
os.environ["JUPYTER_PATH"] = str(Path(__file__).parent / "share/jupyter")

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

EXECUTED = "executed.ipynb"
"""Name under /out of the notebook with the outputs that its cells had here."""
INJECTED = "injected-parameters"
"""Papermill's tag for a cell that was added to set parameters."""
_CELL_BYTES, _ALL_BYTES = 256 << 10, 4 << 20
"""Most output that is kept, of a cell and of all."""
_MOST_ERROR = 500
_MOST_LOG = 4000
NEW = {
    "code": nbformat.v4.new_code_cell,
    "markdown": nbformat.v4.new_markdown_cell,
    "raw": nbformat.v4.new_raw_cell,
}
"""By the kind of cell."""


@dataclass
class Told:
    """What cells have printed and shown so far."""

    by_cell: dict[int, int] = field(default_factory=dict)
    kept: int = 0

    def room(self, index: int, size: int) -> int:
        """Count an output of a cell; how much of it there is room for."""
        before = self.by_cell.get(index, 0)
        self.by_cell[index] = before + size
        taken = min(size, max(0, min(_CELL_BYTES - before, _ALL_BYTES - self.kept)))
        self.kept += taken
        return taken


class Client(NotebookClient):
    """Keeps outputs within bounds; all else as the library does it."""

    told: Told

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Take an output, unless there has been too much."""
        size = len(json.dumps(msg["content"], default=str))
        room = self.told.room(cell_index, size)
        if msg["msg_type"] == "stream" and room:
            text = str(msg["content"].get("text", ""))
            sys.stderr.write(text[:_MOST_LOG])
            msg["content"]["text"] = text if room == size else f"{text[:room]}\n(more was printed)\n"
        elif room < size:
            return None
        made = super().output(outs, msg, display_id, cell_index)
        # What is printed in several messages is one text. The library would join it too, with expressions that take a
        # minute for a line of 256 KiB.
        if made and [out.get("name") for out in outs[-2:]] == [made.get("name", "")] * 2:
            outs.pop()
            outs[-1].text += made.text
        return made


def main(argv: list[str]) -> int:
    """Run it; 0 when every cell ran, 1 when one failed, 2 when it is no notebook that can be run."""
    options = _options(argv)
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # What a kernel's children print is no event.

    def say(**event: object) -> None:
        channel.write(json.dumps(event) + "\n")
        channel.flush()

    path = options.submission / options.notebook
    try:
        notebook = read(path)
    except Exception as error:  # noqa: BLE001  whatever a reader of hostile JSON raises
        say(event="end", outcome="unreadable", error=_short(error))
        sys.stderr.write(f"{options.notebook} cannot be read as a notebook: {_short(error)}\n")
        return 2
    added = inject(notebook, options.parameters, {"data": str(options.inputs), "out": str(options.out)})
    folder = work_folder(options.submission, options.notebook)
    outcome = run(notebook, added, folder, say)
    collect(folder / options.predictions if options.predictions else folder, options)
    with suppress(OSError, ValueError):  # A full /out is told by what is missing there.
        (options.out / EXECUTED).write_text(nbformat.writes(notebook), encoding="utf-8")
    say(event="end", outcome=outcome)
    return 0 if outcome == "passed" else 1


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("notebook", help="path in the submission")
    parser.add_argument("--parameters", default="parameters", help="tag of the cell that sets parameters")
    parser.add_argument("--predictions", default="", help="file that it writes, relative to its own folder")
    parser.add_argument("--name", action="append", default=[], help="a name under which /out may have it")
    parser.add_argument("--submission", type=Path, default=Path("/submission"))
    parser.add_argument("--inputs", type=Path, default=Path("/in"))
    parser.add_argument("--out", type=Path, default=Path("/out"))
    return parser.parse_args(argv)


def read(path: Path) -> NotebookNode:
    """Its cells as they were sent, and nothing else of it: what cells said elsewhere would pass for what they say here.

    What is no notebook was refused when it was unpacked; all that was taken then is read here, whatever else is in it.
    """
    made = nbformat.v4.new_notebook(metadata={}, nbformat_minor=4)
    for sent in json.loads(path.read_text(encoding="utf-8-sig"))["cells"]:
        source, tags = sent["source"], sent.get("metadata", {}).get("tags")
        cell = NEW[sent["cell_type"]](
            source if isinstance(source, str) else "".join(source),
            metadata={"tags": [t for t in tags if isinstance(t, str)]} if isinstance(tags, list) else {},
        )
        cell.pop("id", None)  # Of 4.5, and drawn by chance where there is none.
        pictures = sent.get("attachments")
        if isinstance(pictures, dict) and all(isinstance(each, dict) for each in pictures.values()):
            cell.attachments = nbformat.from_dict(pictures)
        made.cells.append(cell)
    return made


def inject(notebook: NotebookNode, tag: str, values: dict[str, str]) -> int:
    """Add a cell that sets parameters, and return its place: after the tagged one, else at the top.

    Source: papermill's convention.
    """
    places = [n for n, cell in enumerate(notebook.cells) if tag in cell.metadata.get("tags", [])]
    source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [INJECTED]})
    cell.pop("id", None)
    place = places[0] + 1 if places else 0
    notebook.cells.insert(place, cell)
    return place


def work_folder(submission: Path, notebook: str) -> Path:
    """A folder like the notebook's own that can be written to; what was sent is there by links."""
    here, there = Path(tempfile.mkdtemp(prefix="work-")), submission
    for part in (*PurePosixPath(notebook).parent.parts, ""):
        for entry in there.iterdir():
            if entry.name != part:
                (here / entry.name).symlink_to(entry)
        if part:
            here, there = here / part, there / part
            here.mkdir()
    return here


def run(notebook: NotebookNode, added: int, folder: Path, say: Callable[..., None]) -> str:
    """Run its cells until one fails; says each, returns what became of the whole."""
    # Sockets of the file system: a container without network need not have a loopback.
    manager = AsyncKernelManager(kernel_name="audition", transport="ipc", ip=tempfile.mkdtemp() + "/kernel")
    client = Client(
        notebook,
        km=manager,
        timeout=None,
        store_widget_state=False,
        shutdown_kernel="immediate",
    )
    client.told, client.owns_km = Told(), True
    client.extra_arguments = ["--HistoryManager.enabled=False"]
    client.reset_execution_trackers()
    code = [n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    say(event="begin", cells=len(code) - 1)
    outcome = "passed"
    with client.setup_kernel(cwd=str(folder)):
        for number, index in _numbered(code, added):
            began = time.monotonic()
            outcome, error = _cell(client, notebook.cells[index], index)
            seconds = round(time.monotonic() - began, 3)
            memory = memory_bytes(getattr(manager.provisioner, "pid", None))
            size = client.told.by_cell.get(index, 0)
            if number:
                say(
                    event="cell",
                    number=number,
                    outcome=outcome,
                    seconds=seconds,
                    memory_bytes=memory,
                    output_bytes=size,
                    error=error,
                )
            sys.stderr.write(f"[cell {number}: {outcome} after {seconds:.1f} s] {error}\n" if number else "")
            if outcome != "passed":
                break
    for cell in notebook.cells:
        for output in (out for out in cell.get("outputs", ()) if out.output_type == "stream"):
            output.text = as_shown(output.text)
    return outcome


def as_shown(text: str) -> str:
    """What a terminal would show of it: a line that was begun again, such as a bar of progress, as it was at last."""
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def _numbered(code: list[int], added: int) -> Iterator[tuple[int, int]]:
    """Number of each code cell as its author counts, from 1 and over all cells, and its place; 0 for ours."""
    for index in code:
        yield (0 if index == added else index + 1 - (index > added)), index


def _cell(client: Client, cell: NotebookNode, index: int) -> tuple[str, str]:
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        sys.stderr.write(str(error)[-_MOST_LOG:] + "\n")
        return "failed", f"{error.ename}: {error.evalue}"[:_MOST_ERROR]
    except DeadKernelError:
        return "died", "The kernel died while this cell ran."
    except Exception as error:  # noqa: BLE001  a kernel in strange hands may say anything
        return "died", f"The kernel does not speak as kernels do: {_short(error)}"
    return "passed", ""


def memory_bytes(pid: int | None) -> int | None:
    """Most memory that the kernel's own process has had so far; None where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found = dict(line.split(":", 1) for line in lines if line.startswith(("VmHWM", "VmRSS")))
        return int((found.get("VmHWM") or found["VmRSS"]).split()[0]) << 10
    return None


def collect(place: Path, options: argparse.Namespace) -> None:
    """Copy what the notebook wrote beside itself to /out, under a name that is expected there."""
    if any((options.out / name).exists() for name in options.name):
        return
    names = [name for name in options.name if place.is_dir() or place.suffix == PurePosixPath(name).suffix]
    for name in names:
        source = place / name if place.is_dir() else place
        with suppress(OSError):
            if source.is_file():
                shutil.copyfile(source, options.out / name)
                return


def _short(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:_MOST_ERROR]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
