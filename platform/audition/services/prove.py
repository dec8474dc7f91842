"""Prove a challenge: samples end as their author expects, twice alike; anchors are true; what cheats gains nothing.

Theory of operation. Everything goes through the real pipeline, in a data folder of its own that is thrown away:
publish, submit, run, grade, and grade once more. Besides the author's samples two are made here: one with the same
prediction for every row, and one with nothing in it. `judge_sample` looks at each by itself, `judge_together` at what
they have to be to each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Protocol

from audition.catalog.advice import REFERENCE, SAMPLE_SUBMISSION
from audition.catalog.archive import pack_files
from audition.catalog.read import ChallengeFolder
from audition.catalog.samples import ATTACK, Bar, Expectation
from audition.domain.challenge import Anchor, Area, ChallengeVersion, MetricSpec
from audition.domain.grade import Dimension, GradeStatus, Metric, Outcome, dimension_scores
from audition.domain.metrics import Direction
from audition.domain.people import Principal, PrincipalKind, Role
from audition.domain.report import Report
from audition.domain.run import Fault, Stage, StageRecord, Verdict
from audition.domain.submission import State
from audition.domain.variant import VariantSpread
from audition.ports import Ports
from audition.services.compose_report import compose_report
from audition.services.execute import execute_run, grade_run
from audition.services.invite import invite
from audition.services.retry import regrade
from audition.services.runner import Runner
from audition.services.sign_in import identify, sign_in_candidate
from audition.services.submit import Upload, submit

CONSTANT = "made/constant"
EMPTY = "made/empty"
#: Share of its limit that an accepted sample may take here: hosts differ, and a busy one is slower.
MOST_OF_LIMIT = 0.8
#: Samples that are simple and learn something, the first that is there.
_SIMPLE = ("accepted/baseline", "accepted/starter")
#: What a copy of the training data may change of the reference's metric. Source: docs/variants.md.
MOST_MOVED = 0.005
#: What a constant may earn above the anchor of that name: chance moves some metrics a little.
_SLACK = 0.05
_PROVER = Principal(
    kind=PrincipalKind.STAFF,
    subject_id="usr_proof",
    name="Proof",
    session_id="ses_proof",
    roles=frozenset({Role.OPERATOR}),
)
_COPY = """\
from pathlib import Path

Path("/out/{name}").write_bytes(Path(__file__).with_name("{sample}").read_bytes())
"""


class Hints(Protocol):
    """The queue of one bench: who takes a hint says when it is done."""

    def take(self) -> tuple[str, str, int] | None:
        """The oldest hint; None when nothing waits."""
        ...

    def done(self, hint: tuple[str, str, int]) -> None:
        """It was worked off."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A worker that works off its own queue and nobody else's."""

    runner: Runner
    hints: Hints

    @property
    def ports(self) -> Ports:
        """Its storage."""
        return self.runner.ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Something that is submitted, and what is expected of it."""

    name: str
    archive: bytes
    expectation: Expectation | None = None
    """None of those that are made here."""
    is_starter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a trial ended."""

    state: State
    reason: str
    verdict: Verdict | None
    fault: Fault | None
    score: float | None
    metric: Metric | None
    """The challenge's own."""
    dimensions: Mapping[Dimension, float | None]
    outcomes: Mapping[str, Outcome]
    stages: tuple[StageRecord, ...]
    is_equal_again: bool
    """Whether grading the same evidence once more gave the same."""
    sentences: Mapping[str, str] = field(default_factory=dict)
    """What each finding says, by check id."""
    notes: tuple[str, ...] = ()
    """What graders that failed say of it, with the author's traceback where it is the challenge's own metric."""


def trials_of(folder: ChallengeFolder, version: ChallengeVersion, ports: Ports) -> tuple[Trial, ...]:
    """The author's samples, and those that are made of the challenge itself."""
    own = tuple(
        Trial(
            name=sample.name,
            archive=sample.pack(),
            expectation=sample.expectation,
            is_starter=sample.folder == folder.starter,
        )
        for sample in folder.samples
    )
    empty = Trial(name=EMPTY, archive=pack_files({"README.md": b"Nothing.\n"}))
    return (*own, *_constant(folder, version, ports), empty)


def _constant(folder: ChallengeFolder, version: ChallengeVersion, ports: Ports) -> Iterator[Trial]:
    file = next((f for f in version.files_in(Area.PUBLIC) if f.name == SAMPLE_SUBMISSION), None)
    name = next((name for name in folder.manifest.output.names if name.endswith(".csv")), None)
    if file is not None and name is not None:
        program = _COPY.format(name=name, sample=SAMPLE_SUBMISSION).encode()
        files = {"predict.py": program, SAMPLE_SUBMISSION: ports.blobs.get(file.digest)}
        yield Trial(name=CONSTANT, archive=pack_files(files))


