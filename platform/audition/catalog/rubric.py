"""Read what people mark: `rubric.toml`."""

from dataclasses import dataclass
from pathlib import Path

from audition.catalog.shape import Problems, read_table, shape
from audition.domain.rubric import RubricItem

FILE = "rubric.toml"
MOST_ITEMS = 6
"""More than this and reviewers stop reading before they mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rubric:
    items: tuple[RubricItem, ...]


def read_rubric(folder: Path, problems: Problems) -> tuple[RubricItem, ...]:
    """The rubric of a challenge folder; empty when there is a problem."""
    table = read_table(folder, FILE, problems)
    rubric = None if table is None else shape(_Rubric, table, FILE, problems)
    if rubric is None:
        return ()
    if not 0 < len(rubric.items) <= MOST_ITEMS:
        problems.say(FILE, "items", f"has {len(rubric.items)}; use 1 to {MOST_ITEMS}.")
    for item in rubric.items:
        points = [level.points for level in item.levels]
        if len(points) < 2 or points != sorted(set(points)) or points[0] < 0:  # noqa: PLR2004
            problems.say(FILE, f"items.{item.id}.levels", "give at least two, points rising from 0 or more.")
    return rubric.items
