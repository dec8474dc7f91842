"""Runs, their stages and artifacts, and their grades in memory."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from audition.adapters.memory.tables import Tables, check_reference, check_unique, insert, look_up
from audition.domain.errors import NotFoundError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import Grade
from audition.domain.run import Fault, Run, Stage, StageRecord, Verdict, current_stages
from audition.domain.scorecard import Scorecard, scorecard_of

Open = Callable[[], Tables]
_STAGE_ORDER = {stage: position for position, stage in enumerate(Stage)}


class MemoryRuns:
    """Implements `Runs`."""

    def __init__(self, tables: Open) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, run: Run) -> None:
        """Insert."""
        tables, what = self._tables(), f"Run {run.id}"
        check_reference(tables.submissions, run.submission_id, what)
        check_unique(tables.runs, run, lambda r: (r.submission_id, r.number), what)
        insert(tables.runs, run.id, run, what)

    def get(self, run_id: str) -> Run:
        """Return it."""
        return look_up(self._tables().runs, run_id, f"run {run_id}", "run-not-found")

    def latest(self, submission_id: str) -> Run:
        """Return the submission's run with the highest number."""
        runs = [r for r in self._tables().runs.values() if r.submission_id == submission_id]
        if not runs:
            msg = f"Submission {submission_id} has no run."
            raise NotFoundError(msg, code="run-not-found")
        return max(runs, key=lambda run: run.number)

    def latest_of(self, submission_ids: Sequence[str]) -> dict[str, Run]:
        """Return the run with the highest number of each submission."""
        found = (r for r in self._tables().runs.values() if r.submission_id in submission_ids)
        return {run.submission_id: run for run in sorted(found, key=lambda run: run.number)}

    def of_submission(self, submission_id: str) -> tuple[Run, ...]:
        """All of a submission, by number."""
        found = (r for r in self._tables().runs.values() if r.submission_id == submission_id)
        return tuple(sorted(found, key=lambda run: run.number))

    def of_version(self, version_id: str) -> tuple[Run, ...]:
        """All runs of all submissions to a challenge version, by number."""
        found = (r for r in self._tables().runs.values() if _is_of_version(self._tables(), r, version_id))
        return tuple(sorted(found, key=lambda run: (run.number, run.id)))

    def claim(self, run_id: str, fence: int, worker: str, lease_until: datetime, at: datetime) -> bool:
        """Raise the fence and take the lease."""
        run = self._at_fence(run_id, fence)
        if run is None:
            return False
        self._save(
            replace(
                run,
                fence=fence + 1,
                worker=worker,
                lease_until=lease_until,
                started_at=run.started_at or at,
            )
        )
        return True

    def renew(self, run_id: str, fence: int, lease_until: datetime) -> bool:
        """Extend the lease; a lease that was dropped does not come back."""
        run = self._at_fence(run_id, fence)
        if run is None or run.lease_until is None:
            return False
        self._save(replace(run, lease_until=lease_until))
        return True

    def lose(self, run_id: str, fence: int) -> bool:
        """Drop the lease, count a loss and raise the fence, once for each lease."""
        run = self._at_fence(run_id, fence)
        if run is None or run.lease_until is None:
            return False
        self._save(replace(run, fence=fence + 1, worker=None, lease_until=None, losses=run.losses + 1))
        return True

    def finish(
        self, run_id: str, fence: int, verdict: Verdict | None, fault: Fault | None, at: datetime
    ) -> bool:
        """Store how the run ended and drop the lease."""
        run = self._at_fence(run_id, fence)
        if run is None:
            return False
        self._save(replace(run, worker=None, lease_until=None, verdict=verdict, fault=fault, finished_at=at))
        return True

    def request_cancel(self, run_id: str) -> None:
        """Ask whoever holds the run to stop."""
        run = self._tables().runs.get(run_id)
        if run is not None:
            self._save(replace(run, is_cancel_requested=True))

    def save_stage(self, record: StageRecord) -> bool:
        """Insert or replace a stage record."""
        if self._at_fence(record.run_id, record.fence) is None:
            return False
        self._tables().stages[record.run_id, record.fence, record.stage] = record
        return True

    def stages(self, run_id: str) -> tuple[StageRecord, ...]:
        """Return the records that hold, in order of start."""
        return current_stages(r for r in self._tables().stages.values() if r.run_id == run_id)

    def add_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Publish artifacts, all of them or none."""
        tables = self._tables()
        table = dict(tables.artifacts)
        for artifact in artifacts:
            what = f"An artifact of run {artifact.run_id}"
            check_reference(tables.runs, artifact.run_id, what)
            insert(table, _artifact_key(artifact), artifact, what)
        tables.artifacts = table

    def artifacts_of(self, run_ids: Sequence[str], kind: ArtifactKind) -> dict[str, Artifact]:
        """Return the newest published artifact of a kind of each of some runs."""
        wanted = set(run_ids)
        found = (a for a in self._tables().artifacts.values() if a.run_id in wanted and a.kind == kind)
        return {a.run_id: a for a in sorted(found, key=lambda a: (a.fence, a.stage, a.name))}

    def artifacts(self, run_id: str) -> tuple[Artifact, ...]:
        """Published artifacts, by fence, stage, kind and name."""
        found = (a for a in self._tables().artifacts.values() if a.run_id == run_id)
        return tuple(sorted(found, key=lambda a: (a.fence, _STAGE_ORDER[a.stage], a.kind, a.name)))

    def artifact_digests(self) -> frozenset[str]:
        """Digests of all artifacts of all runs."""
        return frozenset(a.digest for a in self._tables().artifacts.values())

    def count_faults(self, since: datetime) -> dict[Fault | None, int]:
        """How many runs that ended since then were whose fault."""
        runs = (r for r in self._tables().runs.values() if r.finished_at and r.finished_at >= since)
        return dict(Counter(r.fault for r in runs))

    def _at_fence(self, run_id: str, fence: int) -> Run | None:
        run = self._tables().runs.get(run_id)
        return run if run is not None and run.fence == fence else None

    def _save(self, run: Run) -> None:
        self._tables().runs[run.id] = run


class MemoryGrades:
    """Implements `Grades`."""

    def __init__(self, tables: Open) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def publish(self, run_id: str, grades: Sequence[Grade]) -> None:
        """Replace the run's published grades."""
        tables, what = self._tables(), f"A grade of run {run_id}"
        kept = {key: grade for key, grade in tables.grades.items() if key[0] != run_id}
        for grade in grades:
            check_reference(tables.runs, run_id, what)
            insert(kept, (run_id, grade.grader), grade, what)
        tables.grades = kept
        tables.scorecards.pop(run_id, None)
        if grades:
            tables.scorecards[run_id] = scorecard_of(run_id, grades)

    def save_scorecard(self, card: Scorecard) -> None:
        """Replace the scorecard of a run that has grades."""
        if card.run_id in self._tables().scorecards:
            self._tables().scorecards[card.run_id] = card

    def of_run(self, run_id: str) -> tuple[Grade, ...]:
        """Return the run's published grades, by grader name."""
        found = (grade for key, grade in self._tables().grades.items() if key[0] == run_id)
        return tuple(sorted(found, key=lambda grade: grade.grader))

    def scorecards(self, run_ids: Sequence[str]) -> dict[str, Scorecard]:
        """Return the scorecards of those of some runs that are graded."""
        found = self._tables().scorecards
        return {run_id: found[run_id] for run_id in run_ids if run_id in found}


def _is_of_version(tables: Tables, run: Run, version_id: str) -> bool:
    return tables.submissions[run.submission_id].challenge_version_id == version_id


def _artifact_key(artifact: Artifact) -> tuple[str, int, str, str, str]:
    return (artifact.run_id, artifact.fence, artifact.stage, artifact.kind, artifact.name)
