"""Where the time of one submission goes, from what the database has about it."""

from datetime import datetime

from audition.domain.run import Stage, StageRecord
from tests.stack import Stack


def steps(stack: Stack, submission_id: str) -> dict[str, float]:
    """Seconds of each step, in order; together they are the time from "received" to "graded"."""
    with stack.ports.unit_of_work() as uow:
        submission = uow.submissions.get(submission_id)
        stages = {s.stage: s for s in uow.runs.stages(uow.runs.latest(submission_id).id)}
        at = {entry.action: entry.at for entry in uow.audit.about(submission_id)}
    unpack, predict = stages[Stage.UNPACK], stages[Stage.PREDICT]
    graders = [stages[Stage.SCORE], stages[Stage.JUDGE]]
    inside = predict.usage.wall_seconds if predict.usage else 0.0
    taken, graded = at["queued->running"], at["grading->graded"]
    graders_done = max(_end(s) for s in graders)
    return {
        "stored, hinted, taken by a worker": _between(submission.created_at, taken),
        "first stage begins": _between(taken, unpack.started_at),
        "unpack": _between(unpack.started_at, _end(unpack)),
        "predict: the candidate's command": inside,
        "predict: telling it to begin, seeing its end": _between(predict.started_at, _end(predict)) - inside,
        "collect outputs, publish evidence": _between(_end(predict), at["running->grading"]),
        "score and judge, side by side": _between(at["running->grading"], graders_done),
        "publish the grades": _between(graders_done, graded),
    }


def _end(record: StageRecord) -> datetime:
    return record.finished_at or record.started_at


def _between(first: datetime, then: datetime) -> float:
    return (then - first).total_seconds()
