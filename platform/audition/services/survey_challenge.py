"""Survey a challenge version for its author: who came how far, how long it took, and what each check tells apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from audition.domain.challenge_stats import ChallengeStats, Item, Times, correlation, times_of
from audition.domain.cohort import Attempt, Cohort, Funnel, wilson
from audition.domain.grade import JUDGED_OUTCOMES, Outcome
from audition.domain.scorecard import Scorecard
from audition.ports import Ports
from audition.services.survey_cohort import cohort_of

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """One check in one attempt."""

    is_passed: bool
    score: float


def survey_challenge(ports: Ports, version_id: str) -> ChallengeStats:
    """Counts and quartiles only: no candidate's name, alias or submission.

    Raises:
        NotFoundError: No such version.
    """
    cohort = cohort_of(ports, version_id)
    with ports.unit_of_work() as uow:
        declared = uow.challenges.get(version_id).manifest.declared_hours
        started = {i.id: i.started_at for i in uow.people.invitations_to(version_id) if i.started_at}
        runs = {run.submission_id: run.id for run in uow.runs.of_version(version_id)}
        best = {runs[attempt.submission_id]: attempt for attempt in cohort.best}
        cards = uow.grades.scorecards(list(best))
    made = _by_invitation(cohort.attempts)
    return ChallengeStats(
        version_id=cohort.version_id,
        title=cohort.title,
        number=cohort.number,
        declared_hours=declared,
        funnel=cohort.funnel,
        completion=_completion(cohort.funnel),
        bins=cohort.bins,
        median=cohort.median,
        to_first=_times(started, {key: found[0].created_at for key, found in made.items()}),
        to_last=_times(started, {key: found[-1].created_at for key, found in made.items()}),
        attempts=fmean(map(len, made.values())) if made else None,
        items=_items(cohort, best, cards),
    )


def _by_invitation(attempts: Iterable[Attempt]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in sorted(attempts, key=lambda one: one.created_at):
        found[attempt.invitation_id].append(attempt)
    return found


def _completion(funnel: Funnel) -> tuple[float, float, float] | None:
    if not funnel.started:
        return None
    # Whoever was assessed has started, but a withdrawn start is not counted.
    done = min(funnel.assessed, funnel.started)
    return (done / funnel.started, *wilson(done, funnel.started))


def _times(started: Mapping[str, datetime], ended: Mapping[str, datetime]) -> Times | None:
    hours = [(ended[key] - begun).total_seconds() / _HOUR for key, begun in started.items() if key in ended]
    return times_of([hour for hour in hours if hour >= 0])


def _items(cohort: Cohort, best: Mapping[str, Attempt], cards: Mapping[str, Scorecard]) -> tuple[Item, ...]:
    seen: dict[str, list[_Seen]] = defaultdict(list)
    for run_id, card in cards.items():
        score = best[run_id].score
        for check, outcome in card.outcomes.items():
            if outcome in JUDGED_OUTCOMES and score is not None:
                seen[check].append(_Seen(outcome == Outcome.PASSED, score))
    return tuple(Item(rate=rate, discrimination=_tells(seen[rate.check])) for rate in cohort.checks)


def _tells(seen: Sequence[_Seen]) -> float | None:
    return correlation([one.is_passed for one in seen], [one.score for one in seen])
