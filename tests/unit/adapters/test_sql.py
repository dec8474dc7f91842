"""What is particular to SQL: how connections are set up, how errors are told, what cannot be stored."""

import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from audition.adapters.memory import MemoryQueue
from audition.adapters.sql import make_engine, sql_storage, tables, upgrade
from audition.adapters.sql.errors import translated
from audition.adapters.sql.rows import from_row, to_row
from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import ConflictError, InvalidError, UnavailableError
from audition.domain.evidence import Artifact
from audition.domain.grade import Grade
from audition.domain.override import Override
from audition.domain.people import AuditEntry, Candidate, Invitation, Session, StaffUser
from audition.domain.review import Mark, Review
from audition.domain.run import Run, StageRecord
from audition.domain.scorecard import Scorecard
from audition.domain.share import Share
from audition.domain.submission import Submission
from tests import factories as make


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path}/new/folder/test.db")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_is_set_up(engine: Engine, pragma: str, value: object) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_transaction_has_the_write_lock_from_its_beginning(engine: Engine) -> None:
    other = sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None)
    with (
        sql_storage(engine, MemoryQueue())(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_lock_that_others_keep_is_unavailable(engine: Engine) -> None:
    impatient = create_engine(engine.url, connect_args={"timeout": 0})
    statement = text("DELETE FROM audit_entries")
    with (
        sql_storage(engine, MemoryQueue())(),
        impatient.connect() as connection,
        pytest.raises(UnavailableError, match="locked"),
        translated(),
    ):
        connection.execute(statement)
    impatient.dispose()


@pytest.mark.parametrize(
    "url",
    ["", "sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "nonsense", "postgresql://host"],
)
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InvalidError, match="database URL") as caught:
        make_engine(url)
    assert "AUDITION_DATABASE_URL" in caught.value.next_step


def test_a_bad_url_is_not_repeated_with_its_password() -> None:
    with pytest.raises(InvalidError) as caught:
        make_engine("mysql://user:hunter2@localhost/x")
    assert "hunter2" not in f"{caught.value}{caught.value.next_step}"


@pytest.mark.parametrize(
    "url", ["postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d", "postgresql+psycopg://u:p@h/d"]
)
def test_postgresql_always_gets_its_one_driver(url: str) -> None:
    engine = make_engine(url)
    assert engine.dialect.driver == "psycopg"


#: Of a grade: an artifact of its own, which only reviewers' pages read; and whose fault it is, which becomes the run's.
KEPT_APART = {"traces", "is_challenge_fault"}


@pytest.mark.parametrize(
    ("kind", "table", "extra"),
    [
        (ChallengeVersion, tables.challenge_versions, set()),
        (StaffUser, tables.staff_users, {"email_key"}),
        (Candidate, tables.candidates, {"email_key"}),
        (Invitation, tables.invitations, set()),
        (Session, tables.sessions, set()),
        (Submission, tables.submissions, set()),
        (Run, tables.runs, set()),
        (StageRecord, tables.stages, set()),
        (Artifact, tables.artifacts, set()),
        (Grade, tables.grades, {"run_id"}),
        (AuditEntry, tables.audit_entries, {"id"}),
        (Review, tables.reviews, set()),
        (Mark, tables.review_marks, set()),
        (Override, tables.overrides, set()),
        (Share, tables.shares, set()),
        (Scorecard, tables.scorecards, set()),
    ],
)
def test_columns_are_the_fields(kind: type[Any], table: Table, extra: set[str]) -> None:
    stored = {field.name for field in fields(kind)} - KEPT_APART
    assert set(table.columns.keys()) == stored | extra


def test_naive_times_are_refused(engine: Engine) -> None:
    naive = datetime(2030, 1, 1)  # noqa: DTZ001  the mistake under test
    with sql_storage(engine, MemoryQueue())() as unit, pytest.raises(InvalidError, match="time zone"):
        unit.audit.add(make.make_audit_entry(at=naive))


def test_a_number_that_is_not_finite_is_refused(engine: Engine) -> None:
    with sql_storage(engine, MemoryQueue())() as unit:
        make.store_run(unit)
        grade = make.make_grade(metrics=(make.make_metric(value=float("nan")),))
        with pytest.raises(InvalidError, match="Grade to store") as caught:
            unit.grades.publish("run_1", [grade])
    assert "metrics.0.value" in caught.value.problems[0]


@pytest.mark.parametrize(
    ("cause", "family", "code"),
    [
        (IntegrityError("", {}, Exception("UNIQUE constraint failed")), ConflictError, "already-exists"),
        (
            IntegrityError("", {}, Exception("FOREIGN KEY constraint failed")),
            ConflictError,
            "missing-reference",
        ),
        (
            IntegrityError("", {}, Exception("NOT NULL constraint failed: runs.id")),
            ConflictError,
            "missing-value",
        ),
        (
            OperationalError("", {}, Exception("database or disk is full")),
            UnavailableError,
            "disk-full",
        ),
        (OperationalError("", {}, Exception("no such table: runs")), UnavailableError, "old-schema"),
        (
            OperationalError("", {}, Exception("server closed the connection")),
            UnavailableError,
            "database-unavailable",
        ),
    ],
)
def test_errors_are_translated(
    cause: Exception, family: type[ConflictError | UnavailableError], code: str
) -> None:
    with pytest.raises(family) as caught, translated("The thing"):
        raise cause
    assert caught.value.code == code


def test_our_own_errors_pass_through() -> None:
    error = ConflictError("mine")
    with pytest.raises(ConflictError, match="mine"), translated("The thing"):
        raise error


def test_a_row_that_does_not_fit_is_our_fault() -> None:
    row = to_row(make.make_staff())
    assert from_row(StaffUser, {**row, "email_key": "ignored"}) == make.make_staff()
    with pytest.raises(UnavailableError, match="roles"):
        from_row(StaffUser, {**row, "roles": ["emperor"]})
