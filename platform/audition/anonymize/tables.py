"""Tables from and to files: CSV and Parquet, single or a folder of them.

The one place that knows the library for it, which has no types.
"""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from audition.anonymize.columns import MISSING, Column, Frame, Levels, Numbers
from audition.catalog.raw import folder_files
from audition.domain.errors import InvalidError

_BLOCK_BYTES = 8 << 20
_MANY = 20
"""Problems that are told; more of them say nothing new."""


def read_frame(path: Path) -> Frame:
    """Read a table; every column as texts, an empty cell is nothing.

    Texts keep what a number would lose (leading zeros of a postcode); what a rule calls a number is parsed by it.

    Args:
        path: A file, or a folder whose files all have the same columns: their rows follow each other by name.

    Raises:
        InvalidError: The file is not there, or is no table; with file, line and what to do.
    """
    if path.is_dir():
        return _frame(_read_folder(path))
    if not path.is_file():
        raise InvalidError(f"{path}: is missing.", next_step="Put the raw table there, or correct `file`.")
    return _frame(_read_file(path))


def _frame(table: Any) -> Frame:  # noqa: ANN401  the library has no types
    """Column after column, each let go when it is coded: both forms at once would double the memory."""
    out: Frame = {}
    for name in list(table.column_names):
        out[name] = _levels(table.column(name))
        table = table.drop_columns([name])
    return out


def _read_folder(folder: Path) -> Any:  # noqa: ANN401
    paths = folder_files(folder)
    if not paths:
        raise InvalidError(
            f"{folder}: has no file.", next_step="Put the raw tables there, or correct `file`."
        )
    tables = [_read_file(path) for path in paths]
    first = set(tables[0].column_names)
    problems = [
        f"{path}: columns differ from those of {paths[0].name}: {', '.join(sorted(differing))}."
        for path, table in zip(paths, tables, strict=True)
        if (differing := first ^ set(table.column_names))
    ]
    if problems:
        raise InvalidError(
            f"{folder}: its files are not one table.",
            problems=problems[:_MANY],
            next_step="Give all of them the same columns, or each kind a folder and a table of its own.",
        )
    return pa.concat_tables([table.select(tables[0].column_names) for table in tables])


def _read_file(path: Path) -> Any:  # noqa: ANN401
    try:
        table = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from None
    repeated = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if repeated:
        what = f"{path}:1: columns stand there twice: {', '.join(repeated)}."
        raise InvalidError(what, next_step="Give every column a name of its own.")
    return table


def _read_csv(path: Path) -> Any:  # noqa: ANN401
    try:
        return _parse_csv(path, use_threads=True)
    except pa.ArrowInvalid:
        # Only one that reads in order knows which row it is at.
        return _parse_csv(path, use_threads=False)


def _parse_csv(path: Path, *, use_threads: bool) -> Any:  # noqa: ANN401
    with path.open("rb") as file:
        head = file.readline(1 << 20)
    names = pa_csv.read_csv(io.BytesIO(head)).column_names
    return pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=use_threads),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=["", "NA", "NaN", "nan", "null", "NULL"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _read_parquet(path: Path) -> Any:  # noqa: ANN401
    table = pa_parquet.read_table(path)
    return pa.table({name: table.column(name).cast(pa.string()) for name in table.column_names})


def _unreadable(path: Path, reason: str) -> InvalidError:
    row = re.search(r"Row #(\d+)", reason)
    place = f"{path}:{row[1]}" if row else str(path)
    said = reason.split(": ", 1)[-1] if row else reason
    return InvalidError(
        f"{place}: is no table that can be read: {said}",
        next_step="Save it as UTF-8 CSV with a header and equally many cells in each line, or as Parquet.",
    )


def _levels(column: Any) -> Levels:  # noqa: ANN401
    whole = column.dictionary_encode().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], pa.string()).dictionary_encode()
    codes = np.array(whole.indices.fill_null(MISSING), dtype=np.int32)
    return Levels(codes, tuple(whole.dictionary.to_pylist()))


def parse_numbers(column: Column, where: str) -> Numbers:
    """Texts as numbers.

    Args:
        column: What was read.
        where: File and column, for the message.

    Raises:
        InvalidError: Values that are no numbers, with their first lines.
    """
    if isinstance(column, Numbers):
        return column
    parsed = np.full(len(column.values) + 1, np.nan)
    wrong = []
    for place, text in enumerate(column.values):
        try:
            parsed[place] = float(text)
        except ValueError:
            wrong.append(place)
    # Some rows of a table may lack values that others had.
    if wrong and (seen := np.intersect1d(wrong, column.codes)).size:
        raise not_of_kind(column, seen.tolist(), where, "a number")
    return Numbers(parsed[column.codes])


def not_of_kind(column: Levels, wrong: list[int], where: str, kind: str) -> InvalidError:
    """The error for values that are not what a rule takes them for; names values and lines."""
    first = {place: int(np.flatnonzero(column.codes == place)[0]) + 2 for place in wrong[:_MANY]}
    return InvalidError(
        f"{where}: {len(wrong)} distinct values are not {kind}.",
        problems=[f"line {line}: {column.values[place]!r}" for place, line in first.items()],
        next_step="Correct these values in the raw table, or give the column another transform.",
    )


def write_frame(frame: Frame, path: Path) -> None:
    """Write a table as CSV or Parquet, by the ending of its name; whole numbers without a decimal point."""
    table = pa.table({name: _arrow(column) for name, column in frame.items()})
    if path.suffix == ".parquet":
        pa_parquet.write_table(table, path)
        return
    with path.open("wb") as file:
        header = pa.table({name: pa.array([name]) for name in frame})
        for part, batch in ((header, 1), (table, 1 << 16)):
            options = pa_csv.WriteOptions(include_header=False, quoting_style="needed", batch_size=batch)
            pa_csv.write_csv(part, file, options)


def _arrow(column: Column) -> Any:  # noqa: ANN401
    if isinstance(column, Levels):
        codes = pa.array(column.codes, mask=column.missing())
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.values, pa.string())).cast(pa.string())
    there = ~column.missing()
    is_whole = bool(np.all(column.values[there] == np.round(column.values[there])))
    if is_whole and np.all(np.abs(column.values[there]) < 1 << 53):
        return pa.array(np.where(there, column.values, 0).astype(np.int64), mask=~there)
    return pa.array(column.values, mask=~there)
