"""Runs, their stages and artifacts, and their grades in SQL.

Every write by a worker is guarded by the fence it was given, in the WHERE of one UPDATE or under a lock on
the run's row. The database decides who was first; nothing is read, compared here, and then written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, desc, func, select, update

from audition.adapters.sql import tables
from audition.adapters.sql.rows import to_row
from audition.adapters.sql.transaction import Transaction
from audition.domain.errors import NotFoundError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import Grade
from audition.domain.run import Fault, Run, Stage, StageRecord, Verdict, current_stages
from audition.domain.scorecard import Scorecard, scorecard_of

_STAGE_ORDER = {stage: position for position, stage in enumerate(Stage)}


class SqlRuns:
    """Implements `Runs`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, run: Run) -> None:
        """Insert."""
        what = f"Run {run.id} (number {run.number} of submission {run.submission_id})"
        self._transaction.insert(tables.runs, to_row(run), what)

    def get(self, run_id: str) -> Run:
        """Return it."""
        found = self._transaction.one(Run, select(tables.runs).where(tables.runs.c.id == run_id))
        if found is None:
            msg = f"There is no run {run_id}."
            raise NotFoundError(msg, code="run-not-found")
        return found

    def latest(self, submission_id: str) -> Run:
        """Return the submission's run with the highest number."""
        table = tables.runs
        found = self._transaction.one(
            Run,
            select(table)
            .where(table.c.submission_id == submission_id)
            .order_by(desc(table.c.number))
            .limit(1),
        )
        if found is None:
            msg = f"Submission {submission_id} has no run."
            raise NotFoundError(msg, code="run-not-found")
        return found

    def latest_of(self, submission_ids: Sequence[str]) -> dict[str, Run]:
        """Return the run with the highest number of each submission."""
        table = tables.runs
        found = select(table).where(table.c.submission_id.in_(list(submission_ids)))
        runs = self._transaction.all(Run, found.order_by(table.c.number))
        return {run.submission_id: run for run in runs}

    def of_submission(self, submission_id: str) -> tuple[Run, ...]:
        """All of a submission, by number."""
        table = tables.runs
        found = select(table).where(table.c.submission_id == submission_id)
        return self._transaction.all(Run, found.order_by(table.c.number))

    def of_version(self, version_id: str) -> tuple[Run, ...]:
        """All runs of all submissions to a challenge version, by number."""
        statement = select(tables.runs).where(_is_of_version(version_id))
        return self._transaction.all(Run, statement.order_by(tables.runs.c.number, tables.runs.c.id))

    def claim(self, run_id: str, fence: int, worker: str, lease_until: datetime, at: datetime) -> bool:
        """Raise the fence and take the lease."""
        return self._guarded(
            run_id,
            fence,
            fence=fence + 1,
            worker=worker,
            lease_until=lease_until,
            started_at=func.coalesce(tables.runs.c.started_at, at),
        )

    def renew(self, run_id: str, fence: int, lease_until: datetime) -> bool:
        """Extend the lease; a lease that was dropped does not come back."""
        return self._guarded(run_id, fence, _is_leased(), lease_until=lease_until)

    def lose(self, run_id: str, fence: int) -> bool:
        """Drop the lease, count a loss and raise the fence, once for each lease."""
        return self._guarded(
            run_id,
            fence,
            _is_leased(),
            fence=fence + 1,
            worker=None,
            lease_until=None,
            losses=tables.runs.c.losses + 1,
        )

    def finish(
        self, run_id: str, fence: int, verdict: Verdict | None, fault: Fault | None, at: datetime
    ) -> bool:
        """Store how the run ended and drop the lease."""
        return self._guarded(
            run_id,
            fence,
            worker=None,
            lease_until=None,
            verdict=verdict.value if verdict else None,
            fault=None if fault is None else fault.value,
            finished_at=at,
        )

    def request_cancel(self, run_id: str) -> None:
        """Ask whoever holds the run to stop."""
        self._transaction.change(
            update(tables.runs).where(tables.runs.c.id == run_id).values(is_cancel_requested=True)
        )

    def save_stage(self, record: StageRecord) -> bool:
        """Insert or replace a stage record."""
        table = tables.stages
        # Holds off a claim until we commit, so that the fence cannot be raised between look and write.
        lock = select(tables.runs.c.id).where(
            tables.runs.c.id == record.run_id, tables.runs.c.fence == record.fence
        )
        if not self._transaction.has(lock.with_for_update()):
            return False
        row = to_row(record)
        key = (
            table.c.run_id == record.run_id,
            table.c.fence == record.fence,
            table.c.stage == record.stage.value,
        )
        if self._transaction.change(update(table).where(*key).values(row)) == 0:
            self._transaction.insert(table, row, f"Stage {record.stage} of run {record.run_id}")
        return True

    def stages(self, run_id: str) -> tuple[StageRecord, ...]:
        """Return the records that hold, in order of start."""
        table = tables.stages
        return current_stages(
            self._transaction.all(StageRecord, select(table).where(table.c.run_id == run_id))
        )

    def add_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Publish artifacts."""
        if artifacts:
            what = f"An artifact of run {artifacts[0].run_id}"
            rows = [to_row(artifact) for artifact in artifacts]
            self._transaction.insert(tables.artifacts, rows, what)

    def artifacts_of(self, run_ids: Sequence[str], kind: ArtifactKind) -> dict[str, Artifact]:
        """Return the newest published artifact of a kind of each of some runs."""
        table = tables.artifacts
        found = select(table).where(table.c.run_id.in_(list(run_ids)), table.c.kind == kind.value)
        newest_last = found.order_by(table.c.fence, table.c.stage, table.c.name)
        return {artifact.run_id: artifact for artifact in self._transaction.all(Artifact, newest_last)}

    def artifacts(self, run_id: str) -> tuple[Artifact, ...]:
        """Published artifacts, by fence, stage, kind and name."""
        table = tables.artifacts
        found = self._transaction.all(Artifact, select(table).where(table.c.run_id == run_id))
        return tuple(sorted(found, key=lambda a: (a.fence, _STAGE_ORDER[a.stage], a.kind, a.name)))

    def artifact_digests(self) -> frozenset[str]:
        """Digests of all artifacts of all runs."""
        return frozenset(self._transaction.texts(select(tables.artifacts.c.digest).distinct()))

    def count_faults(self, since: datetime) -> dict[Fault | None, int]:
        """How many runs that ended since then were whose fault."""
        table = tables.runs
        counted = select(table.c.fault, func.count()).where(table.c.finished_at >= since)
        found = self._transaction.rows(counted.group_by(table.c.fault))
        return {Fault(fault) if fault else None: count for fault, count in found}

    def _guarded(
        self,
        run_id: str,
        guard: int,
        *conditions: ColumnElement[bool],
        **values: Any,  # noqa: ANN401  column values and SQL expressions alike
    ) -> bool:
        table = tables.runs
        where = (table.c.id == run_id, table.c.fence == guard, *conditions)
        return self._transaction.change(update(table).where(*where).values(**values)) == 1


class SqlGrades:
    """Implements `Grades`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def publish(self, run_id: str, grades: Sequence[Grade]) -> None:
        """Replace the run's published grades."""
        self._transaction.change(delete(tables.grades).where(tables.grades.c.run_id == run_id))
        self._transaction.change(delete(tables.scorecards).where(tables.scorecards.c.run_id == run_id))
        rows = [to_row(grade, run_id=run_id) for grade in grades]
        if rows:
            self._transaction.insert(tables.grades, rows, f"A grade of run {run_id}")
            card = to_row(scorecard_of(run_id, grades))
            self._transaction.insert(tables.scorecards, card, f"The scorecard of run {run_id}")

    def save_scorecard(self, card: Scorecard) -> None:
        """Replace the scorecard of a run that has grades."""
        table = tables.scorecards
        self._transaction.change(update(table).where(table.c.run_id == card.run_id).values(to_row(card)))

    def scorecards(self, run_ids: Sequence[str]) -> dict[str, Scorecard]:
        """Return the scorecards of those of some runs that are graded."""
        cards = tables.scorecards
        statement = select(cards).where(cards.c.run_id.in_(list(run_ids)))
        found = {card.run_id: card for card in self._transaction.all(Scorecard, statement)}
        # Graded by a version of Audition that kept none; grading again makes one.
        missing = sorted(set(run_ids) - found.keys())
        for run_id in self._graded(missing):
            found[run_id] = scorecard_of(run_id, self.of_run(run_id))
        return found

    def _graded(self, run_ids: list[str]) -> tuple[str, ...]:
        """Which of some runs have grades."""
        grades = tables.grades
        of_runs = select(grades.c.run_id, func.min(grades.c.grader)).where(grades.c.run_id.in_(run_ids))
        return tuple(self._transaction.pairs(of_runs.group_by(grades.c.run_id)))

    def of_run(self, run_id: str) -> tuple[Grade, ...]:
        """Return the run's published grades, by grader name."""
        table = tables.grades
        found = self._transaction.all(Grade, select(table).where(table.c.run_id == run_id))
        # Sorted here: the order of SQL depends on the collation of the database.
        return tuple(sorted(found, key=lambda grade: grade.grader))


def _is_leased() -> ColumnElement[bool]:
    return tables.runs.c.lease_until.is_not(None)


def _is_of_version(version_id: str) -> ColumnElement[bool]:
    """Condition on `runs`."""
    submissions = tables.submissions
    of_version = select(submissions.c.id).where(submissions.c.challenge_version_id == version_id)
    return tables.runs.c.submission_id.in_(of_version)
