"""Serving the candidate's image: the prober leads, the worker does as it is asked, what was seen is kept."""

from dataclasses import replace
from hashlib import sha256

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.adapters.memory.served import FakeProber
from audition.domain.alerting import AlertRule
from audition.domain.build import BuildCause, BuildResult
from audition.domain.contract import CollectedFile, Collection, Command, Contract, ModelFiles, Pipeline
from audition.domain.errors import UnavailableError
from audition.domain.evidence import ArtifactKind
from audition.domain.exercise import OtherModel, Turn
from audition.domain.image import ImageConfig, ImageEvidence, ModelFile
from audition.domain.pod import Pod
from audition.domain.probe import ServiceEvidence, StartEvidence
from audition.domain.probe_plan import Answer, Ask, AskVerb, Line, ProbeTask, Start
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.service import Restriction, ServiceSpec
from audition.domain.serving import Serving, ServingKind
from audition.domain.submission import State, Submission
from audition.domain.tools import StaticResult, ToolReports
from audition.ports import Service
from audition.services.probe_service import model_places
from tests import factories
from tests.unit.services.test_build_image import PLAN, keeps_with
from tests.unit.services.test_lint import says
from tests.unit.services.world import World

STAGES = (Stage.UNPACK, Stage.BUILD, Stage.PREDICT, Stage.SERVE, Stage.SCORE, Stage.JUDGE)
READY = ServiceEvidence(starts=(StartEvidence(predict_seconds=1.5),))


class Prober:
    """A prober that asks what a test wants and keeps what it was told."""

    def __init__(self, *asks: Ask, evidence: ServiceEvidence = READY) -> None:
        self.asks = asks
        self.evidence = evidence
        self.tasks: list[ProbeTask] = []
        self.answers: list[Answer] = []

    def __call__(self, inside: Inside) -> int:
        self.tasks.append(codec.from_json(ProbeTask, inside.read_line(), what="task"))
        for ask in self.asks:
            inside.print(codec.to_json(Line(ask=ask)) + b"\n")
            self.answers.append(codec.from_json(Answer, inside.read_line(), what="answer"))
        inside.print(codec.to_json(Line(evidence=self.evidence)) + b"\n")
        inside.await_signal()
        return 0


def asks(*verbs: AskVerb | Start) -> tuple[Ask, ...]:
    return tuple(
        Ask(number=number, verb=AskVerb.START, start=verb)
        if isinstance(verb, Start)
        else Ask(number=number, verb=verb)
        for number, verb in enumerate(verbs, 1)
    )


def polite(inside: Inside) -> int:
    inside.print(b"listening")
    inside.await_signal()
    return 143


@pytest.fixture
def hall() -> World:
    return make_hall()


def make_hall(reference: bytes = b"") -> World:
    """A world whose runs build and serve."""
    made = World(manifest=factories.make_manifest(stages=STAGES), reference=reference)
    names = ("python-slim", "mirror", "prober")
    for name in names:
        made.sandbox.engine.images[f"audition/{name}:1"] = f"sha256:{name}"
    images = {**made.runner.images, **{name: f"audition/{name}:1" for name in names}}
    made.runner = replace(made.runner, images=images, bases={"python:3.11": "python-slim"})
    made.sandbox.engine.images["sha256:own"] = "sha256:own"
    made.sandbox.build_program = lambda *_: BuildResult(cause=BuildCause.OK, image_id="sha256:own")
    made.sandbox.programs |= {"unpack": keeps_with(PLAN), "service": polite, "serve": Prober()}
    return made


def served(hall: World, prober: Prober, service: Program = polite) -> Submission:
    hall.sandbox.programs |= {"serve": prober, "service": service}
    return hall.graded()


