"""A metric that the challenge brings with it: `metric.py`, called in a process of its own.

Theory of operation. The author's function gets answers and predictions and returns a number; how far chance moves that
number is ours to say, so a round of the bootstrap is a call with the rows that were drawn. Its process gets both on its
standard input, with how often each row is drawn, and says one JSON list of numbers. It has no other descriptor of ours:
what it prints goes nowhere, and nothing that it does ends this process. Whatever goes wrong there is a fault of the
challenge, which names the author's line.
"""

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np

from audition.domain.run import Stage
from audition.grading import ChallengeFaultError
from graders.model_quality.rows import Rows
from graders.model_quality.statistic import Array, Closed, Evaluate, Integers

_PROGRAM = Path(__file__).with_name("own_program.py")
#: All calls of a container together, as a share of its time: the rest is for the other graders.
_SHARE = 0.5
#: Most that its process may say; 2,000 numbers, or the end of a traceback.
_MOST_SAID = 1 << 20
#: How often a row can be drawn, more than ever happens: counts are sent as two bytes.
_MOST_COUNT = 65_535
Column = Sequence[float] | Sequence[str]


@dataclass(slots=True)
class _Author:
    """What one `metric.py` has used of its time."""

    seconds_left: float


#: By path: a function that never returns is waited for once, and not by every grader anew.
_authors: dict[Path, _Author] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The author's function on given answers and predictions; a `Statistic`."""

    program: Path
    tables: bytes
    """Answers and predictions as JSON, columns by name."""
    rows: int
    seconds: float
    low: float
    high: float
    strata: Integers | None = None
    closed: Closed | None = None
    _known: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        """See `Statistic`.

        Raises:
            ChallengeFaultError: There is none, or it is not in its range.
        """
        if not self._known:
            found = float(self._values(np.ones((1, self.rows)))[0])
            if not math.isfinite(found):
                msg = (
                    f"metric.py returned {found} for a submission's predictions; it must be a finite number."
                )
                raise ChallengeFaultError(msg)
            self._known.append(found)
        return self._known[0]

    def evaluator(self, units: Integers | None, count: int) -> Evaluate:
        """See `Statistic`; `count` is not needed."""
        del count
        return self._values if units is None else lambda counts: self._values(counts[:, units])

    def _values(self, counts: Array) -> Array:
        said = self._call(counts)
        values = np.array(_numbers(said, len(counts)))
        there = values[np.isfinite(values)]
        if ((there < self.low) | (there > self.high)).any():
            worst = there[(there < self.low) | (there > self.high)][0]
            msg = f"metric.py returned {worst:g}, but metric.own says {self.low:g} to {self.high:g}."
            raise ChallengeFaultError(msg)
        return values

    def _call(self, counts: Array) -> bytes:
        author = _authors.setdefault(self.program, _Author(self.seconds))
        header = json.dumps({"rounds": len(counts), "rows": self.rows, "tables": len(self.tables)}).encode()
        drawn = counts.clip(0, _MOST_COUNT).astype("<u2").tobytes()
        began = monotonic()
        try:
            done = subprocess.run(  # noqa: S603  our own program, and the path of the challenge's
                [sys.executable, "-I", "-B", str(_PROGRAM), str(self.program)],
                input=header + b"\n" + self.tables + drawn,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=max(0.001, author.seconds_left),
                check=False,
            )
        except subprocess.TimeoutExpired:
            author.seconds_left = 0.0
            msg = f"metric.py did not return within {self.seconds:g} s, all its calls together."
            raise ChallengeFaultError(msg) from None
        author.seconds_left -= monotonic() - began
        if not done.stdout:
            msg = f"metric.py ended its process, with exit code {done.returncode}; it must return a number."
            raise ChallengeFaultError(msg)
        return done.stdout


def own(rows: Rows) -> Own:
    """The challenge's own metric.

    Raises:
        ChallengeFaultError: Its `metric.py` is not there.
    """
    facts, program = rows.spec.facts, rows.answers.program
    if program is None:
        msg = "The challenge's metric is its own, but metric.py is not there."
        raise ChallengeFaultError(msg)
    tables = {"answers": _answers(rows), "predictions": _predictions(rows)}
    return Own(
        program=program,
        tables=json.dumps(tables).encode(),
        rows=len(rows.ids),
        seconds=_SHARE * rows.manifest.limits_of(Stage.SCORE).time_seconds,
        low=-math.inf if facts.low is None else facts.low,
        high=math.inf if facts.high is None else facts.high,
    )


def _answers(rows: Rows) -> Mapping[str, Column]:
    """Every column of the answers file, numbers where all cells are."""
    spec = rows.manifest.answers
    further = {name: _column([cells[i] for i in rows.ids]) for name, cells in rows.answers.columns.items()}
    truth = [_plain(rows.answers.values[i]) for i in rows.ids]
    return {**further, spec.id_column: list(rows.ids), spec.answer_column: _alike(truth)}


def _predictions(rows: Rows) -> Mapping[str, Column]:
    names = rows.manifest.output.columns
    said = [rows.predictions[i] for i in rows.ids]
    if len(names) == 1:
        return {names[0]: _alike([_plain(value) for value in said])}
    table = rows.prediction()
    return {name: table[:, place].tolist() for place, name in enumerate(names)}


def _plain(value: object) -> float | str:
    """A number or a text; a list of items is one text again, as it stands in the file."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value if isinstance(value, float) else str(value)


def _alike(values: Sequence[float | str]) -> Column:
    numbers = [value for value in values if isinstance(value, float)]
    return numbers if len(numbers) == len(values) else list(map(str, values))


def _column(cells: list[str]) -> Column:
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return cells
    return numbers if all(map(math.isfinite, numbers)) else cells


def _numbers(said: bytes, rounds: int) -> list[float]:
    """What the program said: numbers, or why there are none."""
    try:
        document = json.loads(said[:_MOST_SAID])
    except ValueError:
        document = None
    match document:
        case {"error": str(error)}:
            msg = f"metric.py failed.\n{error}"
        case list(values) if len(values) == rounds and all(isinstance(one, (int, float)) for one in values):
            return [float(one) for one in values]
        case _:
            msg = "metric.py wrote where only its program does; it must return a number and nothing else."
    raise ChallengeFaultError(msg)
