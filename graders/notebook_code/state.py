"""Order and hidden state: does what stands above suffice for what stands below?"""

import ast
import builtins
from collections.abc import Iterator

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, partial, passed
from graders.notebook_code.book import Sent, sent, syntax

#: Names that a kernel has before the first cell runs.
_GIVEN = frozenset({*dir(builtins), "get_ipython", "In", "Out", "display", "exit", "quit", "_", "__", "___"})
_MOST_SHOWN = 10


@check(
    "notebook.order",
    "Its cells were last run in order",
    points=1,
    why="Counts that jump say that what is shown came about in another order than the one that is read.",
    fix="Restart the kernel and run all cells before you save, or clear the outputs.",
)
def in_order(workspace: Workspace) -> Result:
    """Counts as saved: 1, 2, 3, … or none at all; else the share of neighbours in order."""
    found = sent(workspace)
    if isinstance(found, Result):
        return found
    counts = [(cell.number, cell.execution_count) for cell in found.book.code]
    run = [(number, count) for number, count in counts if count is not None]
    if not run:
        return passed("It was saved without outputs, so no other order can have been the one.")
    if [count for _, count in counts] == list(range(1, len(counts) + 1)):
        return passed(f"Its {len(counts)} code cells were run once each, in order, before it was saved.")
    good = sum(count == wanted for wanted, (_, count) in enumerate(counts, 1))
    places = [
        Evidence(summary=f"cell {number} has count {'none' if count is None else count}", file=found.path)
        for wanted, (number, count) in enumerate(counts, 1)
        if count != wanted
    ]
    sentence = f"{len(counts) - good} of {len(counts)} code cells were not run in order before it was saved."
    share = good / len(counts)
    return (
        partial(share, sentence, *places[:_MOST_SHOWN]) if share else failed(sentence, *places[:_MOST_SHOWN])
    )


@check(
    "notebook.state",
    "No cell needs what stands below it",
    points=1,
    why="A name that only a later cell defines was there by chance of the session, and is missing in a fresh one.",
    fix="Move the definition above its first use, and restart and run all.",
)
def no_hidden_state(workspace: Workspace) -> Result:
    """Names that a cell reads at once and that only cells below it define, or none at all."""
    found = sent(workspace)
    if isinstance(found, Result):
        return found
    lost = list(_lost(found))
    if not lost:
        return passed("Each name that a cell reads is defined in it or above it.")
    names = ", ".join(sorted({name for _, name in lost})[:_MOST_SHOWN])
    places = [Evidence(summary=f"cell {number} reads `{name}`", file=found.path) for number, name in lost]
    return failed(f"Read before anything above defines it: {names}.", *places[:_MOST_SHOWN])


def _lost(found: Sent) -> Iterator[tuple[int, str]]:
    """Cells and the names that they read before there is anything of that name."""
    known: set[str] = set(_GIVEN)
    known |= {"data", "out"}  # Set by the run itself.
    for cell in found.book.code:
        tree = syntax(cell.source)
        if tree is None or any(_imports_all(node) for node in ast.walk(tree)):
            return  # What it brings cannot be told from here.
        defined = set(_defined(tree))
        for name in sorted(set(_read_first(tree)) - known - defined):
            yield cell.number, name[:60]
            known.add(name)
        known |= defined


def _imports_all(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _defined(tree: ast.Module) -> Iterator[str]:
    """Every name that is bound anywhere in a cell; more than its own level, so that none is wrongly missed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def _read_first(tree: ast.Module) -> Iterator[str]:
    """Names that are read as soon as the cell runs: bodies of functions are read when somebody calls them."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
