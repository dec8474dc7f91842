"""Raw tables from a database: what `query` of a source selects, written below the folder of raw tables.

The server makes the CSV and it goes to the file piece by piece, so a table of any size takes no memory here. All
queries of one database are asked in one transaction that can only read: linked tables fit each other, as of one moment.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import psycopg

from audition.anonymize.release import Say
from audition.catalog.raw import raw_digest
from audition.catalog.shape import Problems, shape
from audition.domain.errors import InvalidError, UnavailableError

_TIMEOUT_SECONDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySource:
    """One `[source.NAME]` of `sources.toml` with a query; further keys of its table are for people."""

    file: str
    """Name below the raw tables of what is written, ending in .csv."""
    query: str
    """One SELECT."""
    database_file: str = "database.url"
    """Beside it: a file with one line, "postgresql://user:password@host/name". Never part of a repository."""
    sha256: str = ""
    """Of the table, where it must not have changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A table that was written."""

    path: Path
    rows: int
    sha256: str


def read_queries(sources: Path) -> dict[str, QuerySource]:
    """Every source with a query, by name.

    Args:
        sources: A `sources.toml`.

    Raises:
        InvalidError: With every problem of the file.
    """
    try:
        tables = tomllib.loads(sources.read_text(encoding="utf-8")).get("source", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidError(f"{sources}: cannot be read: {error}.", next_step="Correct that place.") from None
    problems, found = Problems(), {}
    for name, table in tables.items():
        if isinstance(table, dict) and "query" in table:
            known = {key: table[key] for key in QuerySource.__slots__ if key in table}
            source = shape(QuerySource, known, f"{sources.name}: source.{name}", problems)
            if source is not None:
                _check(name, source, sources.name, problems)
                found[name] = source
    if problems or not found:
        raise InvalidError(
            f"{sources}: names no query that can be asked.",
            problems=list(problems),
            next_step="Give [source.NAME] a file and a query; docs/anonymization.md shows one.",
        )
    return found


def _check(name: str, source: QuerySource, file: str, problems: Problems) -> None:
    for key, value in (("file", source.file), ("database_file", source.database_file)):
        if not value or Path(value).name != value:
            problems.say(file, f"source.{name}.{key}", "must be a plain name below the raw tables.")
    if not source.file.endswith(".csv"):
        problems.say(file, f"source.{name}.file", "must end in .csv: that is what the server writes.")
    if not source.query.strip():
        problems.say(file, f"source.{name}.query", "write a SELECT.")


def fetch(sources: Mapping[str, QuerySource], raw: Path, say: Say = lambda _: None) -> dict[str, Fetched]:
    """Ask every query and write what it selects.

    Args:
        sources: By name.
        raw: Where tables are written and the files with addresses stand.
        say: Told what is being done.

    Raises:
        InvalidError: A query is wrong, an address is missing, or a table differs from its digest; nothing of that
            source is written.
        UnavailableError: The server cannot be reached.
    """
    out = {}
    by_database = sorted(sources.items(), key=lambda item: item[1].database_file)
    for database, group in groupby(by_database, key=lambda item: item[1].database_file):
        with _reading(raw / database) as connection:
            for name, source in group:
                say(f"asking for {source.file}")
                out[name] = _write(connection, name, source, raw)
                say(f"{out[name].rows:,} rows, sha256 {out[name].sha256}")
    return out


@contextmanager
def _reading(address: Path) -> Iterator[psycopg.Connection]:
    """A connection that cannot write, and sees one moment."""
    if not address.is_file():
        raise InvalidError(
            f"{address}: is missing.",
            next_step="Put the database's address there, postgresql://user:password@host/name, in one line.",
        )
    try:
        connection = psycopg.connect(
            address.read_text(encoding="utf-8").strip(), connect_timeout=_TIMEOUT_SECONDS
        )
    except psycopg.Error as error:
        # What the driver says names host and user, and never the password.
        msg = f"{address}: no connection: {str(error).strip()}"
        raise UnavailableError(msg, next_step="Is the address right, and the server up?") from None
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def _write(connection: psycopg.Connection, name: str, source: QuerySource, raw: Path) -> Fetched:
    path = raw / source.file
    part = path.with_name(path.name + ".part")
    # An empty text is quoted and a missing one is not, which `read_frame` tells apart as well.
    ask = f"COPY ({source.query.strip().rstrip(';')}) TO STDOUT (FORMAT csv, HEADER)".encode()
    try:
        with part.open("wb") as file, connection.cursor() as cursor:
            with cursor.copy(ask) as copy:
                for piece in copy:
                    file.write(piece)
            rows = cursor.rowcount
        digest = raw_digest(part)
        if source.sha256 and source.sha256 != digest:
            raise InvalidError(
                f"{source.file}: has the digest {digest} and not that of source.{name}.",
                next_step="The database has changed: look at what, then write the new digest.",
            )
        part.replace(path)
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        msg = f"source.{name}.query: {said}"
        raise InvalidError(msg, next_step="Correct the query; it is one SELECT.") from None
    finally:
        part.unlink(missing_ok=True)
    return Fetched(path=path, rows=rows, sha256=digest)
