"""Do nothing, in every way a job will do something: what is slow the first time is then done before the job comes.

Each job runs in a fresh copy of the worker's process. What the worker has already worked out (the text of its SQL
statements, the readers of its documents) the copy has too; what it has not, every job would work out again.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

from audition import codec
from audition.domain.challenge import ChallengeVersion
from audition.domain.contract import Collection, Inventory
from audition.domain.errors import NotFoundError
from audition.domain.evidence import Artifact, RunEvidence
from audition.domain.grade import Grade, GradeSheet
from audition.domain.people import AuditEntry
from audition.domain.run import Run, Stage, StageRecord, StageStatus
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork

_NOBODY = "rehearsal"
_READ = (
    ChallengeVersion,
    Submission,
    Run,
    StageRecord,
    Artifact,
    RunEvidence,
    Inventory,
    Collection,
    Grade,
    GradeSheet,
    AuditEntry,
)


def rehearse(ports: Ports) -> None:
    """Go through a job's reads and writes once, on a run that does not exist; nothing is stored.

    Raises:
        UnavailableError: The database does not answer.
    """
    for kind in _READ:
        codec.prepare(kind)
    with ports.unit_of_work() as uow:
        for step in _steps(ports, uow):
            with suppress(NotFoundError):
                step()
        # Never committed.


def _steps(ports: Ports, uow: UnitOfWork) -> Iterator[Callable[[], object]]:
    now = ports.clock.now()
    stage = StageRecord(
        run_id=_NOBODY, fence=0, stage=Stage.UNPACK, status=StageStatus.RUNNING, message="", started_at=now
    )
    entry = AuditEntry(at=now, actor=_NOBODY, action=_NOBODY, subject=_NOBODY, reason="")
    yield lambda: uow.runs.get(_NOBODY)
    yield lambda: uow.submissions.get(_NOBODY)
    yield lambda: uow.runs.latest(_NOBODY)
    yield lambda: uow.challenges.get(_NOBODY)
    yield lambda: uow.runs.claim(_NOBODY, 0, _NOBODY, now, now)
    yield lambda: uow.submissions.move(_NOBODY, State.QUEUED, State.RUNNING, "", now)
    yield lambda: uow.runs.save_stage(stage)
    yield lambda: uow.runs.renew(_NOBODY, 0, now)
    yield lambda: uow.grades.of_run(_NOBODY)
    yield lambda: uow.runs.artifacts(_NOBODY)
    yield lambda: uow.audit.add(entry)
