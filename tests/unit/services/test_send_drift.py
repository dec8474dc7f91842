"""The drift stage: which plan is sent, with which private rows, and what is kept when there is nothing to send to."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.domain.build import BuildCause, BuildResult
from audition.domain.challenge import Area, DataFile, Manifest
from audition.domain.contract import Contract
from audition.domain.drift import DriftEvidence, InvalidRun
from audition.domain.drift_plan import DriftFamily, DriftKind, DriftScale, DriftSpec, Injection, Lengths
from audition.domain.evidence import ArtifactKind
from audition.domain.execution import Limits
from audition.domain.monitoring import DriftSignal, Monitoring
from audition.domain.probe import ServiceEvidence, StartEvidence
from audition.domain.probe_load import CapacityEvidence, LoadSummary
from audition.domain.probe_metrics import ExpositionEvidence
from audition.domain.probe_plan import Ask, AskVerb, Line, ProbeTask, Start
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State, Submission
from audition.services.send_drift import plan_for
from tests import factories
from tests.unit.services.test_build_image import PLAN, keeps_with
from tests.unit.services.test_serve_image import Prober, asks, polite
from tests.unit.services.world import World

STAGES = (
    Stage.UNPACK,
    Stage.BUILD,
    Stage.PREDICT,
    Stage.SERVE,
    Stage.DRIFT,
    Stage.SCORE,
    Stage.JUDGE,
)
SPEC = DriftSpec(
    rows="train.csv",
    reference="train.csv",
    label="y",
    family=DriftFamily(
        primary=Injection(kind=DriftKind.MEAN_SHIFT, column="a"),
        others=(Injection(kind=DriftKind.SCALE, column="a", amount=2.0),),
    ),
)
SIGNAL = DriftSignal(metric="psi", threshold=0.2, window_requests=200)
READY = ServiceEvidence(
    starts=(StartEvidence(predict_seconds=1.5),),
    capacity=CapacityEvidence(steps=(), capacity_per_second=500.0),
    exposition=ExpositionEvidence(path="/metrics", status=200, is_parsed=True),
)


_STATE = Ask(number=1, verb=AskVerb.STATE)


class Sender:
    """A prober that is told to send drift."""

    def __init__(self, *invalid: InvalidRun) -> None:
        self.invalid = invalid
        self.is_starting = False
        self.tasks: list[ProbeTask] = []
        self.while_running: Callable[[], None] = lambda: None

    def __call__(self, inside: Inside) -> int:
        task = codec.from_json(ProbeTask, inside.read_line(), what="task")
        self.tasks.append(task)
        assert task.drift is not None
        inside.print(codec.to_json(Line(progress="Drift run 1 of 8")) + b"\n")
        ask = Ask(number=1, verb=AskVerb.START, start=Start()) if self.is_starting else _STATE
        inside.print(codec.to_json(Line(ask=ask)) + b"\n")
        inside.read_line()
        self.while_running()
        evidence = DriftEvidence(
            plan=task.drift, invalid=self.invalid, signals=task.contract.monitoring.signals
        )
        inside.print(codec.to_json(Line(drift=evidence)) + b"\n")
        inside.await_signal()
        return 0


@pytest.fixture
def hall() -> World:
    made = World(manifest=factories.make_manifest(stages=STAGES, drift=SPEC))
    traffic = DataFile(area=Area.TRAFFIC, name="traffic.json", digest=made.blobs.put(b"{}"), bytes=2)
    versions = made.database.tables.challenge_versions
    versions["ver_1"] = replace(versions["ver_1"], files=(*versions["ver_1"].files, traffic))
    names = ("python-slim", "mirror", "prober")
    for name in names:
        made.sandbox.engine.images[f"audition/{name}:1"] = f"sha256:{name}"
    images = {**made.runner.images, **{name: f"audition/{name}:1" for name in names}}
    made.runner = replace(made.runner, images=images, bases={"python:3.11": "python-slim"})
    made.sandbox.engine.images["sha256:own"] = "sha256:own"
    made.sandbox.build_program = lambda *_: BuildResult(cause=BuildCause.OK, image_id="sha256:own")
    contract = Contract(monitoring=Monitoring(signals=(SIGNAL,)))
    made.sandbox.programs |= {
        "unpack": keeps_with(PLAN, contract),
        "service": polite,
        "serve": Prober(evidence=READY),
        "drift": Sender(),
    }
    return made


def kept(hall: World, submission: Submission) -> DriftEvidence | None:
    found = [artifact for artifact in hall.artifacts(submission) if artifact.kind == ArtifactKind.DRIFT]
    return codec.from_json(DriftEvidence, hall.blobs.get(found[0].digest), what="drift") if found else None


def test_the_plan_follows_what_is_declared_and_what_was_measured_and_its_evidence_reaches_the_judge(
    hall: World,
) -> None:
    sender = Sender()
    hall.sandbox.programs["drift"] = sender
    submission = hall.graded()

    plan = sender.tasks[0].drift
    assert plan is not None
    assert (plan.window_requests, plan.runs[0].rate_per_second, len(plan.runs)) == (200, 150.0, 8)
    seen = kept(hall, submission)
    assert seen is not None
    assert (seen.plan, seen.signals) == (plan, (SIGNAL,))
    assert hall.stage(submission, Stage.DRIFT).status == StageStatus.PASSED
    judge = next(spec for spec in hall.sandbox.specs if spec.stage == "judge")
    assert "/evidence/drift.json" in {mount.target for mount in judge.mounts}


def test_only_the_prober_of_this_stage_has_the_rows(hall: World) -> None:
    hall.graded()
    with_rows = {
        spec.stage
        for spec in hall.sandbox.specs
        for mount in spec.mounts
        if mount.target.startswith("/traffic")
    }
    assert with_rows == {"drift"}
    spec = next(spec for spec in hall.sandbox.specs if spec.stage == "drift")
    assert {mount.target for mount in spec.mounts} == {"/evidence/manifest.json", "/traffic/rows.json"}


def test_the_same_submission_meets_the_same_plan_again(hall: World) -> None:
    plans = []
    for _ in range(2):
        sender = Sender()
        hall.sandbox.programs["drift"] = sender
        hall.graded()
        plans.append(sender.tasks[0].drift)
    assert plans[0] == plans[1]


def test_runs_that_could_not_be_used_are_told_with_their_reasons(hall: World) -> None:
    hall.sandbox.programs["drift"] = Sender(
        InvalidRun(number=1, reasons=("80 of 100 requests failed, more than 2%.",))
    )
    submission = hall.graded()

    stage = hall.stage(submission, Stage.DRIFT)
    assert (stage.status, hall.run(submission).verdict) == (StageStatus.FAILED, Verdict.ACCEPTED)
    assert stage.message == "1 of 8 runs could not be used. 80 of 100 requests failed, more than 2%."


@pytest.mark.parametrize(
    ("path", "exposition", "words"),
    [
        ("", None, "no metrics page"),
        (
            "/metrics",
            replace(READY.exposition, is_parsed=False, trouble="It is a teapot."),
            "It is a teapot.",
        ),
    ],
)
def test_a_service_without_metrics_is_sent_nothing_and_that_is_its_evidence(
    hall: World, path: str, exposition: ExpositionEvidence | None, words: str
) -> None:
    hall.sandbox.programs |= {
        "unpack": keeps_with(PLAN, Contract(monitoring=Monitoring(path=path))),
        "serve": Prober(evidence=replace(READY, exposition=exposition)),
    }
    submission = hall.graded()

    seen = kept(hall, submission)
    assert seen is not None
    assert seen.runs == ()
    assert words in seen.obstacle
    assert words in hall.stage(submission, Stage.DRIFT).message


def test_without_metrics_a_slow_service_fares_no_better_than_a_quick_one(hall: World) -> None:
    slow = replace(READY, capacity=CapacityEvidence(steps=(), capacity_per_second=1.0))
    hall.sandbox.programs |= {
        "unpack": keeps_with(PLAN, Contract(monitoring=Monitoring(path=""))),
        "serve": Prober(evidence=slow),
    }
    seen = kept(hall, hall.graded())
    assert seen is not None
    assert "no metrics page" in seen.obstacle


def test_a_service_that_never_predicted_is_sent_nothing(hall: World) -> None:
    hall.sandbox.programs["serve"] = Prober(evidence=ServiceEvidence(starts=(StartEvidence(),)))
    submission = hall.graded()

    stage = hall.stage(submission, Stage.DRIFT)
    assert (stage.status, kept(hall, submission)) == (StageStatus.SKIPPED, None)
    assert "nothing to send traffic to" in stage.message


def test_a_prober_that_says_something_else_is_ours(hall: World) -> None:
    hall.sandbox.programs["drift"] = Prober(evidence=READY)
    submission = hall.submit()
    hall.work_one()

    assert hall.state(submission) == State.QUEUED


def with_limit(seconds: float, scale: DriftScale = DriftScale.FULL) -> Manifest:
    return factories.make_manifest(
        stages=STAGES,
        drift=replace(SPEC, scale=scale, lengths=Lengths()),
        limits={Stage.DRIFT: Limits(time_seconds=seconds)},
    )


def test_a_plan_that_does_not_fit_gives_way_to_a_smaller_one() -> None:
    contract = Contract(monitoring=Monitoring(signals=(SIGNAL,)))
    full, _ = plan_for(with_limit(900.0), contract, READY, 1)
    lean, _ = plan_for(with_limit(300.0), contract, READY, 1)
    none, reason = plan_for(with_limit(60.0), contract, READY, 1)
    assert full is not None
    assert lean is not None
    assert len(full.runs) == 13
    assert len(lean.runs) == 8
    assert none is None
    assert "at 150 requests a second, which is 30 % of what the service can answer" in reason


def test_half_of_the_lowest_rate_is_a_guess_where_none_was_held() -> None:
    tried = tuple(
        LoadSummary(rate_per_second=rate, seconds=5, sent=500, good=1, failures={}) for rate in (160.0, 80.0)
    )
    seen = replace(READY, capacity=CapacityEvidence(steps=tried, capacity_per_second=0.0))
    plan, _ = plan_for(with_limit(9000.0), Contract(), seen, 1)
    assert plan is not None
    assert plan.runs[0].rate_per_second == pytest.approx(12.0)


def test_a_service_that_held_no_rate_is_not_sent_anything() -> None:
    seen = replace(READY, capacity=CapacityEvidence(steps=(), capacity_per_second=0.0))
    plan, reason = plan_for(with_limit(900.0), Contract(), seen, 1)
    assert plan is None
    assert "held no rate at all" in reason


def test_while_it_runs_the_stage_says_how_far_it_is(hall: World) -> None:
    sender, said = Sender(), list[str]()

    def look() -> None:
        records = hall.database.tables.stages.values()
        said.extend(record.message for record in records if record.stage == Stage.DRIFT)

    sender.while_running = look
    hall.sandbox.programs["drift"] = sender
    submission = hall.graded()
    assert said == ["Drift run 1 of 8"]
    assert hall.stage(submission, Stage.DRIFT).message == ""


def test_a_service_that_asks_for_trainings_is_told_where_and_only_here(hall: World) -> None:
    contract = Contract(monitoring=Monitoring(signals=(SIGNAL,), trigger_variable="RETRAIN_URL"))
    sender = Sender()
    sender.is_starting = True
    hall.sandbox.programs |= {
        "unpack": keeps_with(PLAN, contract),
        "serve": Prober(*asks(Start()), evidence=READY),
        "drift": sender,
    }
    hall.graded()
    given = [spec.environment.get("RETRAIN_URL") for spec in hall.sandbox.services]
    assert given == [None, "http://127.0.0.1:39191/retrain"]
