"""Would it run for somebody else, and would they find their way? Paths, seeds, modules, size."""

import ast
import re
from pathlib import Path

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from graders.notebook_code.book import Sent, sent
from graders.python_code import calls_in, has_seed, is_random, is_seeding, name_of

#: Folders of one machine or one provider.
_ABSOLUTE = re.compile(
    r"(?:/(?:home|Users|root|mnt|media|content|kaggle|workspace|var|opt|data|Volumes|dbfs)/|~/|[A-Za-z]:[\\/])[\w.]"
)
_MOST_LINES = 300
"""Of code in one notebook, beyond which logic belongs into modules that can be tested."""
_MOST_CELL_LINES = 80
_MOST_OUTPUT = 1 << 20
_MOST_SHOWN = 10


@check(
    "notebook.paths",
    "It names no folder of one machine",
    points=1,
    why="A path that exists on one machine ends the notebook on every other.",
    fix="Read from `data` and write to `out`, which the tagged cell sets, or use paths relative to the notebook.",
)
def relative_paths(workspace: Workspace) -> Result:
    """Texts in its code that are such paths; what the tagged cell sets is set anew wherever it runs."""
    found = sent(workspace)
    if isinstance(found, Result):
        return found
    places = [
        Evidence(summary=f"cell {parsed.cell.number}: {node.value[:80]!r}", file=found.path)
        for parsed in found.parsed()
        if found.parameters not in parsed.cell.tags
        for node in ast.walk(parsed.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ABSOLUTE.match(node.value)
    ]
    if places:
        return failed(f"It names {len(places)} folder(s) of one machine.", *places[:_MOST_SHOWN])
    return passed("It names no folder of one machine.")


@check(
    "notebook.seeds",
    "What is random has a seed",
    points=0.5,
    why="Without a seed nobody, you included, sees the same numbers twice.",
    fix="Give `random_state` (or a seed) to splits, models and generators, or seed the libraries in the first cell.",
)
def seeded(workspace: Workspace) -> Result:
    """The share of random calls that have a seed; all of them where the libraries were seeded."""
    found = sent(workspace)
    if isinstance(found, Result):
        return found
    calls = [(parsed.cell.number, call) for parsed in found.parsed() for call in calls_in(parsed.tree)]
    if any(is_seeding(call) for _, call in calls):
        return passed("It seeds its libraries.")
    random = [(number, call) for number, call in calls if is_random(call)]
    if not random:
        return not_applicable("Nothing in it is random, as far as one can read.")
    loose = [(number, call) for number, call in random if not has_seed(call)]
    if not loose:
        return passed(f"Each of {len(random)} random calls has a seed.")
    places = [Evidence(summary=f"cell {n}: {name_of(call)[:60]}", file=found.path) for n, call in loose]
    sentence = f"{len(loose)} of {len(random)} random calls have no seed."
    return partial(1 - len(loose) / len(random), sentence, *places[:_MOST_SHOWN])


@check(
    "notebook.modules",
    "Its logic is in modules, or it is short",
    points=0.5,
    why="What is in a cell can be neither imported nor tested; a service would need a copy of it.",
    fix="Move functions into a module beside the notebook, import them, and keep the cells for the story.",
)
def modules(workspace: Workspace) -> Result:
    """300 lines of code at most, or a module of its own is imported (catalogue J2)."""
    found = sent(workspace)
    if isinstance(found, Result):
        return found
    lines = sum(_lines(cell.source) for cell in found.book.code)
    if lines <= _MOST_LINES:
        return passed(f"It has {lines} lines of code.")
    if own := sorted(_own_imports(found, workspace.submission)):
        return passed(f"It imports {', '.join(own[:_MOST_SHOWN])}.")
    sentence = f"It has {lines} lines of code and imports no module of the submission."
    return partial(_MOST_LINES / lines, sentence)


def _lines(source: str) -> int:
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in source.splitlines())


def _own_imports(found: Sent, submission: Path) -> set[str]:
    """Modules that the notebook imports and the submission has."""
    names: set[str] = set()
    for parsed in found.parsed():
        for node in ast.walk(parsed.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    folders = (submission, submission / "src", (submission / found.path).parent)
    return {
        name
        for name in names
        if any((folder / f"{name}.py").is_file() or (folder / name).is_dir() for folder in folders)
    }


@check(
    "notebook.tidy",
    "It can be read and reviewed",
    points=0.5,
    why="Empty cells, cells of a hundred lines and megabytes of output hide what matters, in reviews most of all.",
    fix="Delete empty cells, split long ones, and clear outputs that nobody needs.",
)
def tidy(workspace: Workspace) -> Result:
    """A third each: no empty code cell, none of more than 80 lines, at most 1 MiB of saved outputs."""
    found = sent(workspace)
    if isinstance(found, Result):
        return found
    empty = [c for c in found.book.cells if c.is_code and not c.source.strip()]
    # One empty cell at the end is what every editor leaves.
    inner = [cell for cell in empty if cell.number != len(found.book.cells)]
    long = [cell for cell in found.book.code if _lines(cell.source) > _MOST_CELL_LINES]
    size = sum(cell.output_bytes for cell in found.book.cells)
    told = [
        (bool(inner), f"{len(inner)} empty code cell(s)"),
        (bool(long), f"{len(long)} cell(s) of more than {_MOST_CELL_LINES} lines"),
        (size > _MOST_OUTPUT, f"{size / (1 << 20):.1f} MiB of saved outputs"),
    ]
    troubles = [words for is_so, words in told if is_so]
    if not troubles:
        return passed("No empty cells, no very long ones, and little saved output.")
    places = [Evidence(summary=f"cell {cell.number}", file=found.path) for cell in (*inner, *long)]
    share, sentence = 1 - len(troubles) / len(told), f"It has {', '.join(troubles)}."
    return (
        partial(share, sentence, *places[:_MOST_SHOWN]) if share else failed(sentence, *places[:_MOST_SHOWN])
    )
