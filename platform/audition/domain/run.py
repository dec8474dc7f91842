"""A run: one numbered try to collect evidence, its stages, its verdict and whose fault a failure is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from audition.domain.execution import Exit, Usage


class Verdict(StrEnum):
    """What happened when a submission ran. Only INTERNAL_ERROR is the platform's."""

    ACCEPTED = "accepted"
    BUILD_FAILED = "build_failed"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    NONZERO_EXIT = "nonzero_exit"
    SIGNALLED = "signalled"
    UNHEALTHY = "unhealthy"
    INVALID_OUTPUT = "invalid_output"
    INTERNAL_ERROR = "internal_error"


class Fault(StrEnum):
    """Who owns a fault. Only a candidate's fault may cost the candidate anything."""

    CANDIDATE = "candidate"
    CHALLENGE = "challenge"
    PLATFORM = "platform"


class Stage(StrEnum):
    """The stages of a run, in the order in which they may occur."""

    UNPACK = "unpack"
    STATIC = "static"
    """Linters over the files; runs beside what comes next."""
    BUILD = "build"
    PREDICT = "predict"
    REPEAT = "repeat"
    """Predict once more, with rows among the hidden ones that only we can tell apart; it never decides a verdict."""
    EXERCISE = "exercise"
    """The candidate's own commands: gate, retraining, data check, training, tests."""
    SERVE = "serve"
    DRIFT = "drift"
    """Traffic that drifts and traffic that does not, to a service whose metrics are watched."""
    SCORE = "score"
    JUDGE = "judge"


class StageStatus(StrEnum):
    """How far a stage got."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One numbered try. Every write after the claim carries the fence; an old fence changes nothing."""

    id: str
    submission_id: str
    number: int
    fence: int
    """Raised by one at every claim."""
    worker: str | None
    lease_until: datetime | None
    losses: int
    """How many workers lost this run; too many and it is parked for a person."""
    verdict: Verdict | None
    fault: Fault | None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    is_cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """One stage of one run under one fence."""

    run_id: str
    fence: int
    stage: Stage
    status: StageStatus
    message: str
    """For the candidate: what happened and what to do; empty when it simply passed."""
    started_at: datetime
    finished_at: datetime | None = None
    usage: Usage | None = None
    image_id: str = ""
    runtime: str = ""


#: An exit code of 128 + n says "ended by signal n", n in 1..64. Source: POSIX shell convention, Linux signal(7).
_SIGNAL_BASE = 128
_SIGNALS = 64


def current_stages(records: Iterable[StageRecord]) -> tuple[StageRecord, ...]:
    """Of all records of a run the ones that hold, in the order in which the stages started.

    For each stage the newest fence counts, so that grading again leaves the record of the prediction in place.
    A stage that an older fence left running was never ended by anybody: it does not count.
    """
    every = list(records)
    newest = max((record.fence for record in every), default=0)
    holding: dict[Stage, StageRecord] = {}
    for record in sorted(every, key=lambda r: r.fence):
        if record.fence == newest or record.status != StageStatus.RUNNING:
            holding[record.stage] = record
    order = list(Stage)
    return tuple(sorted(holding.values(), key=lambda r: (r.started_at, order.index(r.stage))))


def judge_exit(exit_: Exit) -> Verdict:
    """Turn the recorded facts of a candidate container into a verdict.

    Order matters: a process that is killed for memory also has a signal for an exit code, and one that we end
    at its deadline too, so the cause that we know comes before the code that it left. A full /out is a cause only of
    a failure: whoever fills it and ends well has lost nothing.
    """
    is_signal = _SIGNAL_BASE < exit_.exit_code <= _SIGNAL_BASE + _SIGNALS
    causes = (
        (exit_.is_out_of_memory, Verdict.MEMORY_LIMIT),
        (exit_.is_past_deadline, Verdict.TIME_LIMIT),
        (exit_.is_flooding, Verdict.OUTPUT_LIMIT),
        (exit_.exit_code == 0, Verdict.ACCEPTED),
        (exit_.is_output_full, Verdict.OUTPUT_LIMIT),
        (is_signal, Verdict.SIGNALLED),
    )
    return next((verdict for is_so, verdict in causes if is_so), Verdict.NONZERO_EXIT)
