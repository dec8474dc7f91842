"""The rows that drift runs are made of, prepared once when a challenge is published. Private; the prober has it only.

Theory of operation. Making rows drift needs the training data and numerical libraries, so it is done at publish, by
trusted code in a grader container. What is kept is the undrifted rows and, for each injection and dose, the changed
column of the same rows (or, where only the class mix changes, which rows are taken). A run then only draws numbers.
"""

from dataclasses import dataclass

from audition.domain.drift_plan import DriftKind, Injection, PlannedRun
from audition.domain.probe_plan import Cell, Row

MAX_BYTES = 32 << 20
"""Largest document."""
MAX_ROWS = 5000
"""Undrifted rows that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedRows:
    """The undrifted rows under one injection at one dose; as many as there are undrifted ones."""

    injection: Injection
    dose: float
    rows: tuple[int, ...] = ()
    """Which undrifted rows, by number, in this order; empty for all as they come."""
    values: tuple[Cell, ...] = ()
    """Of the injection's column, a value a row; empty when no value changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What our own PSI sees of one injection, at full dose over one window."""

    injection: Injection
    psi: float
    """Largest over the columns."""
    column: str
    """Where it is largest."""
    is_visible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTraffic:
    """Everything that can be sent, and what was measured of it when the challenge was published."""

    columns: tuple[str, ...]
    """In the order in which they are sent."""
    rows: tuple[tuple[Cell, ...], ...]
    """As in training."""
    drifted: tuple[DriftedRows, ...] = ()
    calibrated: tuple[Calibrated, ...] = ()
    exchangeable_p: float = 1.0
    """That rows differ this much from the training data by chance, in [0, 1]."""
    refusals: tuple[str, ...] = ()
    """Why the challenge cannot be published with this family; then there are no rows."""

    def row(self, number: int) -> Row:
        """An undrifted row."""
        return dict(zip(self.columns, self.rows[number], strict=True))

    def drifted_rows(self, run: PlannedRun) -> DriftedRows | None:
        """What the test phase of a run is drawn from; None for a placebo.

        Raises:
            KeyError: The family has no such injection at this dose.
        """
        if run.kind == DriftKind.NONE:
            return None
        for made in self.drifted:
            if made.injection == run.injection and made.dose == run.dose:
                return made
        msg = f"There are no rows for {run.kind.value} at dose {run.dose:g}."
        raise KeyError(msg)

    def drifted_row(self, made: DriftedRows, number: int) -> Row:
        """A row that drifted."""
        row = self.row(made.rows[number] if made.rows else number)
        return row | {made.injection.column: made.values[number]} if made.values else row

    def problems(self) -> list[str]:
        """What is wrong with the shape of a document that came from a container, a sentence each."""
        count = len(self.rows)
        found = []
        if count > MAX_ROWS:
            found.append(f"There are {count:,} rows; at most {MAX_ROWS:,} are accepted.")
        if any(len(row) != len(self.columns) for row in self.rows):
            found.append("A row has more or fewer values than there are columns.")
        for made in self.drifted:
            name = made.injection.kind.value
            if any(size not in {0, count} for size in (len(made.rows), len(made.values))):
                found.append(f"The rows of {name} are not as many as the undrifted ones.")
            if any(not 0 <= number < count for number in made.rows):
                found.append(f"{name} takes a row that does not exist.")
            if made.values and made.injection.column not in self.columns:
                found.append(f"{name} changes a column that is not sent.")
        return found