def try_it(bench: Bench, slug: str, trial: Trial) -> Ended:
    """Submit it as a candidate would, run it, grade it twice.

    Raises:
        UnavailableError: The engine failed.
    """
    email = f"{trial.name.replace('/', '.')}@{slug}.invalid"
    _, secret = invite(bench.ports, _PROVER.actor, slug=slug, email=email, name=trial.name)
    candidate = identify(bench.ports, sign_in_candidate(bench.ports, secret), is_api=False)
    assert candidate is not None  # noqa: S101  the session was opened one line above
    sent = submit(bench.ports, candidate, Upload(stream=BytesIO(trial.archive), name="sample.zip"))
    _work(bench)
    first = compose_report(bench.ports, _PROVER, sent.id)
    if first.state == State.GRADED:
        regrade(bench.ports, _PROVER, sent.id, "Are equal evidence and equal graders equal grades?")
        _work(bench)
    again = compose_report(bench.ports, _PROVER, sent.id)
    with bench.ports.unit_of_work() as uow:
        reason = uow.submissions.get(sent.id).state_reason
    return _ended(first, reason, is_equal=_graded(first) == _graded(again))


def _work(bench: Bench) -> None:
    verbs = {"execute": execute_run, "grade": grade_run}
    while hint := bench.hints.take():
        kind, run_id, fence = hint
        verbs[kind](bench.runner, run_id, fence)
        bench.hints.done(hint)


def _graded(report: Report) -> object:
    """What has to be the same each time."""
    findings = {(f.check, f.outcome, f.points, f.sentence) for f in report.findings}
    return report.state, report.score, findings, report.metrics


def _ended(report: Report, reason: str, *, is_equal: bool) -> Ended:
    return Ended(
        state=report.state,
        reason=reason,
        verdict=report.verdict,
        fault=report.fault,
        score=report.score,
        metric=next(iter(report.metrics), None),
        dimensions=dimension_scores(report.grades),
        outcomes={finding.check: finding.outcome for finding in report.findings},
        sentences={finding.check: finding.sentence for finding in report.findings},
        stages=report.stages,
        is_equal_again=is_equal,
        notes=tuple(dict.fromkeys(g.note for g in report.grades if g.status == GradeStatus.ERRORED)),
    )


def judge_sample(trial: Trial, ended: Ended, folder: ChallengeFolder) -> list[str]:
    """What is wrong with how a trial ended, looked at by itself."""
    if trial.name == EMPTY:
        is_nothing = ended.state == State.REJECTED or not ended.metric
        return [] if is_nothing else ["a submission with nothing in it got a metric."]
    if ended.state != State.GRADED:
        whose = "ours" if ended.fault == Fault.PLATFORM else "the sample's or the challenge's"
        return [f"ended as {ended.state.value}, whose fault is {whose}: {ended.reason}", *ended.notes]
    problems = [] if ended.is_equal_again else ["graded twice, it got different grades."]
    if trial.expectation is not None:
        problems += _unexpected(trial.expectation, ended)
    if ended.verdict == Verdict.ACCEPTED:
        problems += _too_much(folder, ended.stages)
    return problems


def _unexpected(expected: Expectation, ended: Ended) -> Iterator[str]:
    if ended.verdict != expected.verdict:
        said = ended.verdict.value if ended.verdict else "none"
        told = " ".join(stage.message for stage in ended.stages if stage.message)
        yield f"verdict {said}, expected {expected.verdict.value}. {told}".strip()
    score = -1.0 if ended.score is None else ended.score
    if not expected.score_low <= score <= expected.score_high:
        yield f"score {score:.3f}, expected {expected.score_low:g} to {expected.score_high:g}."
    for dimension, interval in expected.dimensions.items():
        found = ended.dimensions.get(dimension)
        if found is None or found not in interval:
            said = "nothing" if found is None else f"{found:.3f}"
            yield f"{dimension.value} {said}, expected {interval.low:g} to {interval.high:g}."
    for check, outcome in expected.findings.items():
        seen = ended.outcomes.get(check)
        if seen != outcome:
            yield f"{check} {seen.value if seen else 'is not there'}, expected {outcome.value}."
    for check, words in expected.says.items():
        sentence = ended.sentences.get(check, "")
        if words not in sentence:
            yield f'{check} says "{sentence}", expected "{words}".'


def _too_much(folder: ChallengeFolder, stages: Sequence[StageRecord]) -> Iterator[str]:
    """Whether declared time and memory are enough, with room."""
    for stage in stages:
        if stage.stage != Stage.PREDICT or stage.usage is None:
            continue
        limits = folder.manifest.limits_of(stage.stage)
        seconds, memory = stage.usage.wall_seconds, stage.usage.peak_memory_bytes or 0
        if seconds > MOST_OF_LIMIT * limits.time_seconds:
            yield f"took {seconds:.1f} of {limits.time_seconds:g} s: raise limits.predict.time_seconds."
        if memory > MOST_OF_LIMIT * limits.memory_bytes:
            yield f"took {memory:,} of {limits.memory_bytes:,} bytes: raise limits.predict.memory_bytes."


