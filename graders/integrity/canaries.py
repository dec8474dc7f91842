"""Rows in a submission that only another candidate's copy of the training data has. A fact for people, never points."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from audition.domain.grade import Evidence
from audition.domain.variant import Canary
from audition.grading import Result, Workspace, check, informative, not_applicable, passed
from audition.grading.tree import Tree

_TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".py", ".ipynb", ".sql", ".md")
_MOST_BYTES = 64 << 20
_MOST_LINE = 20_000
_MOST_FILES = 20
_BREAKS = str.maketrans(dict.fromkeys("\t;|:{}[]()\"'\\", ","))
#: Fewer cells may be alike by chance.
_LEAST_CELLS = 4


@check(
    "integrity.data.anothers",
    "Rows of another candidate's data",
    points=0,
    why="Copies of the training data are given to one person each.",
    fix="Say in the README where data that you were not given come from.",
)
def anothers(workspace: Workspace) -> Result:
    """Rows, by their cells in any order or by their names, that one copy alone has, and not the candidate's own."""
    listed = workspace.canaries
    if listed is None:
        return not_applicable("Everybody has the same data.")
    own = _found(workspace.inputs, listed.canaries)
    mine = {canary for canaries in own.values() for canary in canaries}
    others = tuple(canary for canary in listed.canaries if canary not in mine)
    found = _found(workspace.submission, others)
    if not found:
        return passed("No file holds rows that only another copy of the data has.")
    told = "; ".join(f"{path}: copy {', '.join(map(str, _numbers(rows)))}" for path, rows in found.items())
    files = (Evidence(summary="holds such rows", file=path) for path in list(found)[:_MOST_FILES])
    sentence = f"Files with rows that only another candidate's copy of the data has: {len(found)}."
    note = f"{told}. `audition trace` says how sure a whole table is."
    return replace(informative(sentence, *files), note=note)


def _numbers(rows: frozenset[Canary]) -> list[int]:
    return sorted({canary.number for canary in rows})


def _found(folder: Path, canaries: tuple[Canary, ...]) -> dict[str, frozenset[Canary]]:
    """Canaries by file."""
    if not canaries or not folder.is_dir():
        return {}
    anchors, names = _anchors(canaries), {name: canary for canary in canaries for name in canary.names}
    found: dict[str, frozenset[Canary]] = {}
    left = _MOST_BYTES
    for path in Tree(folder).paths:
        place = folder / path
        if not path.lower().endswith(_TABLES) or place.is_symlink() or not place.is_file():
            continue
        left -= place.stat().st_size
        if left < 0:
            break
        if here := frozenset(_in_file(place, anchors, names)):
            found[path] = here
    return found


def _anchors(canaries: tuple[Canary, ...]) -> dict[str, list[tuple[Canary, Counter[str]]]]:
    """Canaries by the cell that fewest of them share, which is what is looked for first."""
    cells = {canary: Counter(_plain(cell) for cell in canary.cells if cell) for canary in canaries}
    common = Counter(cell for row in cells.values() for cell in row)
    anchors: dict[str, list[tuple[Canary, Counter[str]]]] = {}
    for canary, row in cells.items():
        if row.total() >= _LEAST_CELLS:
            rarest = min(row, key=lambda cell: (common[cell], -len(cell), cell))
            anchors.setdefault(rarest, []).append((canary, row))
    return anchors


def _in_file(
    path: Path, anchors: Mapping[str, list[tuple[Canary, Counter[str]]]], names: Mapping[str, Canary]
) -> Iterator[Canary]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        while line := file.readline(_MOST_LINE):
            words = [word.strip() for word in line.translate(_BREAKS).split(",")]
            yield from (names[word] for word in words if word in names)
            plain = [_plain(word) for word in words if word]
            if near := [one for word in plain if word in anchors for one in anchors[word]]:
                have = Counter(plain)
                yield from (canary for canary, row in near if row <= have)


def _plain(text: str) -> str:
    """A number without its form, another text as it is."""
    try:
        return repr(float(text))
    except ValueError:
        return text
