"""Rows to send, as columns: numbers with NaN for missing, categories as text with the empty text for missing."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graders.drift.statistics import Array, Booleans

Texts = npt.NDArray[np.str_]
Rows = npt.NDArray[np.intp]
MISSING = ""
"""How a category says that it is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of equal length, in the order in which they are sent."""

    numeric: Mapping[str, Array]
    """float64, (rows,); NaN is missing."""
    categorical: Mapping[str, Texts]
    """(rows,); the empty text is missing."""

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, numeric ones first."""
        return (*self.numeric, *self.categorical)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        first = next(iter((*self.numeric.values(), *self.categorical.values())), np.empty(0))
        return int(first.shape[0])

    def take(self, rows: Rows | Booleans) -> "Table":
        """Some rows, in the order asked for; as copies."""
        return Table(
            numeric={name: values[rows] for name, values in self.numeric.items()},
            categorical={name: values[rows] for name, values in self.categorical.items()},
        )

    def replaced(self, name: str, values: Array | Texts) -> "Table":
        """The table with other values in one column.

        Raises:
            KeyError: There is no such column.
        """
        if name in self.numeric:
            return Table(
                numeric=dict(self.numeric) | {name: np.asarray(values, dtype=float)},
                categorical=self.categorical,
            )
        if name not in self.categorical:
            raise KeyError(name)
        return Table(
            numeric=self.numeric,
            categorical=dict(self.categorical) | {name: np.asarray(values, dtype=np.str_)},
        )

    def is_missing(self, name: str) -> Booleans:
        """Which rows lack a value in a column."""
        if name in self.numeric:
            return np.isnan(self.numeric[name])
        return np.asarray(self.categorical[name] == MISSING, dtype=bool)
