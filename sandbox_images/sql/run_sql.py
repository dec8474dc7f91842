"""Run an answer that is written in SQL: `python -m run_sql ANSWER.sql`.

Every `*.csv` and `*.parquet` file of the inputs is a table of its name without the ending. The file runs top to bottom
in DuckDB, in memory, and has to leave a table or view `predictions`; that is written to `predictions.csv` of the
outputs, in its own order and with its own columns.

`AUDITION_IN` and `AUDITION_OUT` name other folders than /in and /out, to try it at home.
"""

import os
import sys
from pathlib import Path

import duckdb

RESULT = "predictions"
_READERS = {".csv": "read_csv", ".parquet": "read_parquet"}


def run(answer: Path, inputs: Path, outputs: Path) -> int:
    """Run one file; returns the rows of its predictions.

    Raises:
        duckdb.Error: DuckDB refused a statement, or there are no predictions.
        OSError: A file cannot be read or written.
    """
    # One thread: a run has a share of the machine. Insertion order is kept, so equal answers write equal files.
    with duckdb.connect(":memory:", config={"threads": 1, "temp_directory": "/tmp"}) as database:
        for file in sorted(inputs.iterdir()):
            if reader := _READERS.get(file.suffix):
                database.execute(f"CREATE TABLE {_quoted(file.stem)} AS FROM {reader}(?)", [str(file)])
        database.execute(answer.read_text(encoding="utf-8"))
        result = database.sql(f"FROM {RESULT}")
        result.write_csv(str(outputs / f"{RESULT}.csv"), header=True)
        return len(result)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def main() -> int:
    """Run what the command line names."""
    try:
        [answer] = map(Path, sys.argv[1:])
    except ValueError:
        print("usage: python -m run_sql ANSWER.sql", file=sys.stderr)
        return 2
    inputs = Path(os.environ.get("AUDITION_IN", "/in"))
    outputs = Path(os.environ.get("AUDITION_OUT", "/out"))
    try:
        rows = run(answer, inputs, outputs)
    except (duckdb.Error, OSError) as error:
        print(f"{answer}: {error}", file=sys.stderr)
        return 1
    print(f"{rows} rows of {RESULT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
