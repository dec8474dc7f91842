"""List what reviewers have before them: first what waits for a person, then the newest of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from audition.domain.challenge import ChallengeVersion
from audition.domain.grade import total_score
from audition.domain.people import Principal, Role
from audition.domain.review import Panel, PanelState
from audition.domain.run import Run
from audition.domain.scorecard import Scorecard
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import assessed_submission, require_role
from audition.services.gather_panels import gather_panels
from audition.services.mark_submission import MARKABLE_STATES

#: In these a person has to do something; however many newer ones there are, they stay in the list.
_WAITING = (State.GRADED, State.ERRORED)


class MyPart(StrEnum):
    """What a reviewer can do for a submission's marks."""

    NONE = "none"
    WANTED = "wanted"
    """There is a seat for them."""
    BEGUN = "begun"
    SIGNED = "signed"


class Todo(StrEnum):
    """What a submission waits for that the asker can do."""

    MEND = "mend"
    """It failed through a fault of ours: read why, then run or grade it again."""
    MARK = "mark"
    GO_ON = "go_on"
    """Their review is begun and not signed."""
    RELEASE = "release"
    """Read the report and let the candidate see it."""


_OF_PART = {MyPart.WANTED: Todo.MARK, MyPart.BEGUN: Todo.GO_ON}
_OF_STATE = {State.ERRORED: Todo.MEND, State.GRADED: Todo.RELEASE}


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """One line of the reviewer's list."""

    submission: Submission
    alias: str
    challenge_title: str
    verdict: str
    score: float | None
    finished_at: datetime | None
    panel: PanelState | None
    """Where the people's part is; None where there is nothing to mark."""
    my_part: MyPart
    version: int
    is_reference: bool
    """Ours, run to have something to measure by: nobody has to read, mark or release it."""

    @property
    def cohort(self) -> tuple[str, str]:
        """Id and name of the challenge version that it belongs to."""
        return self.submission.challenge_version_id, f"{self.challenge_title}, version {self.version}"

    @property
    def todo(self) -> tuple[Todo, ...]:
        """What the asker can do about it, the most pressing first; empty when nothing waits for them."""
        steps = {_OF_PART.get(self.my_part), _OF_STATE.get(self.submission.state)}
        if self.is_reference:
            steps &= {Todo.MEND}
        return tuple(todo for todo in Todo if todo in steps)


def inbox(ports: Ports, principal: Principal, limit: int = 200) -> tuple[InboxRow, ...]:
    """What waits for the asker, oldest first, then the others, newest first; for reviewers.

    Args:
        ports: Where it is stored.
        principal: The reviewer.
        limit: At most so many of what waits, and so many of the newest.

    Raises:
        DeniedError: The asker is no reviewer.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        waiting = (s for s in uow.submissions.in_states(_WAITING, limit) if not s.is_practice)
        found = {s.id: s for s in (*uow.submissions.recent(limit), *waiting)}
        rows = _rows(uow, principal, tuple(found.values()))
    newest = sorted(rows, key=_age, reverse=True)
    return (*(row for row in reversed(newest) if row.todo), *(row for row in newest if not row.todo))


def newest_rows(
    ports: Ports, principal: Principal, limit: int, after: str | None = None
) -> tuple[InboxRow, ...]:
    """Everybody's submissions, newest first, whatever they wait for.

    Args:
        ports: Where they are stored.
        principal: A reviewer.
        limit: At most so many.
        after: Id of the last one that the asker has; those that come behind it, older ones, are given.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: There is no submission `after`, not any more.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        before = None if after is None else assessed_submission(uow, after)
        return tuple(_rows(uow, principal, uow.submissions.recent(limit, before)))


def _age(row: InboxRow) -> tuple[datetime, int, str]:
    return row.submission.created_at, row.submission.attempt_number, row.submission.id


def _rows(uow: UnitOfWork, principal: Principal, submissions: Sequence[Submission]) -> list[InboxRow]:
    """One row for each; as many queries for two hundred as for two."""
    panels = gather_panels(uow, submissions)
    versions = {i: uow.challenges.get(i) for i in {s.challenge_version_id for s in submissions}}
    runs = uow.runs.latest_of([submission.id for submission in submissions])
    cards = uow.grades.scorecards([run.id for run in runs.values()])
    aliases = uow.people.aliases([submission.invitation_id for submission in submissions])
    return [
        _row(
            submission,
            aliases[submission.invitation_id],
            versions[submission.challenge_version_id],
            runs[submission.id],
            cards.get(runs[submission.id].id),
            panels[submission.id],
            principal,
        )
        for submission in submissions
    ]


def _row(  # noqa: PLR0913  a line is made of all of these
    submission: Submission,
    alias: str,
    version: ChallengeVersion,
    run: Run,
    card: Scorecard | None,
    panel: Panel,
    principal: Principal,
) -> InboxRow:
    return InboxRow(
        submission=submission,
        alias=alias,
        challenge_title=version.manifest.title,
        verdict=run.verdict or "",
        score=total_score(card.dimensions if card else {}, version.manifest.weights),
        finished_at=run.finished_at,
        panel=panel.state if panel.rubric else None,
        my_part=_my_part(principal, submission, panel),
        version=version.number,
        is_reference=version.reference is not None and version.reference.digest == submission.archive_digest,
    )


def _my_part(principal: Principal, submission: Submission, panel: Panel) -> MyPart:
    mine = next((r for r in panel.reviews if r.reviewer_id == principal.subject_id), None)
    if mine:
        return MyPart.SIGNED if mine.signed_at else MyPart.BEGUN
    is_wanted = panel.rubric and panel.open_seat and submission.state in MARKABLE_STATES
    return MyPart.WANTED if is_wanted else MyPart.NONE
