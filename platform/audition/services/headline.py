"""Write the one sentence that a reader who stops there should take away."""

from audition.domain.grade import Dimension, Metric
from audition.domain.run import Fault, Run, Stage, StageRecord, StageStatus, Verdict
from audition.domain.submission import State, Submission
from audition.domain.summary import Gauge

#: Lighthouse's bands (0-49, 50-89, 90-100), the ones reviewers know. Source: its scoring documentation.
_BANDS = ((0.9, "strong"), (0.5, "fair"), (0.0, "weak"))
_WORDS = {
    Dimension.MODEL_QUALITY: "the model",
    Dimension.DEPLOYMENT: "the container",
    Dimension.SERVING: "the service",
    Dimension.OBSERVABILITY: "the monitoring",
    Dimension.DRIFT: "the drift detection",
    Dimension.PIPELINE: "the pipeline",
    Dimension.KUBERNETES: "the Kubernetes part",
    Dimension.LINEAGE: "the lineage",
    Dimension.CONSISTENCY: "the consistency",
}
#: Stages whose failure is a verdict, the one that matters most first. What others cost is in the score.
_DECIDING = (Stage.PREDICT, Stage.SCORE, Stage.BUILD, Stage.SERVE)
_MOST_NAMED = 2
"""Gauges that a sentence can hold; of more, the first and the lowest are named."""


def band(score: float | None) -> str:
    """The word for a score in [0, 1]; "not computed" for None."""
    if score is None:
        return "not computed"
    return next(word for floor, word in _BANDS if score >= floor)


def headline(  # noqa: PLR0913  it sums up all of these
    submission: Submission,
    run: Run,
    stages: tuple[StageRecord, ...],
    gauges: tuple[Gauge, ...],
    metrics: tuple[Metric, ...],
    score: float | None,
) -> str:
    """What works, what is missing, and how sure we are, in plain words."""
    if submission.state == State.REJECTED:
        return f"The upload was refused and no attempt was used: {submission.state_reason}"
    if submission.state == State.ERRORED:
        owner = "the challenge" if run.fault == Fault.CHALLENGE else "our platform"
        return f"This could not be assessed through a fault of {owner}; no attempt was used."
    if score is None:
        return f"There is no score yet: the submission is {submission.state}."
    failed = _stopped_at(run, stages)
    parts = _parts(gauges)
    start = f"Stopped at {failed.stage}: {failed.message} Otherwise, " if failed else ""
    sentence = f"{start}{' and '.join(parts)}."
    sentence = sentence[0].upper() + sentence[1:]
    if metrics and not failed:
        m = metrics[0]
        sentence += (
            f" On data it had never seen, its {m.name.replace('_', ' ').upper()} is {m.value:.3f}"
            f" ({m.confidence:.0%} interval {m.low:.3f} to {m.high:.3f})."
        )
    return sentence


def _stopped_at(run: Run, stages: tuple[StageRecord, ...]) -> StageRecord | None:
    """The stage that the verdict speaks of; None for a run that went to its end, whatever failed beside."""
    if run.verdict in {None, Verdict.ACCEPTED}:
        return None
    failed = {record.stage: record for record in stages if record.status == StageStatus.FAILED}
    return next((failed[stage] for stage in _DECIDING if stage in failed), None)


def _parts(gauges: tuple[Gauge, ...]) -> list[str]:
    """What the sentence says of the gauges: all when they are few, else the first and the lowest of the others."""
    if len(gauges) <= _MOST_NAMED:
        return [f"{_WORDS[g.dimension]} {_assessment(g)}" for g in gauges]
    first, *others = gauges
    parts = [f"{_WORDS[first.dimension]} {_assessment(first)}"]
    computed = [gauge for gauge in others if gauge.score is not None]
    if computed:
        lowest = min(computed, key=lambda gauge: gauge.score or 0.0)
        parts.append(f"the lowest of the rest, {_WORDS[lowest.dimension]}, {_assessment(lowest)}")
    return parts


def _assessment(gauge: Gauge) -> str:
    if gauge.score is None:
        return "could not be assessed"
    return f"is {band(gauge.score)} ({_percent(gauge, gauge.score)})"


def _percent(gauge: Gauge, score: float) -> str:
    if gauge.low is None or gauge.high is None:
        return f"{100 * score:.0f} of 100"
    return f"{100 * score:.0f} of 100, between {100 * gauge.low:.0f} and {100 * gauge.high:.0f}"
