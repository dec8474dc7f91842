"""Batches that a data check should refuse: five faults that real deliveries have, one in each (catalogue I7)."""

import math
from collections.abc import Callable, Iterator
from random import Random
from statistics import median

from audition.grading.exercise.table import Table

_NULLS = 0.30
"""More cells are empty by this share."""
_UNSEEN = 0.20
"""Share of rows with a level that nobody has seen."""
_TWICE = 0.20
"""Share of rows that have another row's id."""
_FACTOR = 100
_MOST_LEVELS = 50
_LEAST_VALUES = 10
_LEVEL = "level-never-seen"


def corrupted(batch: Table, id_column: str, target: str, random: Random) -> Iterator[tuple[str, str, Table]]:
    """Each fault's name, what was done, and the batch that has it; a fault that cannot be made is left out."""
    features = [name for name in batch.columns if name not in {id_column, target}]
    numbers = [name for name in features if _is_number(batch.column(name))]
    levels = [name for name in features if _is_level(batch.column(name))]
    if features:
        name = random.choice(numbers or features)
        yield "missing", f"column {name} is missing", batch.without(name)
    if numbers:
        name = max(numbers, key=lambda column: _reach(batch.column(column)))
        cells = [_times(cell, _FACTOR) for cell in batch.column(name)]
        yield (
            "unit",
            f"{name} is {_FACTOR} times as large, as in another unit",
            batch.with_column(name, cells),
        )
    if features:
        # In the column that has fewest empty cells, where more of them say most.
        name = min(features, key=lambda column: sum(not cell.strip() for cell in batch.column(column)))
        made = _some(batch.column(name), _NULLS, lambda _: "", random)
        yield "nulls", f"{_NULLS:.0%} of the cells of {name} are empty", batch.with_column(name, made)
    if levels:
        name = random.choice(levels)
        made = _some(batch.column(name), _UNSEEN, lambda _: _LEVEL, random)
        yield "level", f"{name} has a level that was never seen", batch.with_column(name, made)
    if id_column in batch.columns:
        ids = batch.column(id_column)
        made = _some(ids, _TWICE, lambda number: ids[number - 1], random)
        yield (
            "ids",
            f"{_TWICE:.0%} of the rows have another row's {id_column}",
            batch.with_column(id_column, made),
        )


def _some(cells: tuple[str, ...], share: float, make: Callable[[int], str], random: Random) -> list[str]:
    """The cells, of which a share is made anew from their numbers."""
    made = list(cells)
    for number in random.sample(range(len(cells)), math.ceil(share * len(cells))):
        made[number] = make(number)
    return made


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _is_number(cells: tuple[str, ...]) -> bool:
    said = [cell for cell in cells if cell.strip()]
    values = {_number(cell) for cell in said}
    return None not in values and len(values) >= _LEAST_VALUES


def _is_level(cells: tuple[str, ...]) -> bool:
    said = {cell for cell in cells if cell.strip()}
    return 1 < len(said) <= _MOST_LEVELS and all(_number(cell) is None for cell in said)


def _reach(cells: tuple[str, ...]) -> float:
    """How far the middle of a column, times the factor, lies beyond its largest value."""
    values = [abs(value) for cell in cells if (value := _number(cell)) is not None]
    return median(values) / max(values) if values and max(values) > 0 else 0.0


def _times(cell: str, factor: int) -> str:
    value = _number(cell)
    return cell if value is None else f"{value * factor:.12g}"
