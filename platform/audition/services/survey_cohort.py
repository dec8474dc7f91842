"""Survey a cohort: everybody invited to one challenge version, from what is stored of each."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from statistics import median

from audition import codec
from audition.domain.agreement import Agreement, agreement
from audition.domain.challenge import ChallengeVersion
from audition.domain.cohort import Attempt, Cohort, Funnel, check_rates, histogram
from audition.domain.errors import NotFoundError
from audition.domain.grade import Dimension, total_score
from audition.domain.item_analysis import analyse_items, credits_of
from audition.domain.people import Invitation, Principal, Role
from audition.domain.review import FIRST_SEATS, Panel, points_of
from audition.domain.run import Run
from audition.domain.scorecard import Scorecard
from audition.domain.submission import State, Submission
from audition.ports import Ports
from audition.services.authorize import require_role
from audition.services.export_report import Export
from audition.services.gather_panels import gather_panels
from audition.services.write_table import Cell, write_table

_REPORTED = frozenset({State.GRADED, State.RELEASED})
_COLUMNS = ("candidate", "submission", "attempt", "state", "verdict", "submitted_at", "finished_at", "score")


def survey_cohort(ports: Ports, principal: Principal, version_id: str) -> Cohort:
    """One challenge version's candidates, under their aliases.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such version.
    """
    require_role(principal, Role.REVIEWER)
    return cohort_of(ports, version_id)


def cohort_of(ports: Ports, version_id: str) -> Cohort:
    """Likewise, for callers who show it to somebody who may see it.

    Raises:
        NotFoundError: No such version.
    """
    with ports.unit_of_work() as uow:
        version = uow.challenges.get(version_id)
        runs = {run.submission_id: run for run in uow.runs.of_version(version_id)}
        cards = uow.grades.scorecards([run.id for run in runs.values()])
        people = uow.people.candidates_of(version_id)
        # What we handed in ourselves, to have something to measure by, is no candidate.
        aliases = {one.id: one.alias for one in people if one.email != version.reference_address}
        invitations = [i for i in uow.people.invitations_to(version_id) if i.candidate_id in aliases]
        invited = {invitation.id for invitation in invitations}
        submissions = [s for s in uow.submissions.of_version(version_id) if s.invitation_id in invited]
        panels = gather_panels(uow, submissions)
    by_invitation = {invitation.id: aliases[invitation.candidate_id] for invitation in invitations}
    attempts = tuple(
        _attempt(version, s, by_invitation[s.invitation_id], runs.get(s.id), cards, panels[s.id])
        for s in submissions
    )
    chosen = {invitation.chosen_submission_id for invitation in invitations}
    best = _best(attempts, chosen)
    best_cards = [cards[runs[a.submission_id].id] for a in best if runs[a.submission_id].id in cards]
    scores = [attempt.score for attempt in best if attempt.score is not None]
    return Cohort(
        version_id=version.id,
        title=version.manifest.title,
        number=version.number,
        funnel=_funnel(invitations, attempts),
        best=best,
        attempts=attempts,
        bins=histogram(scores),
        median=median(scores) if scores else None,
        dimensions=_medians(best),
        checks=check_rates(best_cards),
        items={found.item: found for found in analyse_items([credits_of(card) for card in best_cards])},
        marked=analyse_items([_marks(panels[a.submission_id]) for a in best if a.people is not None]),
        agreements=_agreements(version, panels.values()),
    )


def export_cohort(cohort: Cohort) -> bytes:
    """All attempts as CSV: scores of 100, empty where not computed."""
    header = (*_COLUMNS, *(dimension.value for dimension in Dimension), "marks_by_people")
    return write_table(header, (_row(attempt) for attempt in cohort.attempts))


def cohort_as_file(cohort: Cohort, name: str) -> Export:
    """A cohort for other programs.

    Raises:
        NotFoundError: It is neither cohort.csv nor cohort.json.
    """
    if name == "cohort.csv":
        return Export(name=name, media_type="text/csv; charset=utf-8", data=export_cohort(cohort))
    if name == "cohort.json":
        return Export(name=name, media_type="application/json", data=codec.to_json(cohort))
    msg = f"There is no export {name[:60]!r}."
    raise NotFoundError(msg, code="no-such-export", next_step="Ask for cohort.csv or cohort.json.")


def _row(attempt: Attempt) -> tuple[Cell, ...]:
    return (
        attempt.alias,
        attempt.submission_id,
        attempt.number,
        attempt.state.value,
        attempt.verdict.value if attempt.verdict else None,
        attempt.created_at.isoformat(),
        attempt.finished_at.isoformat() if attempt.finished_at else None,
        _of_100(attempt.score),
        *(_of_100(attempt.dimensions.get(dimension)) for dimension in Dimension),
        _of_100(attempt.people),
    )


def _of_100(score: float | None) -> float | None:
    return None if score is None else round(100 * score, 2)


def _attempt(  # noqa: PLR0913  a line is made of all of these
    version: ChallengeVersion,
    submission: Submission,
    alias: str,
    run: Run | None,
    cards: Mapping[str, Scorecard],
    panel: Panel,
) -> Attempt:
    card = cards.get(run.id) if run and submission.state in _REPORTED else None
    dimensions = card.dimensions if card else {}
    return Attempt(
        submission_id=submission.id,
        alias=alias,
        invitation_id=submission.invitation_id,
        number=submission.attempt_number,
        state=submission.state,
        verdict=run.verdict if run else None,
        score=total_score(dimensions, version.manifest.weights),
        dimensions=dimensions,
        people=panel.share,
        created_at=submission.created_at,
        finished_at=run.finished_at if run else None,
    )


def _best(attempts: Iterable[Attempt], chosen: AbstractSet[str | None]) -> tuple[Attempt, ...]:
    """Each candidate's attempt that counts: their choice, else the highest score, the later one of equals."""
    best: dict[str, Attempt] = {}
    for attempt in attempts:
        if attempt.score is None:
            continue
        known = best.get(attempt.invitation_id)
        if known is None or _rank(known, chosen) <= _rank(attempt, chosen):
            best[attempt.invitation_id] = attempt
    return tuple(sorted(best.values(), key=lambda a: (-(a.score or 0.0), a.alias)))


