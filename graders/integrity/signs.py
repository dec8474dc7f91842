"""Code that looks for where it runs, knows who asks, or knows answers by heart (L3). Facts, never points."""

import ast
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, informative, not_assessed, passed
from audition.grading.tree import Text, Tree

_CODE = (".py", ".sh", ".ipynb")
#: What only code that wants to know where it runs has a use for. Four `AUDITION_` variables are documented, for
#: commands of the pipeline, so those are no sign.
_SNIFFS = {
    "a variable of the platform": re.compile(r"\bAUDITION_(?!MODEL\b|DATA\b|IN\b|OUT\b)[A-Z_]{2,40}"),
    "whether it is in a container": re.compile(r"/\.dockerenv|/proc/(?:1|self)/cgroup|/run/\.containerenv"),
    "which kernel answers": re.compile(r"\bgvisor\b|\brunsc\b|/proc/version\b", re.IGNORECASE),
    "places of the platform": re.compile(r"[\"'](?:/evidence|/answers|/private)\b"),
    "the name of the host": re.compile(
        r"gethostname\(\)\s*(?:==|!=|in\b)|platform\.node\(\)\s*(?:==|!=|in\b)"
    ),
}
_ASKS_WHO = re.compile(r"user[-_]agent", re.IGNORECASE)
_WHO = re.compile(r"python-requests|kube-probe|schemathesis|prometheus/|audition|prober", re.IGNORECASE)
#: Lines between asking who it is and knowing somebody.
_NEAR = 3
_MOST = 20
_MOST_ROWS = 100_000
#: Ids that stand in code, as a share of those to predict and at least so many; a few are examples.
_LEAST_KNOWN, _KNOWN_SHARE = 10, 0.05
_SHORTEST_ID = 4
#: Numbers beyond it are no ids, and Python refuses to write down those of thousands of digits.
_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Sign:
    """One place."""

    words: str
    file: str
    line: int
    excerpt: str = ""

    @property
    def evidence(self) -> Evidence:
        """For people to look at."""
        return Evidence(summary=self.words, file=self.file, line=self.line, excerpt=self.excerpt[:160])


@check(
    "integrity.environment.looked-at",
    "Code that looks for where it runs",
    points=0,
    why="A program that behaves otherwise where it is measured was not measured.",
    fix="Take what differs between environments from documented settings; say in the README why code looks.",
)
def environment(workspace: Workspace) -> Result:
    """Lines that look for containers, kernels, hosts or our own names."""
    signs = [
        Sign(f"looks for {words}", text.path, number, match[0])
        for text in Tree(workspace.submission).ending(*_CODE)
        for number, line in enumerate(text.lines, 1)
        for words, pattern in _SNIFFS.items()
        if (match := pattern.search(line))
    ]
    return _told(signs, "No code looks for where it runs.", "Places that look for where the code runs")


@check(
    "integrity.caller.recognised",
    "Code that knows who asks",
    points=0,
    why="Answers that depend on who asks are not those that users get.",
    fix="Answer every client alike, and say in the README why a header is compared.",
)
def caller(workspace: Workspace) -> Result:
    """Lines that compare the name of a client with that of a probe or test tool."""
    signs = [sign for text in Tree(workspace.submission).ending(*_CODE) for sign in _callers(text)]
    return _told(
        signs, "No code asks for the name of its client.", "Places that compare the name of the client"
    )


def _callers(text: Text) -> Iterator[Sign]:
    for number, line in enumerate(text.lines, 1):
        if _ASKS_WHO.search(line):
            near = "\n".join(text.lines[number - 1 : number + _NEAR])
            match = _WHO.search(_ASKS_WHO.sub("", near))
            if match:
                yield Sign("compares the name of the client", text.path, number, match[0])


@check(
    "integrity.answers.by-heart",
    "Rows to predict that stand in the code",
    points=0,
    why="A table of answers predicts nothing that is not in it.",
    fix="Compute predictions from the features; keep ids and expected outputs in tests.",
)
def answers(workspace: Workspace) -> Result:
    """Constants in code outside tests that are ids of rows to predict, and tables that hold a value for each."""
    ids = _ids(workspace)
    if not ids:
        return not_assessed("Not assessed: the rows to predict have no ids that could be told from numbers.")
    least = max(_LEAST_KNOWN, round(_KNOWN_SHARE * len(ids)))
    tree = Tree(workspace.submission)
    signs = []
    for text in tree.ending(".py"):
        if "test" in text.path:
            continue
        known = {value: line for value, line in _constants(text.content) if value in ids}
        if len(known) >= least:
            words = f"names {len(known)} of {len(ids)} rows to predict"
            signs.append(Sign(words, text.path, min(known.values())))
    signs += list(_tables(workspace, tree, ids))
    return _told(
        signs,
        "No code and no table knows the rows to predict.",
        "Places that know rows which are to be predicted",
    )


def _ids(workspace: Workspace) -> frozenset[str]:
    """Ids of the rows to predict. Short ones are numbers like any other."""
    column = workspace.manifest.output.id_column
    for name in workspace.manifest.tables_of_hidden_rows:
        rows = list(_column(workspace.inputs / name, column))
        if rows:
            return frozenset(value for value in rows if len(value) >= _SHORTEST_ID)
    return frozenset()


def _column(path: Path, column: str) -> Iterator[str]:
    """Cells of one column; none when the table does not have it."""
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            for number, row in enumerate(csv.DictReader(file)):
                if number >= _MOST_ROWS or column not in row:
                    return
                yield str(row[column])
    except (OSError, csv.Error):
        return


def _constants(content: str) -> Iterator[tuple[str, int]]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # Other graders say that it is no Python.
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and _is_plain(node.value):
            yield str(node.value), node.lineno


def _is_plain(value: object) -> bool:
    """Whether a constant may be an id."""
    return isinstance(value, str) or (isinstance(value, int) and abs(value) < _LARGEST)


def _tables(workspace: Workspace, tree: Tree, ids: frozenset[str]) -> Iterator[Sign]:
    """Tables of the submission with ids and predictions of most rows."""
    spec = workspace.manifest.output
    for path in [path for path in tree.paths if path.lower().endswith(".csv")][:_MOST]:
        place = workspace.submission / path
        has_predictions = next(_column(place, spec.prediction_column), None) is not None
        if has_predictions and 2 * len(ids & frozenset(_column(place, spec.id_column))) > len(ids):
            yield Sign("holds a prediction for most rows", path, 1)


def _told(signs: list[Sign], none: str, some: str) -> Result:
    if not signs:
        return passed(none)
    return informative(f"{some}: {len(signs)}.", *(sign.evidence for sign in signs[:_MOST]))
