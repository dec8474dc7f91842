"""Run an answer that is written in PostgreSQL's SQL: `python -m run_postgres ANSWER.sql [MORE.sql ...]`.

Every `*.csv` and `*.parquet` file of the inputs is a table of its name without the ending. A PostgreSQL of this run's
own, without any network, runs the files one after the other, and they have to leave a table or view `predictions`; that
is written to `predictions.csv` of the outputs, in its own order and with its own columns.

Theory of operation. The server is started by this program under the same user as everything else here, on a copy of
an empty cluster in /tmp, and ended with it. Statements run as the role `candidate`, which owns the database and is no
superuser: it reads no file and starts no program. That is order and not protection; what protects is the container.

`AUDITION_IN` and `AUDITION_OUT` name other folders than /in and /out, to try it.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv, parquet

RESULT = "predictions"
CLUSTER = Path("/opt/postgres/cluster")
SERVER = "/usr/lib/postgresql/15/bin/postgres"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_ROWS_AT_ONCE = 50_000
#: What holds a column's values; all else is text.
_TYPES = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_decimal, "numeric"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_timestamp, "timestamp"),
)


class AnswerError(Exception):
    """What is wrong with an answer, for whoever wrote it."""


@contextmanager
def server() -> Iterator[psycopg.Connection]:
    """A connection to a server that ends with it.

    Raises:
        OSError: There is no room for the cluster, or the server does not start.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as name:
        cluster = Path(name) / "cluster"
        shutil.copytree(CLUSTER, cluster)
        cluster.chmod(0o700)
        words = [SERVER, "-D", str(cluster), "-c", f"unix_socket_directories={name}"]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        try:
            _await(process, cluster / "postmaster.pid")
            with psycopg.connect(
                host=name, user="candidate", dbname="postgres", autocommit=True
            ) as connection:
                yield connection
        finally:
            process.kill()  # Nothing of the cluster is wanted any more.
            process.wait()


def _await(process: subprocess.Popen[bytes], status: Path) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while not (status.exists() and status.read_text().rstrip().endswith("ready")):
        if process.poll() is not None or time.monotonic() > ends_at:
            what = "PostgreSQL does not start"
            raise OSError(what)
        time.sleep(_POLL_SECONDS)


def load(connection: psycopg.Connection, file: Path) -> None:
    """Make a table of a file of the inputs; an empty field of a CSV file is NULL."""
    table = _read(file)
    if table is None:
        return
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(_type(field.type)))
        for field in table.schema
    )
    name = sql.Identifier(file.stem)
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, columns))
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(name)) as copy:
        for batch in table.to_batches(max_chunksize=_ROWS_AT_ONCE):
            rows = io.BytesIO()
            csv.write_csv(batch, rows, csv.WriteOptions(include_header=False))
            copy.write(rows.getvalue())
    connection.execute(sql.SQL("ANALYZE {}").format(name))


def _read(file: Path) -> pa.Table | None:
    if file.suffix == ".parquet":
        return parquet.read_table(file)
    if file.suffix == ".csv":
        return csv.read_csv(
            file, convert_options=csv.ConvertOptions(null_values=[""], strings_can_be_null=True)
        )
    return None


def _type(kind: pa.DataType) -> str:
    return next((name for is_such, name in _TYPES if is_such(kind)), "text")


def run(answers: list[Path], inputs: Path, outputs: Path) -> int:
    """Run the files; returns the rows of the predictions.

    Raises:
        AnswerError: A statement was refused, or there are no predictions.
        OSError: A file cannot be read or written, or the server does not start.
    """
    with server() as connection:
        for file in sorted(inputs.iterdir()):
            load(connection, file)
        for answer in answers:
            _execute(connection, answer)
        return _write(connection, outputs / f"{RESULT}.csv")


def _execute(connection: psycopg.Connection, answer: Path) -> None:
    text = answer.read_text(encoding="utf-8")
    try:
        connection.execute(text)
    except psycopg.Error as error:
        position = int(error.diag.statement_position or 0)
        line = f":{text.count(chr(10), 0, position) + 1}" if position else ""
        raise AnswerError(f"{answer}{line}: {error}") from error


def _write(connection: psycopg.Connection, target: Path) -> int:
    query = sql.SQL("COPY (TABLE {}) TO STDOUT (FORMAT csv, HEADER)").format(sql.Identifier(RESULT))
    try:
        with target.open("wb") as file, connection.cursor() as cursor:
            with cursor.copy(query) as copy:
                file.writelines(copy)
            return cursor.rowcount
    except psycopg.Error as error:
        target.unlink()
        raise AnswerError(f"{RESULT}: {error}") from error


def main() -> int:
    """Run what the command line names."""
    answers = [Path(word) for word in sys.argv[1:]]
    if not answers:
        print("usage: python -m run_postgres ANSWER.sql [MORE.sql ...]", file=sys.stderr)
        return 2
    inputs = Path(os.environ.get("AUDITION_IN", "/in"))
    outputs = Path(os.environ.get("AUDITION_OUT", "/out"))
    try:
        rows = run(answers, inputs, outputs)
    except (AnswerError, OSError) as error:
        print(str(error).rstrip(), file=sys.stderr)
        return 1
    print(f"{rows} rows of {RESULT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
