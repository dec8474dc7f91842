"""Submissions with different fates, as realistic as the graders' own, for tests and previews."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import sqrt

from audition import codec
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import Usage
from audition.domain.grade import (
    Curve,
    Dimension,
    Evidence,
    Finding,
    Grade,
    GradeStatus,
    Outcome,
)
from audition.domain.people import AuditEntry
from audition.domain.run import Fault, Stage, StageRecord, StageStatus, Verdict
from audition.domain.submission import State, Submission
from audition.ports import Ports
from tests import factories
from tests.factories import later
from tests.web.programs import sources

LOG = b"reading /in/test.csv: 1,336 rows, 14 columns\nfeatures: 31\npredicting ... done in 0.8 s\n"
ERROR_LOG = b"""Traceback (most recent call last):
  File "/submission/predict.py", line 41, in <module>
    frame = pipeline.transform(pd.read_csv("/in/test.csv"))
KeyError: "column 'income_band' is not in the table"
\x1b[31mfailed\x1b[0m <script>alert(1)</script>
"""
_STEPS = 60


def tell(
    ports: Ports,
    name: str,
    *,
    who: str = "carol",
    attempt: int = 1,
    state: State,
    verdict: Verdict | None = None,
    fault: Fault | None = None,
    stages: tuple[StageRecord, ...] = (),
    grades: tuple[Grade, ...] = (),
    log: bytes = LOG,
    reason: str = "",
    minutes: float = 0,
    documents: Mapping[ArtifactKind, bytes] | None = None,
    version: str = "ver_1",
    is_practice: bool = False,
) -> str:
    """Store one submission with its run; return its id. Without `documents` its evidence cannot be read."""
    submission_id, run_id, at = f"sub_{name}", f"run_{name}", later(60 * minutes)
    submission = factories.make_submission(
        id=submission_id,
        invitation_id=f"inv_{who}",
        challenge_version_id=version,
        state=state,
        state_reason=reason,
        attempt_number=attempt,
        created_at=at,
        state_changed_at=at,
        is_practice=is_practice,
    )
    run = factories.make_run(
        id=run_id,
        submission_id=submission_id,
        fence=1 if stages else 0,
        verdict=verdict,
        fault=fault,
        created_at=at,
        started_at=at if stages else None,
        finished_at=later(60 * minutes + 9) if verdict else None,
    )
    with ports.unit_of_work() as uow:
        uow.submissions.add(submission)
        uow.runs.add(run)
        for record in stages:
            uow.runs.save_stage(_moved(record, run_id, timedelta(minutes=minutes)))
        if verdict:
            uow.runs.add_artifacts(_artifacts(ports, run_id, log, documents or {}))
            uow.grades.publish(run_id, grades)
        if state == State.RELEASED:
            uow.submissions.mark_released(submission_id, at)
        for entry in _history(submission):
            uow.audit.add(entry)
        uow.commit()
    return submission_id


def _artifacts(
    ports: Ports, run_id: str, log: bytes, documents: Mapping[ArtifactKind, bytes]
) -> list[Artifact]:
    """Logs, and what was recorded; in the place of the evidence there is something in any case."""
    kinds = {ArtifactKind.STDOUT: log, ArtifactKind.STDERR: log, ArtifactKind.EVIDENCE: log, **documents}
    return [
        Artifact(
            run_id=run_id,
            fence=1,
            stage=Stage.PREDICT,
            kind=kind,
            name=f"predict.{kind}",
            digest=ports.blobs.put(data),
            bytes=len(data),
        )
        for kind, data in kinds.items()
    ]


def _history(submission: Submission) -> list[AuditEntry]:
    """How it began."""
    steps = (
        ("received->queued", "Waiting for a worker."),
        ("queued->running", "Claimed by worker-1."),
    )
    return [
        AuditEntry(
            at=submission.created_at,
            actor=f"candidate:{submission.invitation_id}",
            action=action,
            subject=submission.id,
            reason=reason,
        )
        for action, reason in steps
    ]


def _moved(record: StageRecord, run_id: str, by: timedelta) -> StageRecord:
    finished = record.finished_at + by if record.finished_at else None
    return replace(record, run_id=run_id, started_at=record.started_at + by, finished_at=finished)


def stage(
    name: Stage,
    start: float,
    end: float | None,
    *,
    status: StageStatus = StageStatus.PASSED,
    message: str = "",
    megabytes: float = 60,
) -> StageRecord:
    """One stage, by seconds from `NOW`."""
    return factories.make_stage(
        stage=name,
        status=status,
        message=message,
        started_at=later(start),
        finished_at=None if end is None else later(end),
        usage=None
        if end is None
        else Usage(
            wall_seconds=end - start,
            cpu_seconds=0.8 * (end - start),
            peak_memory_bytes=int(megabytes * (1 << 20)),
        ),
    )


def full_run() -> tuple[StageRecord, ...]:
    """Four stages that passed."""
    return (
        stage(Stage.UNPACK, 0, 0.7, megabytes=31),
        stage(Stage.PREDICT, 0.7, 4.9, megabytes=412),
        stage(Stage.SCORE, 4.9, 7.6, megabytes=188),
        stage(Stage.JUDGE, 7.6, 8.4, megabytes=44),
    )


def roc() -> Curve:
    """A smooth curve of an AUC around 0.83."""
    x = tuple(i / _STEPS for i in range(_STEPS + 1))
    return Curve(
        kind="roc",
        x=x,
        y=tuple(min(1.0, sqrt(v) * (1.15 - 0.15 * v)) for v in x),
        x_label="False positive rate",
        y_label="True positive rate",
    )


def good_grades() -> tuple[Grade, ...]:
    """A good model with a half-finished deployment."""
    return (
        factories.make_grade(
            findings=(
                factories.make_finding(
                    check="model.metric.primary",
                    title="ROC AUC on the hidden data",
                    outcome=Outcome.PARTIAL,
                    points=7.1,
                    max_points=10.0,
                    sentence="The model ranks loan applications well, and better than the baseline.",
                    why="The higher the ranking quality, the fewer good applicants are turned away.",
                    how_to_fix="Look at calibrated boosting and at the rows your model is least sure of.",
                    reviewer_note="Within noise of the reference; see the interval before comparing.",
                    evidence=(Evidence(summary="Scored against 1,336 rows", file="predictions.csv"),),
                ),
                factories.make_finding(
                    check="output.format",
                    title="Predictions are in the agreed format",
                    outcome=Outcome.PASSED,
                    points=2.0,
                    max_points=2.0,
                    sentence="All 1,336 ids are there, once each, and every value is between 0 and 1.",
                    evidence=(),
                ),
            ),
            metrics=(
                factories.make_metric(
                    value=0.8302, low=0.8071, high=0.8516, score=0.7775, score_low=0.51, score_high=0.96
                ),
            ),
            curves=(roc(),),
        ),
        factories.make_grade(
            grader="dockerfile",
            dimension=Dimension.DEPLOYMENT,
            findings=deployment_findings(),
            metrics=(),
            curves=(),
        ),
    )


def deployment_findings() -> tuple[Finding, ...]:
    """What the Dockerfile checks say of a middling Dockerfile."""
    return (
        factories.make_finding(
            evidence=(
                Evidence(
                    summary="No USER instruction after",
                    file="Dockerfile",
                    line=3,
                    excerpt='FROM python:3.11-slim\nCOPY . /app\nCMD ["python", "serve.py"]',
                ),
            ),
        ),
        factories.make_finding(
            check="dockerfile.base.pinned",
            title="The base image is pinned by digest",
            outcome=Outcome.PARTIAL,
            points=0.5,
            max_points=1.0,
            sentence="The base image has a tag, and no digest.",
            why="A tag can point to another image tomorrow; the build is then not the one you tested.",
            how_to_fix="Write FROM python:3.11-slim@sha256:… with the digest that docker images shows.",
            evidence=(Evidence(summary="Tag without digest", file="Dockerfile", line=1),),
        ),
        factories.make_finding(
            check="dockerfile.exists",
            title="There is a Dockerfile",
            outcome=Outcome.PASSED,
            points=1.0,
            max_points=1.0,
            sentence="A Dockerfile is at the top of the archive.",
        ),
        factories.make_finding(
            check="dockerfile.healthcheck",
            title="The image says how to ask for its health",
            outcome=Outcome.NOT_APPLICABLE,
            points=0.0,
            max_points=0.0,
            sentence="The image serves nothing, so there is no health to ask for.",
            evidence=(),
        ),
    )


def blocked_grades() -> tuple[Grade, ...]:
    """What is left when the code failed: no metric, some deployment."""
    return (
        factories.make_grade(
            status=GradeStatus.BLOCKED,
            findings=(
                factories.make_finding(
                    check="model.metric.primary",
                    title="ROC AUC on the hidden data",
                    outcome=Outcome.NOT_ASSESSED,
                    points=0.0,
                    max_points=10.0,
                    sentence="There are no predictions to score, because the code ended with an error.",
                    evidence=(),
                ),
            ),
            metrics=(),
            curves=(),
        ),
        factories.make_grade(
            grader="dockerfile",
            dimension=Dimension.DEPLOYMENT,
            findings=deployment_findings(),
            metrics=(),
            curves=(),
        ),
    )


def failed_run() -> tuple[StageRecord, ...]:
    """A run whose code failed while predicting."""
    return (
        stage(Stage.UNPACK, 0, 0.7, megabytes=31),
        stage(
            Stage.PREDICT,
            0.7,
            2.1,
            status=StageStatus.FAILED,
            megabytes=240,
            message="Your program ended with exit code 1. The last lines of its error log say why.",
        ),
        stage(Stage.SCORE, 2.1, 2.1, status=StageStatus.SKIPPED),
        stage(Stage.JUDGE, 2.1, 2.9, megabytes=44),
    )


def tell_all(ports: Ports) -> dict[str, str]:
    """One submission for every kind of page; returns name to id."""
    return {**_of_carol(ports), **_of_dave(ports)}


def _of_carol(ports: Ports) -> dict[str, str]:
    """All her attempts: one well, one failed, one refused, one under way."""
    return {
        "released": tell(
            ports,
            "released",
            state=State.RELEASED,
            verdict=Verdict.ACCEPTED,
            stages=full_run(),
            grades=good_grades(),
            documents={ArtifactKind.SOURCES: codec.to_json(sources(rows="rows.csv", other="api/app.py"))},
        ),
        "failed": tell(
            ports,
            "failed",
            attempt=2,
            state=State.RELEASED,
            verdict=Verdict.NONZERO_EXIT,
            fault=Fault.CANDIDATE,
            stages=failed_run(),
            grades=blocked_grades(),
            log=ERROR_LOG,
            minutes=60,
        ),
        "rejected": tell(
            ports,
            "rejected",
            attempt=3,
            state=State.REJECTED,
            reason="The archive could not be opened: entry 3, ../../etc/passwd, leaves the archive.",
            minutes=70,
        ),
        "running": tell(
            ports,
            "running",
            attempt=4,
            state=State.RUNNING,
            stages=(stage(Stage.UNPACK, 0, 0.7), stage(Stage.PREDICT, 0.7, None, status=StageStatus.RUNNING)),
            minutes=80,
        ),
    }


def _of_dave(ports: Ports) -> dict[str, str]:
    """What waits for people, or for a worker."""
    return {
        "graded": tell(
            ports,
            "graded",
            who="dave",
            state=State.GRADED,
            verdict=Verdict.ACCEPTED,
            stages=full_run(),
            grades=good_grades(),
            minutes=30,
            documents={
                ArtifactKind.NOTEBOOK_PAGE: b"<pre>import this</pre>",
                ArtifactKind.TEXTS_PAGE: b"<section><h1>README.md</h1><p>How to run it.</p></section>",
                ArtifactKind.SOURCES: codec.to_json(sources(rows="test.csv", other="serve.py")),
            },
        ),
        "errored": tell(
            ports,
            "errored",
            who="dave",
            attempt=2,
            state=State.ERRORED,
            verdict=Verdict.INTERNAL_ERROR,
            fault=Fault.PLATFORM,
            stages=full_run()[:2],
            minutes=90,
        ),
        "queued": tell(ports, "queued", who="dave", attempt=3, state=State.QUEUED, minutes=95),
    }
