"""Connections, set up the way the unit of work relies on.

SQLite: write-ahead log, foreign keys on, and every transaction begins with the write lock (BEGIN IMMEDIATE).
So who reads in order to write has the lock already, and waits at the beginning instead of failing at the end.
PostgreSQL: READ COMMITTED; every read-modify-write is a guarded UPDATE, or locks the run's row first.
"""

import json
import os
import sqlite3
import time
import weakref
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from audition.domain.errors import InvalidError

#: How long a writer waits for another one; our transactions take milliseconds, so ten seconds means trouble.
BUSY_TIMEOUT_MS = 10_000
#: How long a statement may take on PostgreSQL before it is ended; ours are all single look-ups.
STATEMENT_TIMEOUT_MS = 30_000


def make_engine(url: str) -> Engine:
    """Prepare (not open) a database.

    Args:
        url: `sqlite:////path/to/file` or `postgresql://user:password@host/name`.

    Raises:
        InvalidError: The URL is of another kind.
    """
    parsed = _parse(url)
    engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
    _close_before_fork(engine)
    return engine


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    is_file = parsed is not None and parsed.database not in {None, "", ":memory:"}
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql"} or not is_file:
        msg = "The database URL is not usable."
        raise InvalidError(
            msg,
            code="bad-database-url",
            next_step="Set AUDITION_DATABASE_URL to sqlite:////path/to/file or "
            "postgresql://user:password@host/name.",
        )
    return parsed


def _sqlite(url: URL) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=_to_json, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # Otherwise the driver begins transactions on its own, late, and without the write lock.
        connection.isolation_level = None
        _use_write_ahead_log(connection)
        # NORMAL in WAL mode cannot corrupt; a power cut may undo the last commits (sqlite.org/pragma.html).
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log, once for all time; who comes second finds it done.

    The switch needs the file for itself, and does not wait for it as statements do: SQLite skips its busy handler
    where two that hold read locks would wait for each other. So the waiting is ours.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _postgresql(url: URL) -> Engine:
    options = f"-c lock_timeout={BUSY_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
    connect_args: dict[str, Any] = {"connect_timeout": 5, "options": options}
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        json_serializer=_to_json,
        pool_pre_ping=True,
        connect_args=connect_args,
    )


def _to_json(value: object) -> str:
    # NaN and infinity are no JSON: PostgreSQL refuses them, SQLite would keep them for a reader to trip over.
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _close_before_fork(engine: Engine) -> None:
    """Never let a forked child inherit a connection.

    Two processes on one PostgreSQL socket garble it. SQLite is worse: its locks belong to a process, but its
    lock table is copied into the child, which then believes that it holds locks that it does not
    (sqlite.org/howtocorrupt.html, 2.6). RQ forks for every job, so this is not a corner case.
    """
    reference = weakref.ref(engine)

    def close_idle() -> None:
        living = reference()
        if living is not None:
            living.dispose()

    os.register_at_fork(before=close_idle)
