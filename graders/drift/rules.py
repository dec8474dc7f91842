"""The drift checks, each a function of the study. Sentences for candidates never name the hidden drift."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from audition.domain.grade import Evidence
from audition.grading import Result, failed, not_applicable, partial, passed
from graders.drift.alarms import STANDING_SHARE
from graders.drift.contrast import FULL_P, p_credit
from graders.drift.series import Tier
from graders.drift.study import Study

_NEVER = (
    "Nothing is declared that could call somebody: no signal has a threshold and no alert rule was evaluated."
)
_TIER_WORDS = {
    Tier.DECLARED: "declared as a signal",
    Tier.NAMED: "not declared, though its name or help text speaks of drift",
    Tier.DISTRIBUTION: "not declared, but about predictions or features",
    Tier.OTHER: "not declared, and not about data at all",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A check on the study with what is known about it before it runs."""

    id: str
    title: str
    points: float
    why: str
    fix: str
    judge: Callable[[Study], Result]


def graded(share: float, sentence: str) -> Result:
    """Passed, partial or failed, by the share earned."""
    if share >= 1 - 1e-9:
        return passed(sentence)
    return partial(share, sentence) if share > 0 else failed(sentence)


def valid(study: Study) -> Result:
    """Whether the runs can be judged; informs, and guards the others."""
    done, lost = len(study.evidence.runs), study.evidence.invalid
    if not lost:
        return passed(f"All {done} runs of traffic could be used.")
    reasons = [Evidence(summary=f"run {run.number}: {' '.join(run.reasons)}"[:400]) for run in lost]
    ending = "" if study.is_conclusive() else " Too few are left to tell drift from chance."
    return failed(
        f"{len(lost)} of {done + len(lost)} runs could not be used, even repeated.{ending}", *reasons
    )


def responds(study: Study) -> Result:
    """F1: tier factor x (1 if p <= 0.03, linear to 0 at p = 0.2)."""
    best = study.best()
    if best is None:
        return failed("The service exposes nothing that could move with the data.")
    looked, number = best
    p_value, credit = float(looked.p_value[number]), looked.credit(number)
    candidate = looked.candidates[number]
    runs = f"{int(looked.is_drift.sum())} runs that drift from {int((~looked.is_drift).sum())} that do not"
    note = (
        f"{candidate.words()}: tier {candidate.tier.value}, statistic {looked.statistic[number]:.1f},"
        f" p = {p_value:.3f} over {len(looked.candidates)} series by exact permutation."
    )
    if credit == 0:
        sentence = f"No signal tells {runs}: the best has p = {p_value:.2f}, which chance alone would do."
        return replace(failed(sentence), note=note)
    strength = "" if p_value <= FULL_P else ", though not beyond doubt"
    sentence = (
        f"{candidate.words()} ({_TIER_WORDS[candidate.tier]}) tells {runs} (p = {p_value:.3f}){strength}."
        + ("" if looked is study.declared or not study.evidence.signals else " What is declared does not.")
    )
    return replace(graded(credit, sentence), note=note)


def detects(study: Study) -> Result:
    """F2: 1 - missed detection rate over the kinds of drift that every monitor should see."""
    if not study.can_alarm:
        return failed(_NEVER)
    seen = study.seen
    if not seen.runs:
        return not_applicable("No run that drifts could be used.")
    missed = sum(notice.delay is None for notice in seen.runs)
    low, high = seen.interval
    sentence = (
        f"The alarm missed {missed} of {len(seen.runs)} runs that drift; with so few runs the true share may be"
        f" {low:.0%} to {high:.0%}."
    )
    if standing := sum(alarms.is_standing() for alarms in study.alarms):
        sentence += f" In {standing} run(s) it was on before anything drifted, which notices nothing."
    kinds = ", ".join(f"{kind.value} {share:.0%}" for kind, share in seen.by_kind().items())
    bonus = ", ".join(
        f"{n.kind.value} {'seen' if n.delay is not None else 'not seen'}" for n in study.bonus.runs
    )
    note = f"Missed by kind: {kinds}." + (f" Beyond what is asked: {bonus}." if bonus else "")
    return replace(graded(1 - seen.missed_share, sentence), note=note)


def prompt(study: Study) -> Result:
    """F3: mean of 1 - delay / budget, missed = 0, times F4: an alarm that is always on has no delay."""
    if not study.can_alarm:
        return failed(_NEVER)
    seen = study.seen
    if not seen.runs:
        return not_applicable("No run that drifts could be used.")
    if seen.mean_delay is None:
        return failed("The alarm noticed no drift, so it has no delay.")
    lasted = max(notice.budget for notice in seen.runs)
    sentence = (
        f"The alarm came {seen.mean_delay:,.0f} requests after the drift began, on average; the drift lasted"
        f" {lasted:,.0f}."
    )
    ratio = study.mean_time_ratio
    note = f"Mean time ratio (MTFA / MTD x (1 - MDR)): {ratio:.1f}." if ratio is not None else ""
    return replace(graded(seen.promptness * study.false.score, sentence), note=note)


