"""Valid domain objects for tests: every function has defaults for all fields and takes overrides by name.

The default ids fit together (`ver_1`, `can_1`, `inv_1`, `sub_1`, `run_1`), so that the objects can be stored
as they are; `store_run` does just that.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from audition.domain.challenge import (
    Anchor,
    AnswersSpec,
    Area,
    ChallengeVersion,
    DataFile,
    Manifest,
    MetricSpec,
    OutputSpec,
)
from audition.domain.dispute import Dispute
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import Limits, Usage
from audition.domain.grade import (
    Curve,
    Dimension,
    Evidence,
    Finding,
    Grade,
    GradeStatus,
    Metric,
    Outcome,
)
from audition.domain.metrics import Direction
from audition.domain.override import Override
from audition.domain.people import (
    AuditEntry,
    Candidate,
    Invitation,
    PrincipalKind,
    Role,
    Session,
    StaffUser,
)
from audition.domain.review import Mark, Review
from audition.domain.rubric import Level, RubricItem
from audition.domain.run import Run, Stage, StageRecord, StageStatus
from audition.domain.share import Share
from audition.domain.submission import State, Submission
from audition.ports import UnitOfWork

#: The moment at which everything in tests happens unless told otherwise.
NOW = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def later(seconds: float) -> datetime:
    """`NOW` plus some seconds."""
    return NOW + timedelta(seconds=seconds)


def make_manifest(**overrides: Any) -> Manifest:
    """A small challenge measured by roc_auc."""
    manifest = Manifest(
        slug="credit-scoring",
        title="Credit scoring",
        summary="Predict who will repay a loan.",
        industry="banking",
        role="ML engineer",
        skills=("classification", "deployment"),
        language="en",
        declared_hours=4.0,
        attempts=3,
        stages=(Stage.UNPACK, Stage.PREDICT, Stage.SCORE, Stage.JUDGE),
        image="tabular",
        metric=MetricSpec(
            name="roc_auc",
            direction=Direction.HIGHER,
            anchors=(
                Anchor(name="constant", value=0.5, score=0.0),
                Anchor(name="baseline", value=0.8, score=0.4),
                Anchor(name="reference", value=0.84, score=0.9),
            ),
        ),
        output=OutputSpec(
            names=("predictions.csv", "predictions.parquet"),
            id_column="id",
            prediction_column="probability",
            minimum=0.0,
            maximum=1.0,
        ),
        answers=AnswersSpec(file="answers.csv", id_column="id", answer_column="defaulted"),
        inputs=("test.csv",),
        weights={Dimension.MODEL_QUALITY: 0.7, Dimension.DEPLOYMENT: 0.3},
        limits={Stage.PREDICT: Limits(time_seconds=30.0)},
        graders=("model-quality", "output-format", "dockerfile"),
    )
    return replace(manifest, **overrides)


def make_rubric() -> tuple[RubricItem, ...]:
    """Three items: two of three even levels, one of two."""
    means = ("Nothing of it.", "Some of it.", "All of it, with reasons.")
    three = tuple(Level(points=2.0 * n, means=text) for n, text in enumerate(means))
    model, deployment = Dimension.MODEL_QUALITY, Dimension.DEPLOYMENT
    return (
        RubricItem(id="validation", question="Is the model's worth known?", dimension=model, levels=three),
        RubricItem(id="image", question="Would operations accept it?", dimension=deployment, levels=three),
        RubricItem(
            id="limits", question="Are weaknesses named?", dimension=deployment, levels=(three[0], three[2])
        ),
    )


def make_version(**overrides: Any) -> ChallengeVersion:
    """Version 1 of the small challenge, with one public and one private file."""
    version = ChallengeVersion(
        id="ver_1",
        slug="credit-scoring",
        number=1,
        digest="d" * 64,
        manifest=make_manifest(),
        manifest_digest="7" * 64,
        brief="# Credit scoring\n\nPredict.",
        datacard="# Data\n\nLoans.",
        files=(
            DataFile(area=Area.PUBLIC, name="test.csv", digest="a" * 64, bytes=1200),
            DataFile(area=Area.PRIVATE, name="answers.csv", digest="b" * 64, bytes=300),
        ),
        kit_digest="c" * 64,
        kit_bytes=4096,
        published_at=NOW,
        rubric=make_rubric(),
    )
    return replace(version, **overrides)


def make_staff(**overrides: Any) -> StaffUser:
    """A reviewer."""
    user = StaffUser(
        id="usr_1",
        email="rita@example.org",
        name="Rita Reviewer",
        password_hash="plain:secret",
        roles=frozenset({Role.REVIEWER}),
        created_at=NOW,
    )
    return replace(user, **overrides)


def make_candidate(**overrides: Any) -> Candidate:
    """A candidate."""
    candidate = Candidate(
        id="can_1",
        email="cleo@example.org",
        name="Cleo Candidate",
        alias="Teal Heron",
        created_at=NOW,
    )
    return replace(candidate, **overrides)


def make_invitation(**overrides: Any) -> Invitation:
    """An invitation with three attempts that is good for a week."""
    invitation = Invitation(
        id="inv_1",
        candidate_id="can_1",
        challenge_version_id="ver_1",
        token_digest="1" * 64,
        attempts=3,
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    return replace(invitation, **overrides)


def make_session(**overrides: Any) -> Session:
    """A reviewer's browser session."""
    session = Session(
        id="ses_1",
        token_digest="2" * 64,
        kind=PrincipalKind.STAFF,
        subject_id="usr_1",
        is_api=False,
        label="browser",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=12),
    )
    return replace(session, **overrides)