def test_the_rules_that_the_static_stage_read_are_in_the_probers_task(hall: World) -> None:
    rule = AlertRule(name="Down", expression="up == 0")
    result = StaticResult(reports=ToolReports(rules=(rule,)))
    hall.sandbox.engine.images["audition/linters:1"] = "sha256:linters"
    hall.runner = replace(hall.runner, images={**hall.runner.images, "linters": "audition/linters:1"})
    hall.set_version(stages=(Stage.UNPACK, Stage.STATIC, *STAGES[1:]))
    hall.sandbox.programs |= {"static": says(codec.to_json(result))}
    prober = Prober()
    served(hall, prober)
    assert prober.tasks[0].rules == (rule,)


def test_a_service_is_slowed_down_and_let_go_as_the_prober_asks(hall: World) -> None:
    prober = Prober(*asks(Start(), AskVerb.SLOW, AskVerb.FAST, AskVerb.KILL, AskVerb.SLOW))
    served(hall, prober)
    assert [answer.trouble for answer in prober.answers] == [""] * 5
    assert [answer.is_running for answer in prober.answers] == [True, True, True, False, False]


def test_what_the_prober_saw_is_kept_and_shown_to_the_judge(hall: World) -> None:
    submission = served(hall, Prober())

    run = hall.run(submission)
    assert (run.verdict, hall.stage(submission, Stage.SERVE).status) == (
        Verdict.ACCEPTED,
        StageStatus.PASSED,
    )
    with hall.ports.unit_of_work() as uow:
        kept = next(a for a in uow.runs.artifacts(run.id) if a.kind == ArtifactKind.SERVICE)
    assert codec.from_json(ServiceEvidence, hall.blobs.get(kept.digest), what="service") == READY
    judge = next(spec for spec in hall.sandbox.specs if spec.stage == "judge")
    assert "/evidence/service.json" in {mount.target for mount in judge.mounts}
    score = next(spec for spec in hall.sandbox.specs if spec.stage == "score")
    assert "/evidence/service.json" not in {mount.target for mount in score.mounts}


def test_a_stage_that_is_a_talk_of_containers_takes_the_time_from_its_begin_to_its_end(hall: World) -> None:
    prober = Prober()

    def slow(inside: Inside) -> int:
        hall.clock.advance(75)
        return prober(inside)

    hall.sandbox.programs |= {"serve": slow, "service": polite}
    usage = hall.stage(hall.graded(), Stage.SERVE).usage
    assert usage is not None
    assert usage.wall_seconds == 75


def test_the_prober_sees_inputs_and_predictions_and_never_an_answer(hall: World) -> None:
    served(hall, Prober())

    spec = next(spec for spec in hall.sandbox.specs if spec.stage == "serve")
    targets = {mount.target for mount in spec.mounts}
    assert "/evidence/outputs/predictions.csv" in targets
    assert not [target for target in targets if target.startswith(("/answers", "/submission"))]


def test_a_service_is_started_as_the_prober_wants_and_its_own_image_is_what_runs(hall: World) -> None:
    wish = Start(restriction=Restriction.READ_ONLY_ROOT)
    prober = Prober(*asks(wish, AskVerb.LOGS, AskVerb.TERMINATE, AskVerb.EXIT))
    served(hall, prober)

    started, logs, _, ended = prober.answers
    assert (started.number, started.is_running) == (1, True)
    assert logs.logs.startswith("listening")
    assert ended.exit_code == 143
    assert ended.exit_seconds is not None
    spec = hall.sandbox.services[0]
    assert (spec.image, spec.restriction, spec.hidden) == ("sha256:own", Restriction.READ_ONLY_ROOT, ())


DEPLOYED = Pod(name="Deployment a", container="a", file="k.yaml", command=("serve",), user=7)


def with_pod(hall: World, pod: Pod | None) -> None:
    """Have the keeper find this pod among the submission's files."""
    hall.sandbox.programs["unpack"] = keeps_with(PLAN, pod=pod)


def test_a_service_is_started_as_its_manifests_have_it(hall: World) -> None:
    with_pod(hall, DEPLOYED)
    prober = Prober(*asks(Start(is_as_manifest=True)))
    served(hall, prober)

    assert prober.tasks[0].pod == DEPLOYED
    assert prober.answers[0].is_running
    manner = hall.sandbox.services[0].manner
    assert manner is not None
    assert (manner.command, manner.user) == (("serve",), "7")