def _rank(attempt: Attempt, chosen: AbstractSet[str | None]) -> tuple[bool, float]:
    return attempt.submission_id in chosen, attempt.score or 0.0


def _funnel(invitations: Sequence[Invitation], attempts: Sequence[Attempt]) -> Funnel:
    def with_attempt(states: frozenset[State]) -> int:
        return len({attempt.invitation_id for attempt in attempts if attempt.state in states})

    return Funnel(
        invited=len(invitations),
        started=sum(invitation.started_at is not None for invitation in invitations),
        submitted=with_attempt(frozenset(State)),
        assessed=with_attempt(_REPORTED),
        released=with_attempt(frozenset({State.RELEASED})),
    )


def _medians(best: Sequence[Attempt]) -> dict[Dimension, float]:
    found: dict[Dimension, float] = {}
    for dimension in Dimension:
        scores = [s for a in best if (s := a.dimensions.get(dimension)) is not None]
        if scores:
            found[dimension] = median(scores)
    return found


def _marks(panel: Panel) -> dict[str, float]:
    """What a complete panel gave for each item, as share of its points."""
    given = {item.id: (panel.points(item), item.most) for item in panel.rubric}
    return {name: points / most for name, (points, most) in given.items() if points is not None and most}


def _agreements(version: ChallengeVersion, panels: Iterable[Panel]) -> tuple[Agreement, ...]:
    """Of the first two reviewers; the third was asked because they disagree, and would spoil it."""
    pairs: dict[str, list[tuple[int, int]]] = {item.id: [] for item in version.rubric}
    for panel in panels:
        first = [review for review in panel.signed if review.seat <= FIRST_SEATS]
        if len(first) < FIRST_SEATS:
            continue
        for item in version.rubric:
            marks = (panel.mark(review, item) for review in first)
            levels = [
                m.level for m in marks if m and m.level is not None and points_of(item, m.level) is not None
            ]
            if len(levels) == FIRST_SEATS:
                pairs[item.id].append((levels[0], levels[1]))
    return tuple(agreement(item.id, pairs[item.id], len(item.levels)) for item in version.rubric)