def judge_together(folder: ChallengeFolder, found: Mapping[str, tuple[Trial, Ended]]) -> list[str]:
    """What the samples have to be to each other and to the anchors."""
    anchors = {anchor.name: anchor for anchor in folder.manifest.metric.anchors}
    problems = list(_reference(found, anchors.get("reference")))
    problems += _constant_earns(found, anchors.get("constant"))
    problems += _order(folder.manifest.metric, found)
    starters = [ended for trial, ended in found.values() if trial.is_starter]
    if not starters:
        problems.append("no sample submits the starter as it is.")
    for ended in starters:
        good = found.get(REFERENCE)
        if good and (ended.score or 0.0) >= (good[1].score or 0.0):
            problems.append("the starter scores as high as the reference: there is nothing to do.")
    bars = {Bar.STARTER: max((_metric_score(ended) for ended in starters), default=0.0)}
    if REFERENCE in found:
        bars[Bar.REFERENCE] = _metric_score(found[REFERENCE][1])
    problems += _attacks_gain(found, bars)
    return problems


def _attacks_gain(found: Mapping[str, tuple[Trial, Ended]], bars: Mapping[Bar, float]) -> Iterator[str]:
    """Attacks above the bar that their author gave them; what reviewers are told of has none."""
    for name, (trial, ended) in found.items():
        bar = trial.expectation.bar if trial.expectation else Bar.STARTER
        if not name.startswith(f"{ATTACK}/") or bar == Bar.TOLD:
            continue
        earned, most = _metric_score(ended), bars.get(bar, 0.0)
        if earned > most:
            yield f"{name} earns {earned:.3f} for the model, the {bar.value} {most:.3f}."


def _reference(found: Mapping[str, tuple[Trial, Ended]], anchor: Anchor | None) -> Iterator[str]:
    if REFERENCE not in found:
        yield f"there is no sample {REFERENCE}."
    elif anchor is not None:
        metric = found[REFERENCE][1].metric
        if metric is None or metric.score < anchor.score - 1e-9:
            said = "nothing" if metric is None else f"{metric.value:.4f}"
            yield f"{REFERENCE} reaches {said}, its anchor is {anchor.value:g}: measure the anchor again."


def _constant_earns(found: Mapping[str, tuple[Trial, Ended]], anchor: Anchor | None) -> Iterator[str]:
    if CONSTANT not in found:
        yield f"prepare makes no public/{SAMPLE_SUBMISSION} in CSV, so nobody knows what a constant earns."
        return
    earned = _metric_score(found[CONSTANT][1])
    most = (anchor.score if anchor else 0.0) + _SLACK
    if earned > most:
        yield f"a constant earns {earned:.3f} for the model, at most {most:g}: move the anchor 'constant'."


def _order(spec: MetricSpec, found: Mapping[str, tuple[Trial, Ended]]) -> Iterator[str]:
    """A metric that nobody knows has to tell a constant from a baseline, and that from the reference."""
    if spec.own is None:
        return
    simple = next((name for name in _SIMPLE if name in found), CONSTANT)
    sign = 1 if spec.direction == Direction.HIGHER else -1
    for worse, better in pairwise(dict.fromkeys((CONSTANT, simple, REFERENCE))):
        metrics = [found[name][1].metric if name in found else None for name in (worse, better)]
        values = [metric.value for metric in metrics if metric is not None]
        if len(values) == len(metrics) and sign * values[1] <= sign * values[0]:
            said = f"{better} reaches {values[1]:.4f}, {worse} {values[0]:.4f}"
            yield f"{said}: metric.py does not tell the better from the worse."


def judge_spread(spec: MetricSpec, spread: VariantSpread) -> list[str]:
    """Whether candidates' copies of the training data are equally good: the reference, trained anew, says.

    Args:
        spec: The challenge's metric.
        spread: What it reaches on copies, and on the table that they are made of.
    """
    ends = (spec.facts.low, spec.facts.high)
    # Of a metric without a fixed range the same share of what the reference reaches.
    most = MOST_MOVED if None not in ends else MOST_MOVED * abs(spread.whole)
    moved = max(abs(value - spread.whole) for value in spread.copies)
    if moved <= most:
        return []
    step = "withhold or mark fewer rows ([variants] withheld_share, marked_share, canaries)."
    return [f"copies move the reference's {spec.name} by {moved:.4f}, at most {most:.4f} is fair: {step}"]


def _metric_score(ended: Ended) -> float:
    return ended.metric.score if ended.metric else 0.0