def test_a_prober_that_wants_a_pod_where_there_is_none_is_told(hall: World) -> None:
    prober = Prober(*asks(Start(is_as_manifest=True), AskVerb.STATE))
    served(hall, prober)

    assert prober.answers[0].trouble == "No manifest describes the service."
    assert prober.answers[1].trouble
    assert hall.sandbox.services == []


def test_an_engine_that_refuses_what_a_manifest_says_costs_nothing_else(
    hall: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_pod(hall, DEPLOYED)
    start = FakeProber.start

    def refuse(self: FakeProber, spec: ServiceSpec) -> Service:
        if spec.manner is not None:
            msg = "not a directory"
            raise UnavailableError(msg)
        return start(self, spec)

    monkeypatch.setattr(FakeProber, "start", refuse)
    prober = Prober(*asks(Start(is_as_manifest=True), Start()))
    submission = served(hall, prober)

    assert "not a directory" in prober.answers[0].trouble
    assert prober.answers[1].is_running
    assert hall.run(submission).verdict == Verdict.ACCEPTED


def test_one_service_at_a_time(hall: World) -> None:
    prober = Prober(*asks(Start(), Start(), AskVerb.STATE))
    served(hall, prober)

    assert len(hall.sandbox.services) == 2
    assert [answer.is_running for answer in prober.answers] == [True, True, True]


def test_a_service_that_does_not_stop_is_waited_for_no_longer_than_its_grace(
    hall: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audition.services.probe_service._PATIENCE_SECONDS", 0.1)

    def stubborn(inside: Inside) -> int:
        while True:
            inside.await_signal()

    contract = Contract(serving=Serving(grace_seconds=0.1))
    hall.sandbox.programs["unpack"] = keeps_with(PLAN, contract)
    prober = Prober(*asks(Start(), AskVerb.TERMINATE, AskVerb.EXIT, AskVerb.KILL))
    served(hall, prober, stubborn)

    late, killed = prober.answers[2:]
    assert late.is_running
    assert late.exit_seconds is None
    assert (killed.is_running, killed.exit_code) == (False, 137)


def test_what_is_asked_before_any_start_is_answered_with_the_reason(hall: World) -> None:
    prober = Prober(*asks(AskVerb.CPU))
    served(hall, prober)

    assert prober.answers == [Answer(number=1, trouble="No service was started.")]


def test_a_service_that_is_never_ready_is_the_candidates_fault_and_says_what_to_do(hall: World) -> None:
    submission = served(hall, Prober(evidence=ServiceEvidence(starts=(StartEvidence(),))))

    run = hall.run(submission)
    assert (run.verdict, run.fault) == (Verdict.UNHEALTHY, Fault.CANDIDATE)
    assert (
        "never answered a prediction on port 8080 (/predict)" in hall.stage(submission, Stage.SERVE).message
    )
    assert hall.grades(submission) != ()


def test_without_an_image_the_stage_is_skipped_with_the_reason(hall: World) -> None:
    hall.sandbox.build_program = lambda *_: BuildResult(cause=BuildCause.STEP_FAILED, detail="RUN false")
    submission = hall.graded()

    stage = hall.stage(submission, Stage.SERVE)
    assert (stage.status, stage.message) == (
        StageStatus.SKIPPED,
        "There is no image to serve, because it could not be built.",
    )
    assert hall.sandbox.services == []


def test_a_prober_that_fails_is_ours_and_the_run_is_tried_again(hall: World) -> None:
    hall.sandbox.programs["serve"] = lambda _inside: 1
    submission = hall.submit()
    hall.work_one()

    assert hall.state(submission) == State.QUEUED


def test_an_engine_that_cannot_start_a_service_is_ours(hall: World) -> None:
    hall.sandbox.fail("service", UnavailableError("The engine is gone."))
    hall.sandbox.programs["serve"] = Prober(*asks(Start()))
    submission = hall.submit()
    hall.work_one()

    assert hall.state(submission) == State.QUEUED


def test_a_model_is_hidden_where_an_image_may_have_it() -> None:
    contract = Contract(model=ModelFiles(path="models/model.joblib"))
    assert model_places(contract, "/srv") == (
        "/srv/models/model.joblib",
        "/srv/model.joblib",
        "/app/models/model.joblib",
        "/app/model.joblib",
        "/opt/ml/models/model.joblib",
        "/opt/ml/model.joblib",
    )
    assert model_places(Contract(), "/srv") == ()


def test_the_model_is_hidden_in_the_images_own_folder_too(hall: World) -> None:
    config = ImageConfig(working_dir="/srv/svc")
    hall.sandbox.build_program = lambda *_: BuildResult(
        cause=BuildCause.OK, image_id="sha256:own", config=config
    )
    contract = Contract(model=ModelFiles(path="model.json"))
    hall.sandbox.programs["unpack"] = keeps_with(PLAN, contract)
    served(hall, Prober(*asks(Start(is_without_model=True))))

    assert hall.sandbox.services[0].hidden[0] == "/srv/svc/model.json"


def test_the_model_is_hidden_where_it_was_seen_in_the_layers(hall: World) -> None:
    found = ImageEvidence(models=(ModelFile(path="/data/m/model.json", bytes=1, sha256="0" * 64),))
    hall.sandbox.programs["image"] = lambda inside: inside.print(codec.to_json(found)) or 0
    hall.sandbox.programs["unpack"] = keeps_with(PLAN, Contract(model=ModelFiles(path="model.json")))
    served(hall, Prober(*asks(Start(is_without_model=True))))

    assert hall.sandbox.services[0].hidden[:2] == ("/data/m/model.json", "/model.json")


@pytest.mark.parametrize("name", OtherModel)
def test_a_model_that_a_command_left_takes_the_place_of_the_one_in_the_layers(
    hall: World, name: OtherModel
) -> None:
    found = ImageEvidence(models=(ModelFile(path="/data/m/model.json", bytes=1, sha256="0" * 64),))
    hall.sandbox.programs["image"] = lambda inside: inside.print(codec.to_json(found)) or 0
    pipeline = Pipeline(retrain=Command(words=("train",)))
    contract = Contract(model=ModelFiles(path="model.json"), pipeline=pipeline)
    hall.sandbox.programs |= {
        "unpack": keeps_with(PLAN, contract),
        "exercise": leaves(name, b"new"),
    }
    hall.set_version(stages=(*STAGES[:3], Stage.EXERCISE, *STAGES[3:]))
    prober = Prober(*asks(Start(), Start(model=name)))
    served(hall, prober)

    usual, swapped = hall.sandbox.services
    assert prober.tasks[0].other_models == (name,)
    assert usual.files == ()
    (file,) = swapped.files
    assert file.target == "/data/m/model.json"
    assert file.source == str(hall.blobs.path(sha256(b"new").hexdigest()))
    judge = next(spec for spec in hall.sandbox.specs if spec.stage == "judge")
    assert not [mount.target for mount in judge.mounts if name in mount.target]


def leaves(name: str, data: bytes) -> Program:
    """Leads nothing, and has a file at the end."""

    def play(inside: Inside) -> int:
        inside.print(codec.to_json(Turn()) + b"\n")
        file = CollectedFile(name=name, bytes=len(data), sha256=sha256(data).hexdigest())
        inside.print(codec.to_json(Collection(files=(file,))) + b"\n" + data)
        inside.await_signal()
        return 0

    return play


def test_a_kinds_arguments_and_variables_reach_the_service(hall: World) -> None:
    contract = Contract(serving=Serving(kind=ServingKind.SAGEMAKER))
    hall.sandbox.programs["unpack"] = keeps_with(PLAN, contract)
    served(hall, Prober(*asks(Start())))

    assert hall.sandbox.services[0].arguments == ("serve",)