def quiet(study: Study) -> Result:
    """F4: exp(-2 x onsets per 1,000) x (1 - alarm share)."""
    if not study.can_alarm:
        return failed(_NEVER)
    false = study.false
    if study.seen.runs and study.seen.mean_delay is None and not false.onsets and not false.share:
        return not_applicable("The alarm never rang, with drift or without: that it was quiet says nothing.")
    sentence = (
        f"In {false.requests:,} requests without drift the alarm went on {false.onsets} time(s) and was on for"
        f" {false.share:.0%} of the time"
    )
    if false.share < STANDING_SHARE:
        apart = f"{round(false.requests_between, -2):,.0f} requests apart"
        sentence += f"; false alarms are at least {apart} (95 % confidence)"
    return graded(false.score, f"{sentence}.")


def attributes(study: Study) -> Result:
    """F5: 1 when the column that drifted has the largest effect, 0.5 when the second."""
    found, truth = study.attribution(), study.drifted_column()
    score = found.score(truth) if truth else None
    if score is None:
        return not_applicable("No signal names columns: a global score is not asked which one drifted.")
    words = {1.0: "first", 0.5: "second"}
    sentence = (
        f"Of the columns that signals name, the one that drifted came {words[score]}."
        if score in words
        else "The signals of the column that drifted did not stand out from those of others."
    )
    note = f"Drifted: {truth}. Ranked: {', '.join(found.ranked[:3])} (p = {found.p_value:.3f})."
    return replace(graded(score, sentence), note=note)


def recovers(study: Study) -> Result:
    """F6: half for clearing within three windows, half for growing with the dose; what no run shows is left out.

    It is worth as much as it is certain that the signal moved at all, so that chance earns nothing here.
    """
    shape, best = study.shape(), study.best()
    if shape is None or best is None:
        return failed("No signal moved with drift, so none can clear after it.")
    certainty = p_credit(float(best[0].p_value[best[1]]))
    if shape.score is None:
        return not_applicable("No run went on after the drift, and none had another dose.")
    parts = []
    if shape.cleared is not None:
        parts.append(f"it cleared within three windows after {shape.cleared:.0%} of the drifts that ended")
    if shape.ordered is not None:
        parts.append(f"it grew, or came earlier, at {shape.ordered:.0%} of the steps to a larger drift")
    return graded(shape.score * certainty, f"Of the signal: {' and '.join(parts)}.")


#: Points are the 18 that the design's table gives to drift; one more is for what files say, see loop.py.
RULES = (
    Rule(
        id="drift.runs.valid",
        title="The runs of traffic could be used",
        points=0,
        why="Numbers from a service that failed, started anew or answers from several registries prove nothing.",
        fix="Share one metrics registry among worker processes, and stay up under 30 % of your own capacity.",
        judge=valid,
    ),
    Rule(
        id="drift.signal.responds",
        title="A signal moves when data drift, and not otherwise",
        points=5,
        why="A gauge that rises with traffic looks like drift monitoring until somebody needs it.",
        fix="Expose a statistic of the last rows against the training data, e.g. PSI by feature, and declare it.",
        judge=responds,
    ),
    Rule(
        id="drift.alarm.detects",
        title="The alarm notices every kind of drift",
        points=3,
        why="A model fails silently: it goes on answering, with numbers that are no longer true.",
        fix="Declare a threshold or an alert rule; watch ranges, missing values and categories besides means.",
        judge=detects,
    ),
    Rule(
        id="drift.alarm.prompt",
        title="The alarm comes early",
        points=3,
        why="Every request until the alarm is a decision made on data that the model does not know.",
        fix="Shorten the window as far as false alarms allow, and how long the rule waits before it fires.",
        judge=prompt,
    ),
    Rule(
        id="drift.alarm.quiet",
        title="The alarm stays silent without drift",
        points=3,
        why="Who is called for nothing three times does not look the fourth time.",
        fix="Choose the threshold for your window: PSI over 50 rows is above 0.2 by chance alone.",
        judge=quiet,
    ),
    Rule(
        id="drift.signal.names-column",
        title="The signal says what drifted",
        points=2,
        why="The first question after an alarm is: which column?",
        fix="Label the signal with the feature's name, and name that label in the contract file.",
        judge=attributes,
    ),
    Rule(
        id="drift.signal.clears",
        title="The signal clears afterwards, and grows with the drift",
        points=2,
        why="An alarm that stays on hides the next drift.",
        fix="Compute it over a window of recent rows, not over everything since the start.",
        judge=recovers,
    ),
)