def make_submission(**overrides: Any) -> Submission:
    """A submission that waits in the queue; another id is another attempt."""
    identifier = str(overrides.get("id", "sub_1"))
    submission = Submission(
        id="sub_1",
        invitation_id="inv_1",
        challenge_version_id="ver_1",
        archive_digest="e" * 64,
        archive_bytes=2048,
        archive_name="solution.zip",
        state=State.QUEUED,
        state_reason="It waits for a worker.",
        attempt_number=1 if identifier == "sub_1" else crc32(identifier.encode()) >> 2,
        idempotency_key=None,
        created_at=NOW,
        state_changed_at=NOW,
    )
    return replace(submission, **overrides)


def make_run(**overrides: Any) -> Run:
    """A first run that nobody has claimed."""
    run = Run(
        id="run_1",
        submission_id="sub_1",
        number=1,
        fence=0,
        worker=None,
        lease_until=None,
        losses=0,
        verdict=None,
        fault=None,
        created_at=NOW,
    )
    return replace(run, **overrides)


def make_stage(**overrides: Any) -> StageRecord:
    """A predict stage that passed under fence 1."""
    record = StageRecord(
        run_id="run_1",
        fence=1,
        stage=Stage.PREDICT,
        status=StageStatus.PASSED,
        message="",
        started_at=NOW,
        finished_at=later(2),
        usage=Usage(wall_seconds=2.0, cpu_seconds=1.5, peak_memory_bytes=50 << 20),
        image_id="sha256:" + "f" * 64,
        runtime="runc",
    )
    return replace(record, **overrides)


def make_artifact(**overrides: Any) -> Artifact:
    """The predictions of a run under fence 1."""
    artifact = Artifact(
        run_id="run_1",
        fence=1,
        stage=Stage.PREDICT,
        kind=ArtifactKind.OUTPUT,
        name="predictions.csv",
        digest="9" * 64,
        bytes=900,
    )
    return replace(artifact, **overrides)


