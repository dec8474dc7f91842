"""Read a predictions file strictly and say everything that is wrong with it, with file, row and column.

Hostile input. Row numbers are lines of the file as an editor shows them: the header is line 1. (A Parquet file has
no lines; there its first row is line 2, so that both formats count alike.)
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TextIO

from audition.domain.challenge import OutputSpec
from audition.domain.grade import Evidence
from audition.domain.metrics import Form
from graders.bounded import bounded_memory
from graders.cells import Fault, Parse, Value, parser

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
#: Line, id, and the cells of the prediction.
_Row = tuple[int, str, Sequence[object]]


_OUT_OF_RANGE = ("value is out of range", "values are out of range")
#: What is wrong with cells that can be read and are not allowed, after their number: of one, and of several.
NOT_ALLOWED = {
    Form.NUMBER: _OUT_OF_RANGE,
    Form.PROBABILITY: _OUT_OF_RANGE,
    Form.QUANTILES: _OUT_OF_RANGE,
    Form.SURVIVAL: _OUT_OF_RANGE,
    Form.PROBABILITIES: (
        "row has a value out of range or does not add up to 1",
        "rows have a value out of range or do not add up to 1",
    ),
    Form.LABEL: ("value is not among the labels", "values are not among the labels"),
    Form.ITEMS: (
        "list is too long or names an item twice",
        "lists are too long or name an item twice",
    ),
    Form.TEXT: ("text is too long", "texts are too long"),
}
RAGGED = ("row has the wrong number of cells", "rows have the wrong number of cells")
NOT_NUMBERS = ("value is not a finite number", "values are not finite numbers")
MISSING = ("id is missing", "ids are missing")


@dataclass
class Problem:
    """One kind of trouble: how often, and the first examples."""

    count: int = 0
    examples: list[Evidence] = field(default_factory=list)

    def counted(self, words: tuple[str, str]) -> str:
        """The number, and what is said of one or of several."""
        return f"{self.count:,} {words[self.count != 1]}"


@dataclass
class Predictions:
    """What a predictions file says, and what is wrong with it."""

    file: str
    form: Form = Form.NUMBER
    """What was asked for."""
    values: dict[str, Value] = field(default_factory=dict)
    """Id to prediction, for the rows that are good."""
    faulty_ids: set[str] = field(default_factory=set)
    """Ids of rows that are not good."""
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
            f"{problem.counted(words)} ({_first(problem)})"
            for problem, words in (
                (self.ragged, RAGGED),
                (self.missing_ids, MISSING),
                (self.duplicates, ("id appears more than once", "ids appear more than once")),
                (self.unknown_ids, ("id was not asked for", "ids were not asked for")),
                (self.not_numbers, NOT_NUMBERS),
                (self.out_of_range, NOT_ALLOWED[self.form]),
            )
            if problem.count
        ]
        if self.is_cut:
            parts.append(f"it has far more rows than were asked for (stopped after {self.rows:,})")
        return f"{self.file}: {'; '.join(parts)}." if parts else ""


def _first(problem: Problem) -> str:
    return f"first: {problem.examples[0].summary}" if problem.examples else ""


def read_predictions(
    path: Path, spec: OutputSpec, expected_ids: frozenset[str], form: Form = Form.NUMBER
) -> Predictions:
    """Read a CSV or Parquet file and hold it against the ids that were asked for.

    Args:
        path: The collected file; its ending says the format.
        spec: Columns, range and labels.
        expected_ids: Every id that needs exactly one prediction, as text.
        form: What a prediction is.
    """
    result, parse = Predictions(file=path.name, form=form), parser(form, spec)
    if path.stat().st_size == 0:
        result.unreadable = "the file is empty (0 bytes). Write one row for each id."
        return result
    most = len(expected_ids) + _SLACK_ROWS
    read = _parquet_rows if path.suffix == ".parquet" else _csv_rows
    for row in read(path, spec, result, most):
        _take(result, spec, expected_ids, parse, row)
    if not (result.unreadable or result.missing_columns or result.is_cut):
        _note_missing(result, spec, expected_ids)
    return result


def _csv_rows(path: Path, spec: OutputSpec, result: Predictions, most: int) -> Iterator[_Row]:
    # utf-8-sig: spreadsheets write a byte-order mark, which is no fault of the values.
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if not _has_columns(result, spec, header):
                return
            at_id, at_values = header.index(spec.id_column), [header.index(name) for name in spec.columns]
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
                    yield reader.line_num, row[at_id].strip(), [row[at].strip() for at in at_values]
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


def _parquet_rows(path: Path, spec: OutputSpec, result: Predictions, most: int) -> Iterator[_Row]:
    import pyarrow as pa  # noqa: PLC0415  a tenth of a second that CSV users need not wait
    import pyarrow.parquet as pq  # noqa: PLC0415

    wanted = [spec.id_column, *spec.columns]
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
                for identifier, *cells in zip(*(columns[name] for name in wanted), strict=True):
                    result.rows += 1
                    if result.rows > most:
                        result.is_cut = True
                        return
                    yield result.rows + 1, "" if identifier is None else str(identifier), cells
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
    wanted = (spec.id_column, *spec.columns)
    result.found_columns = tuple(name[:_MAX_CELL] for name in header)
    result.missing_columns = tuple(name for name in wanted if name not in header)
    if twice := [name for name in wanted if header.count(name) > 1]:
        result.unreadable = f"column {twice[0]} is there {header.count(twice[0])} times. Write it once."
    return not (result.missing_columns or result.unreadable)


def _take(
    result: Predictions, spec: OutputSpec, expected_ids: frozenset[str], parse: Parse, row: _Row
) -> None:
    line, identifier, cells = row
    shown = identifier[:_MAX_CELL]
    if identifier not in expected_ids:
        result.note(result.unknown_ids, f"{shown!r} in line {line}", line, spec.id_column)
        return
    if identifier in result.values or identifier in result.faulty_ids:
        result.note(result.duplicates, f"{shown!r} again in line {line}", line, spec.id_column)
        return
    value = parse(cells)
    if isinstance(value, Fault):
        result.faulty_ids.add(identifier)
        text = ", ".join(repr(str(cell)[:_MAX_CELL]) for cell in cells[:_MAX_COLUMNS_SHOWN])
        result.note(getattr(result, value.value), f"{text} in line {line}", line, spec.columns[0])
    else:
        result.values[identifier] = value


def _note_missing(result: Predictions, spec: OutputSpec, expected_ids: frozenset[str]) -> None:
    for identifier in sorted(expected_ids - result.values.keys() - result.faulty_ids):
        result.note(result.missing_ids, repr(identifier[:_MAX_CELL]), None, spec.id_column)
