"""SQLAlchemy's exceptions become ours here, and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from audition.domain.errors import AuditionError, ConflictError, InvalidError, UnavailableError

#: How SQLite and PostgreSQL say that a table or column is missing: the schema is older than the code.
_OLD_SCHEMA = ("no such table", "no such column", "does not exist", "has no column")
#: How they say that the disk is full (SQLITE_FULL; PostgreSQL error class 53100).
_DISK_FULL = ("database or disk is full", "no space left on device")


@contextmanager
def translated(what: str = "") -> Iterator[None]:
    """Raise our own errors for SQLAlchemy's.

    Args:
        what: The thing that is being stored, for the message.

    Raises:
        ConflictError: A constraint of the database refused it.
        InvalidError: A value cannot be stored at all, e.g. a number that is not finite.
        UnavailableError: The database does not answer, is locked, is full, or has an old schema.
    """
    try:
        yield
    except IntegrityError as error:
        raise _conflict(what or "This", str(error.orig)) from error
    except (DBAPIError, PoolTimeoutError) as error:
        raise _unavailable(error) from error
    except StatementError as error:
        # Anything but a database error at this place is a value that could not be encoded.
        msg = f"{what or 'A value'} cannot be stored: {error.orig}."
        raise InvalidError(msg, code="not-storable") from error


def _conflict(what: str, cause: str) -> ConflictError:
    if "foreign key" in cause.lower():
        msg = f"{what} refers to something that is not stored."
        return ConflictError(msg, code="missing-reference")
    if "not null" in cause.lower():
        msg = f"{what} lacks a value that must be there ({cause.splitlines()[0]})."
        return ConflictError(msg, code="missing-value")
    msg = f"{what} exists already."
    return ConflictError(msg, code="already-exists")


def _unavailable(error: DBAPIError | PoolTimeoutError) -> AuditionError:
    cause = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()[0]
    if any(sign in cause.lower() for sign in _DISK_FULL):
        return UnavailableError(
            f"The database cannot grow: {cause}.",
            code="disk-full",
            next_step="Free space where the database lies, then try again.",
        )
    if isinstance(error, OperationalError | ProgrammingError) and any(
        sign in cause.lower() for sign in _OLD_SCHEMA
    ):
        return UnavailableError(
            f"The database has not the expected schema: {cause}.",
            transient=False,
            code="old-schema",
            next_step="Run `audition migrate`.",
        )
    return UnavailableError(
        f"The database does not answer: {cause}.",
        code="database-unavailable",
        next_step="Try again; if it stays so, check AUDITION_DATABASE_URL and the database's log.",
    )
