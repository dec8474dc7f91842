"""What is stored: the unit of work and its tables."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, Self

from audition.domain.audit import AuditFilter, AuditLine
from audition.domain.challenge import ChallengeVersion
from audition.domain.dispute import Dispute, DisputeState
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import Grade
from audition.domain.override import Override
from audition.domain.people import AuditEntry
from audition.domain.review import Mark, Review
from audition.domain.run import Fault, Run, StageRecord, Verdict
from audition.domain.scorecard import Scorecard
from audition.domain.share import Share
from audition.domain.submission import State, Submission
from audition.ports.answers import KeptAnswers
from audition.ports.people import People
from audition.ports.webhooks import Webhooks


class Submissions(Protocol):
    """Submissions at rest."""

    def add(self, submission: Submission) -> None:
        """Insert.

        Raises:
            ConflictError: Same id, or same invitation and idempotency key.
        """
        ...

    def get(self, submission_id: str) -> Submission:
        """Return it.

        Raises:
            NotFoundError: No such submission.
        """
        ...

    def by_key(self, invitation_id: str, idempotency_key: str) -> Submission | None:
        """The submission that an earlier request with this key made."""
        ...

    def of_invitation(self, invitation_id: str) -> tuple[Submission, ...]:
        """All of an invitation, oldest first."""
        ...

    def of_archive(self, version_id: str, archive_digest: str) -> tuple[Submission, ...]:
        """All of exactly these bytes to a challenge version, without practice, oldest first."""
        ...

    def of_version(self, version_id: str) -> tuple[Submission, ...]:
        """All to a challenge version, without practice, oldest first."""
        ...

    def in_states(self, states: Sequence[State], limit: int = 1000) -> tuple[Submission, ...]:
        """Submissions in any of the states, oldest first."""
        ...

    def recent(self, limit: int = 200, before: Submission | None = None) -> tuple[Submission, ...]:
        """Newest first, without practice; with `before` those that come behind it in this order."""
        ...

    def move(self, submission_id: str, old: State, new: State, reason: str, at: datetime) -> bool:
        """Compare-and-set of the state; false when it was no longer `old`."""
        ...

    def mark_released(self, submission_id: str, at: datetime) -> None:
        """Store when the report was released."""
        ...

    def count_by_state(self) -> dict[State, int]:
        """How many there are, practice included; a state without any is left out."""
        ...

    def archive_digests(self) -> frozenset[str]:
        """Digests of everything that was uploaded and is still recorded."""
        ...


class Runs(Protocol):
    """Runs at rest. `claim`, `renew` and `finish` are compare-and-set on the fence."""

    def add(self, run: Run) -> None:
        """Insert."""
        ...

    def get(self, run_id: str) -> Run:
        """Return it.

        Raises:
            NotFoundError: No such run.
        """
        ...

    def latest(self, submission_id: str) -> Run:
        """The submission's run with the highest number.

        Raises:
            NotFoundError: It has none.
        """
        ...

    def latest_of(self, submission_ids: Sequence[str]) -> dict[str, Run]:
        """The run with the highest number of each of some submissions that has one, by submission."""
        ...

    def of_submission(self, submission_id: str) -> tuple[Run, ...]:
        """All of a submission, by number."""
        ...

    def of_version(self, version_id: str) -> tuple[Run, ...]:
        """All runs of all submissions to a challenge version, by number."""
        ...

    def claim(self, run_id: str, fence: int, worker: str, lease_until: datetime, at: datetime) -> bool:
        """Raise the fence from `fence` to `fence + 1` and take the lease; false when someone else did."""
        ...

    def renew(self, run_id: str, fence: int, lease_until: datetime) -> bool:
        """Extend the lease; false when the fence is old."""
        ...

    def lose(self, run_id: str, fence: int) -> bool:
        """Drop the lease, count a loss and raise the fence by one; false when the fence is old or nothing is held.

        From then on the one who held it can write nothing, even before somebody else claims the run.
        """
        ...

    def finish(
        self, run_id: str, fence: int, verdict: Verdict | None, fault: Fault | None, at: datetime
    ) -> bool:
        """Store how the run ended and drop the lease; false when the fence is old."""
        ...

    def request_cancel(self, run_id: str) -> None:
        """Ask whoever holds the run to stop."""
        ...

    def save_stage(self, record: StageRecord) -> bool:
        """Insert or replace a stage record; false when the fence is old."""
        ...

    def stages(self, run_id: str) -> tuple[StageRecord, ...]:
        """The records that hold, as `domain.run.current_stages` says, in order of start."""
        ...

    def add_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Publish artifacts."""
        ...

    def artifacts_of(self, run_ids: Sequence[str], kind: ArtifactKind) -> dict[str, Artifact]:
        """The newest published artifact of a kind of each of some runs that has one, by run."""
        ...

    def artifacts(self, run_id: str) -> tuple[Artifact, ...]:
        """Published artifacts of the run."""
        ...

    def count_faults(self, since: datetime) -> dict[Fault | None, int]:
        """How many runs that ended since then were whose fault; None are those that nobody failed."""
        ...

    def artifact_digests(self) -> frozenset[str]:
        """Digests of all artifacts of all runs."""
        ...