def make_finding(**overrides: Any) -> Finding:
    """A failed check with evidence."""
    finding = Finding(
        check="dockerfile.user.non-root",
        title="Runs as a user without root rights",
        outcome=Outcome.FAILED,
        points=0.0,
        max_points=2.0,
        sentence="The image runs as root.",
        why="A flaw in the service then owns the container.",
        how_to_fix="Add a USER instruction.",
        evidence=(Evidence(summary="No USER instruction", file="Dockerfile", line=3),),
    )
    return replace(finding, **overrides)


def make_metric(**overrides: Any) -> Metric:
    """A ROC AUC of 0.81 with its interval."""
    metric = Metric(
        name="roc_auc",
        value=0.81,
        low=0.79,
        high=0.83,
        method="bootstrap, 1000 rounds",
        rows=1336,
        score=0.525,
        score_low=0.39,
        score_high=0.775,
    )
    return replace(metric, **overrides)


def make_grade(**overrides: Any) -> Grade:
    """What the model-quality grader says of an average model."""
    grade = Grade(
        grader="model-quality",
        version="1",
        dimension=Dimension.MODEL_QUALITY,
        status=GradeStatus.OK,
        findings=(
            make_finding(check="model.roc-auc", outcome=Outcome.PARTIAL, points=5.25, max_points=10.0),
        ),
        metrics=(make_metric(),),
        curves=(Curve(kind="roc", x=(0.0, 1.0), y=(0.0, 1.0), x_label="false", y_label="true"),),
    )
    return replace(grade, **overrides)


def make_review(**overrides: Any) -> Review:
    """The first reviewer's, not signed."""
    review = Review(id="rev_1", submission_id="sub_1", reviewer_id="usr_1", seat=1, created_at=NOW)
    return replace(review, **overrides)


def make_mark(**overrides: Any) -> Mark:
    """The middle level of the first item."""
    mark = Mark(
        review_id="rev_1",
        item="validation",
        level=1,
        evidence="model.metric.primary",
        note="Held out, no spread.",
        saved_at=NOW,
    )
    return replace(mark, **overrides)


def make_override(**overrides: Any) -> Override:
    """Half of the default finding's points, by the first reviewer."""
    override = Override(
        id="ovr_1",
        run_id="run_1",
        check="dockerfile.user.non-root",
        grader_version="1",
        old_outcome=Outcome.FAILED,
        old_points=0.0,
        points=1.0,
        reason="The user is set by the entry point.",
        reviewer_id="usr_1",
        created_at=NOW,
    )
    return replace(override, **overrides)


def make_share(**overrides: Any) -> Share:
    """A link to the default submission's report that is good for a week."""
    share = Share(
        id="shr_1",
        submission_id="sub_1",
        token_digest="4" * 64,
        created_by="usr_1",
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    return replace(share, **overrides)


def make_dispute(**overrides: Any) -> Dispute:
    """Of the default finding, by the default submission's candidate."""
    dispute = Dispute(
        id="dsp_1",
        submission_id="sub_1",
        check="dockerfile.user.non-root",
        text="The entry point sets the user.",
        created_at=NOW,
    )
    return replace(dispute, **overrides)


def make_audit_entry(**overrides: Any) -> AuditEntry:
    """An entry about the default submission."""
    entry = AuditEntry(
        at=NOW,
        actor="candidate:inv_1",
        action="submission.received",
        subject="sub_1",
        reason="Uploaded by the candidate.",
    )
    return replace(entry, **overrides)


def store_invitation(unit: UnitOfWork) -> Invitation:
    """Add the default version, candidate and invitation; the caller commits."""
    unit.challenges.add(make_version())
    unit.people.add_candidate(make_candidate())
    invitation = make_invitation()
    unit.people.add_invitation(invitation)
    return invitation


def store_run(unit: UnitOfWork, state: State = State.QUEUED, **overrides: Any) -> Run:
    """Add the default submission with one run, and all they need; the caller commits."""
    store_invitation(unit)
    unit.submissions.add(make_submission(state=state))
    run = make_run(**overrides)
    unit.runs.add(run)
    return run
