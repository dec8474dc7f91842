"""Compare a submission with others of the same challenge version, from the traces that graders left.

For reviewers only. What two submissions share may have a good reason: the same course, the same example, one person
with two invitations. So facts are shown, and nobody's points change.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from audition import codec
from audition.domain.evidence import ArtifactKind
from audition.domain.people import Principal, Role
from audition.domain.submission import Submission
from audition.domain.traces import Resemblance, Traces, compare
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import require_role, visible_submission

_MOST_OTHERS = 300
_MOST_SHOWN = 5
#: A resemblance is shown from here on. In pairs of solutions that were written apart the shared part of what is not
#: the starter's stays far below; with fewer prints a share says nothing.
_LEAST_SHARE, _LEAST_PRINTS = 0.25, 12
#: Of 256 last digits half agree by chance, give or take 3 %; a copy with a little noise keeps nearly all.
_LEAST_DIGITS = 0.75
#: Prints that so many of the others have are common ground, e.g. of a framework's first page.
_COMMON_SHARE, _COMMON_LEAST = 0.5, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Another submission that shares something with the one looked at."""

    submission_id: str
    alias: str
    resemblance: Resemblance


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was compared, and what is alike."""

    compared: int
    """Other candidates' submissions with traces."""
    likenesses: tuple[Likeness, ...] = ()
    """The nearest first, at most five."""


def compare_submissions(ports: Ports, principal: Principal, submission_id: str) -> Comparison | None:
    """Compare a submission with the newest ones of other candidates; None when it was not traced.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: There is no such submission.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        own = _traces(ports, uow, [submission]).get(submission.id)
        if own is None:
            return None
        traced = _traces(ports, uow, rivals := _rivals(uow, submission))
        others = [(other, traced[other.id]) for other in rivals if other.id in traced]
        common = _common([traces for _, traces in others])
        found = [(other, compare(_less(own, common), _less(traces, common))) for other, traces in others]
        nearest = sorted((item for item in found if _is_shown(item[1])), key=lambda item: -_weight(item[1]))
        return Comparison(
            compared=len(others),
            likenesses=tuple(
                Likeness(submission_id=other.id, alias=_alias(uow, other), resemblance=resemblance)
                for other, resemblance in nearest[:_MOST_SHOWN]
            ),
        )


def _rivals(uow: UnitOfWork, submission: Submission) -> list[Submission]:
    """The newest submissions of other people to the same version."""
    candidate = uow.people.invitation(submission.invitation_id).candidate_id
    own = {invitation.id for invitation in uow.people.invitations_of(candidate)}
    return [
        other
        for other in uow.submissions.recent(_MOST_OTHERS)
        if other.challenge_version_id == submission.challenge_version_id and other.invitation_id not in own
    ]


def _traces(ports: Ports, uow: UnitOfWork, submissions: Sequence[Submission]) -> dict[str, Traces]:
    """The newest traces of those of some submissions that have any, by submission; two queries for all."""
    runs = uow.runs.latest_of([submission.id for submission in submissions])
    kept = uow.runs.artifacts_of([run.id for run in runs.values()], ArtifactKind.TRACES)
    return {
        run.submission_id: codec.from_json(Traces, ports.blobs.get(kept[run.id].digest), what="traces.json")
        for run in runs.values()
        if run.id in kept
    }


def _common(every: list[Traces]) -> frozenset[int]:
    counts = Counter(value for traces in every for value in traces.prints)
    least = max(_COMMON_LEAST, _COMMON_SHARE * len(every))
    return frozenset(value for value, count in counts.items() if count >= least)


def _less(traces: Traces, common: frozenset[int]) -> Traces:
    return replace(traces, prints=tuple(value for value in traces.prints if value not in common))


def _is_shown(found: Resemblance) -> bool:
    if found.digits is not None and found.digits >= _LEAST_DIGITS:
        return True
    return bool(found.files) or (found.share >= _LEAST_SHARE and found.prints >= _LEAST_PRINTS)


def _weight(found: Resemblance) -> float:
    return found.share + len(found.files) + (found.digits or 0.0)


def _alias(uow: UnitOfWork, submission: Submission) -> str:
    return uow.people.candidate(uow.people.invitation(submission.invitation_id).candidate_id).alias
