"""Read a predictions file strictly and say everything that is wrong with it, with file, row and column.

Hostile input. Row numbers are lines of the file as an editor shows them: the header is line 1. (A Parquet file has
no lines; there its first row is line 2, so that both formats count alike.)
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TextIO

from audition.domain.challenge import OutputSpec
from audition.domain.grade import Evidence
from graders.bounded import bounded_memory

_EXAMPLES = 5
_MAX_CELL = 100
_MAX_COLUMNS_SHOWN = 10
#: Rows beyond the expected number that are still looked at, to say which ids are too many.
_SLACK_ROWS = 10_000
#: Characters in one row of CSV, and hence in one line: a row becomes a list, which takes many times its size.
_MAX_ROW = 1 << 20
#: Most that a Parquet file may say it unpacks to; honest predictions are a thousandth of it.
_MAX_PARQUET_BYTES = 256 << 20
_MAX_PARQUET_MEMORY = 384 << 20
_BATCH_ROWS = 4096
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class Problem:
    """One kind of trouble: how often, and the first examples."""

    count: int = 0
    examples: list[Evidence] = field(default_factory=list)


@dataclass
class Predictions:
    """What a predictions file says, and what is wrong with it."""

    file: str
    values: dict[str, float] = field(default_factory=dict)
    """Id to value, for the rows that are good."""
    unreadable: str = ""
    """Why the file cannot be read at all; then nothing below was looked at."""
    missing_columns: tuple[str, ...] = ()
    found_columns: tuple[str, ...] = ()
    rows: int = 0
    is_cut: bool = False
    """Whether reading stopped because there are far too many rows."""
    duplicates: Problem = field(default_factory=Problem)
    unknown_ids: Problem = field(default_factory=Problem)
    ragged: Problem = field(default_factory=Problem)
    """Rows with another number of cells than the header."""
    not_numbers: Problem = field(default_factory=Problem)
    out_of_range: Problem = field(default_factory=Problem)
    missing_ids: Problem = field(default_factory=Problem)

    def note(self, problem: Problem, summary: str, line: int | None, column: str) -> None:
        """Count a problem; keep the first few."""
        problem.count += 1
        if len(problem.examples) < _EXAMPLES:
            evidence = Evidence(summary=summary, file=self.file, line=line, column=column)
            problem.examples.append(evidence)

    @property
    def is_usable(self) -> bool:
        """Whether a metric can be computed: exactly one finite, allowed value for each expected id."""
        problems = (
            self.ragged,
            self.duplicates,
            self.unknown_ids,
            self.not_numbers,
            self.out_of_range,
            self.missing_ids,
        )
        return not (self.unreadable or self.missing_columns or self.is_cut or any(p.count for p in problems))

    def summary(self) -> str:
        """Everything that is wrong in one sentence, for the candidate; empty when usable."""
        if self.unreadable:
            return f"{self.file}: {self.unreadable}"
        if self.missing_columns:
            wanted = ", ".join(self.missing_columns)
            found = ", ".join(map(repr, self.found_columns[:_MAX_COLUMNS_SHOWN])) or "none"
            return f"{self.file}: column {wanted} is missing (found: {found})."
        parts = [
            text.format(n=problem.count, first=_first(problem))
            for problem, text in (
                (self.ragged, "{n:,} rows have the wrong number of cells ({first})"),
                (self.missing_ids, "{n:,} ids are missing ({first})"),
                (self.duplicates, "{n:,} ids appear more than once ({first})"),
                (self.unknown_ids, "{n:,} ids were not asked for ({first})"),
                (self.not_numbers, "{n:,} values are not finite numbers ({first})"),
                (self.out_of_range, "{n:,} values are out of range ({first})"),
            )
            if problem.count
        ]
        if self.is_cut:
            parts.append(f"it has far more rows than were asked for (stopped after {self.rows:,})")
        return f"{self.file}: {'; '.join(parts)}." if parts else ""


def _first(problem: Problem) -> str:
    return f"first: {problem.examples[0].summary}" if problem.examples else ""


def read_predictions(path: Path, spec: OutputSpec, expected_ids: frozenset[str]) -> Predictions:
    """Read a CSV or Parquet file and hold it against the ids that were asked for.

    Args:
        path: The collected file; its ending says the format.
        spec: Columns and range.
        expected_ids: Every id that needs exactly one value, as text.
    """
    result = Predictions(file=path.name)
    if path.stat().st_size == 0:
        result.unreadable = "the file is empty (0 bytes). Write one row for each id."
        return result
    most = len(expected_ids) + _SLACK_ROWS
    read = _parquet_rows if path.suffix == ".parquet" else _csv_rows
    for line, identifier, value in read(path, spec, result, most):
        _take(result, spec, expected_ids, line, identifier, value)
    if not (result.unreadable or result.missing_columns or result.is_cut):
        _note_missing(result, spec, expected_ids)
    return result


def _csv_rows(path: Path, spec: OutputSpec, result: Predictions, most: int) -> Iterator[tuple[int, str, Any]]:
    # utf-8-sig: spreadsheets write a byte-order mark, which is no fault of the values.
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if not _has_columns(result, spec, header):
                return
            at_id, at_value = header.index(spec.id_column), header.index(spec.prediction_column)
            for row in reader:
                lines.left = _MAX_ROW
                # Blank and broken lines count too: ten million of them take as long as rows.
                result.rows += 1
                if result.rows > most:
                    result.is_cut = True
                    return
                if row and len(row) != len(header):
                    cells = f"{len(row)} instead of {len(header)} in line {reader.line_num}"
                    result.note(result.ragged, cells, reader.line_num, "")
                elif row:
                    yield reader.line_num, row[at_id].strip(), row[at_value].strip()
        except UnicodeDecodeError as error:
            result.unreadable = _not_text(path, error, reader.line_num)
        except csv.Error as error:
            result.unreadable = f"it cannot be read as CSV (near line {max(1, reader.line_num)}: {error})."


class _Lines:
    """The lines of a text file for a CSV reader; a row made of too much text is no row."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.left = _MAX_ROW
        """Characters that the present row may still take."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(self.left + 1)
        if not line:
            raise StopIteration
        self.left -= len(line)
        if self.left < 0:
            msg = f"a row is longer than {_MAX_ROW:,} characters"
            raise csv.Error(msg)
        return line


def _not_text(path: Path, error: UnicodeDecodeError, line: int) -> str:
    with path.open("rb") as stream:
        start = stream.read(2)
    if start in _UTF16_MARKS:
        return "it is UTF-16 text. Write it as UTF-8."
    return (
        f"it is not UTF-8 text (byte 0x{error.object[error.start]:02x} after line {line}). Write it as UTF-8."
    )


def _parquet_rows(
    path: Path, spec: OutputSpec, result: Predictions, most: int
) -> Iterator[tuple[int, str, Any]]:
    import pyarrow as pa  # noqa: PLC0415  a tenth of a second that CSV users need not wait
    import pyarrow.parquet as pq  # noqa: PLC0415

    wanted = [spec.id_column, spec.prediction_column]
    try:
        with bounded_memory(_MAX_PARQUET_MEMORY), pq.ParquetFile(path) as file:
            if not _has_columns(result, spec, list(file.schema_arrow.names)):
                return
            if trouble := _too_large(file.metadata):
                result.unreadable = trouble
                return
            # No threads: each would want address space of its own.
            for batch in file.iter_batches(_BATCH_ROWS, columns=wanted, use_threads=False):
                columns = batch.to_pydict()
                for identifier, value in zip(*(columns[name] for name in wanted), strict=True):
                    result.rows += 1
                    if result.rows > most:
                        result.is_cut = True
                        return
                    yield result.rows + 1, "" if identifier is None else str(identifier), value
    except (
        MemoryError
    ):  # Pages may unpack to more than the file says, and one value may be meant for a million rows.
        result.unreadable = f"it needs more than {_MAX_PARQUET_MEMORY >> 20} MiB of memory to be read."
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        result.unreadable = f"it cannot be read as Parquet ({' '.join(str(error).split())[:160]})."


def _too_large(metadata: Any) -> str:  # noqa: ANN401  pyarrow has no types
    groups = (metadata.row_group(n) for n in range(metadata.num_row_groups))
    unpacked = sum(group.total_byte_size for group in groups)
    if unpacked <= _MAX_PARQUET_BYTES:
        return ""
    return f"it unpacks to {unpacked:,} bytes; at most {_MAX_PARQUET_BYTES:,} are read."


def _has_columns(result: Predictions, spec: OutputSpec, header: list[str]) -> bool:
    wanted = (spec.id_column, spec.prediction_column)
    result.found_columns = tuple(name[:_MAX_CELL] for name in header)
    result.missing_columns = tuple(name for name in wanted if name not in header)
    if twice := [name for name in wanted if header.count(name) > 1]:
        result.unreadable = f"column {twice[0]} is there {header.count(twice[0])} times. Write it once."
    return not (result.missing_columns or result.unreadable)


def _take(  # noqa: PLR0913  one cell, where it is and what is asked of it
    result: Predictions,
    spec: OutputSpec,
    expected_ids: frozenset[str],
    line: int,
    identifier: str,
    cell: object,
) -> None:
    shown = identifier[:_MAX_CELL]
    if identifier not in expected_ids:
        result.note(result.unknown_ids, f"{shown!r} in line {line}", line, spec.id_column)
        return
    if identifier in result.values:
        result.note(result.duplicates, f"{shown!r} again in line {line}", line, spec.id_column)
        return
    value = _number(cell)
    result.values[identifier] = value
    column, text = spec.prediction_column, str(cell)[:_MAX_CELL]
    if not math.isfinite(value):
        result.note(result.not_numbers, f"{text!r} in line {line}", line, column)
    elif not _is_allowed(value, spec):
        result.note(result.out_of_range, f"{text!r} in line {line}", line, column)


def _number(cell: object) -> float:
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


def _is_allowed(value: float, spec: OutputSpec) -> bool:
    low = -math.inf if spec.minimum is None else spec.minimum
    high = math.inf if spec.maximum is None else spec.maximum
    return low <= value <= high


def _note_missing(result: Predictions, spec: OutputSpec, expected_ids: frozenset[str]) -> None:
    for identifier in sorted(expected_ids - result.values.keys()):
        result.note(result.missing_ids, repr(identifier[:_MAX_CELL]), None, spec.id_column)


def read_answers(path: Path, id_column: str, answer_column: str) -> dict[str, float]:
    """The hidden answers, id to value. Ours, so a fault in them is an exception.

    Raises:
        ValueError: A column is missing, an id is there twice, or a value is not a finite number.
    """
    answers: dict[str, float] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if missing := {id_column, answer_column} - set(reader.fieldnames or ()):
            msg = f"The answers file {path.name} has no column {', '.join(sorted(missing))}."
            raise ValueError(msg)
        for row in reader:
            if row[id_column] in answers:
                msg = f"The answers file {path.name} has an id twice (line {reader.line_num})."
                raise ValueError(msg)
            answers[row[id_column]] = float(row[answer_column])
    if not answers or not all(math.isfinite(value) for value in answers.values()):
        msg = f"The answers file {path.name} is empty or holds values that are not finite."
        raise ValueError(msg)
    return answers