class Grades(Protocol):
    """Grades at rest: one published per run and grader."""

    def publish(self, run_id: str, grades: Sequence[Grade]) -> None:
        """Replace the run's published grades, and the scorecard that lists show of them."""
        ...

    def save_scorecard(self, card: Scorecard) -> None:
        """Replace the scorecard of a run that has grades, because people changed something about them."""
        ...

    def scorecards(self, run_ids: Sequence[str]) -> dict[str, Scorecard]:
        """The scorecards of those of some runs that are graded, by run."""
        ...

    def of_run(self, run_id: str) -> tuple[Grade, ...]:
        """The run's published grades, by grader name."""
        ...


class Challenges(Protocol):
    """Published challenge versions."""

    def add(self, version: ChallengeVersion) -> None:
        """Insert.

        Raises:
            ConflictError: Same id, or same slug and number.
        """
        ...

    def get(self, version_id: str) -> ChallengeVersion:
        """Return it.

        Raises:
            NotFoundError: No such version.
        """
        ...

    def latest(self, slug: str, at: datetime | None = None) -> ChallengeVersion:
        """The newest version of a challenge, or the newest that was open at a time.

        Raises:
            NotFoundError: Nothing of that name is published.
        """
        ...

    def by_digest(self, digest: str) -> ChallengeVersion | None:
        """The version with exactly this content."""
        ...

    def all(self) -> tuple[ChallengeVersion, ...]:
        """Newest first."""
        ...


class Reviews(Protocol):
    """People's reviews and their marks. Nothing of a review changes once it is signed."""

    def add(self, review: Review) -> None:
        """Insert.

        Raises:
            ConflictError: Same submission and seat, or same submission and reviewer.
        """
        ...

    def save_mark(self, mark: Mark) -> bool:
        """Insert or replace the mark of an item; false when the review is signed, or there is none."""
        ...

    def sign(self, review_id: str, comment: str, at: datetime) -> bool:
        """Make it final; false when it was already, or there is none."""
        ...

    def of(self, submission_ids: Sequence[str]) -> tuple[Review, ...]:
        """All reviews of some submissions, by submission and seat."""
        ...

    def marks(self, review_ids: Sequence[str]) -> tuple[Mark, ...]:
        """All marks of some reviews, by review and item."""
        ...


class Overrides(Protocol):
    """What people changed about findings; nothing is ever deleted."""

    def add(self, override: Override) -> None:
        """Insert."""
        ...

    def withdraw(self, override_id: str, at: datetime) -> bool:
        """Make it hold no longer; false when it did not, or there is none."""
        ...

    def of_run(self, run_id: str) -> tuple[Override, ...]:
        """All of a run, oldest first, withdrawn ones as well."""
        ...


class Shares(Protocol):
    """Links under which reports are read without an account."""

    def add(self, share: Share) -> None:
        """Insert."""
        ...

    def by_token(self, token_digest: str) -> Share | None:
        """The share whose link has this token digest."""
        ...

    def of_submission(self, submission_id: str) -> tuple[Share, ...]:
        """All of a submission, oldest first."""
        ...

    def revoke(self, share_id: str, at: datetime) -> bool:
        """End it; false when it was ended already, or there is none."""
        ...


class Disputes(Protocol):
    """What candidates hold against findings; nothing is ever deleted but with its candidate."""

    def add(self, dispute: Dispute) -> None:
        """Insert.

        Raises:
            ConflictError: The check was disputed before.
        """
        ...

    def answer(self, dispute: Dispute) -> bool:
        """Replace one that is open; false when there is none, or it was answered."""
        ...

    def of_submission(self, submission_id: str) -> tuple[Dispute, ...]:
        """All of a submission, oldest first."""
        ...

    def in_state(self, state: DisputeState, limit: int = 200) -> tuple[Dispute, ...]:
        """At most `limit` in a state, oldest first."""
        ...


class AuditLog(Protocol):
    """Append-only record of who did what."""

    def add(self, entry: AuditEntry) -> None:
        """Append."""
        ...

    def about(self, subject: str) -> tuple[AuditEntry, ...]:
        """Entries on one thing, oldest first."""
        ...

    def newest(self, wanted: AuditFilter, limit: int, before: int | None = None) -> tuple[AuditLine, ...]:
        """Newest first, at most `limit`; with `before` those with a lower number."""
        ...


class UnitOfWork(AbstractContextManager["UnitOfWork"], Protocol):
    """One transaction. Leaving the context without `commit` rolls back.

    `hint` is kept until after the commit, and a queue that is down then is no error: the reconciler finds
    the run. So nothing is ever enqueued that is not stored.
    """

    submissions: Submissions
    runs: Runs
    grades: Grades
    challenges: Challenges
    people: People
    reviews: Reviews
    overrides: Overrides
    shares: Shares
    disputes: Disputes
    webhooks: Webhooks
    answers: KeptAnswers
    audit: AuditLog

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def commit(self) -> None:
        """Make it durable, then send the hints."""
        ...

    def hint(self, kind: str, run_id: str, fence: int) -> None:
        """Enqueue after commit."""
        ...


UnitOfWorkFactory = Callable[[], UnitOfWork]
