"""One prediction or one answer out of the cells of a row, in the form that the metric asks for. Hostile input."""

import math
from collections.abc import Callable, Sequence
from enum import Enum

from audition.domain.challenge import OutputSpec
from audition.domain.metrics import Form

Value = float | str | tuple[float, ...] | tuple[str, ...]

#: Longest text, item or label that is taken.
_MOST_TEXT = 10_000
#: How far the probabilities of a row may add up to something other than 1; they are normalised afterwards.
_SUM_SLACK = 0.01
#: Largest size of a number. Squares and their products over a million rows stay finite, so that a metric has a value;
#: what programs write for "no number" in single precision (3.4e38) is below it.
LARGEST = 1e60


class Fault(Enum):
    """What can be wrong with a cell."""

    NOT_A_NUMBER = "not_numbers"
    NOT_ALLOWED = "out_of_range"


Parse = Callable[[Sequence[object]], Value | Fault]


def parser(form: Form, spec: OutputSpec) -> Parse:
    """What reads the cells of `spec.columns` in one row.

    Args:
        form: What is asked for.
        spec: Range, labels and list length.
    """
    labels = frozenset(spec.labels)
    parsers: dict[Form, Parse] = {
        Form.NUMBER: lambda cells: _one(cells[0], spec),
        Form.PROBABILITY: lambda cells: _one(cells[0], spec),
        Form.PROBABILITIES: lambda cells: _distribution(cells, spec),
        Form.QUANTILES: lambda cells: _several(cells, spec),
        Form.SURVIVAL: lambda cells: _several(cells, spec),
        Form.LABEL: lambda cells: _label(cells[0], labels),
        Form.ITEMS: lambda cells: _items(cells[0], spec.most_items),
        Form.TEXT: lambda cells: _text(cells[0]),
    }
    return parsers[form]


def number(cell: object) -> float:
    """The cell as a number; NaN for anything else, so that one test finds all of them."""
    if isinstance(cell, bool) or cell is None:
        return math.nan
    if isinstance(cell, (int, float)):
        return float(cell)
    text = str(cell)
    # Python also reads "1_000" and digits of other scripts as numbers, which no CSV writer means.
    if "_" in text or not text.isascii():
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan


def items(cell: object) -> tuple[str, ...]:
    """A list of items: a Parquet list, or words separated by blanks."""
    if isinstance(cell, (list, tuple)):
        return tuple(str(item) for item in cell)
    return () if cell is None else tuple(str(cell).split())


def _one(cell: object, spec: OutputSpec) -> Value | Fault:
    value = number(cell)
    if not math.isfinite(value):
        return Fault.NOT_A_NUMBER
    low = -LARGEST if spec.minimum is None else max(spec.minimum, -LARGEST)
    high = LARGEST if spec.maximum is None else min(spec.maximum, LARGEST)
    return value if low <= value <= high else Fault.NOT_ALLOWED


def _several(cells: Sequence[object], spec: OutputSpec) -> tuple[float, ...] | Fault:
    values = []
    for cell in cells:
        value = _one(cell, spec)
        if isinstance(value, Fault):
            return value
        values.append(value)
    return tuple(v for v in values if isinstance(v, float))


def _distribution(cells: Sequence[object], spec: OutputSpec) -> Value | Fault:
    values = _several(cells, spec)
    if isinstance(values, Fault) or (min(values) >= 0 and abs(math.fsum(values) - 1) <= _SUM_SLACK):
        return values
    return Fault.NOT_ALLOWED


def _label(cell: object, labels: frozenset[str]) -> Value | Fault:
    text = "" if cell is None else str(cell)
    return text if text in labels else Fault.NOT_ALLOWED


def _items(cell: object, most: int) -> Value | Fault:
    found = items(cell)
    is_fine = len(found) == len(set(found)) <= most and all(len(item) <= _MOST_TEXT for item in found)
    return found if is_fine else Fault.NOT_ALLOWED


def _text(cell: object) -> Value | Fault:
    text = "" if cell is None else str(cell)
    return text if len(text) <= _MOST_TEXT else Fault.NOT_ALLOWED
