"""A submission to which everything was done: real graders over a made-up repository, service and drift."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from audition import codec
from audition.catalog.read import read_challenge
from audition.domain.build import BuildCause
from audition.domain.contract import Contract, Entry, Inventory
from audition.domain.evidence import ArtifactKind, BuildEvidence, RunEvidence
from audition.domain.grade import Dimension, Evidence, Finding, Grade, Outcome
from audition.domain.probe import Event, ServiceEvidence, StopEvidence, Unfinished
from audition.domain.probe_api import BadInputCase, BadInputEvidence
from audition.domain.run import Stage, StageRecord, Verdict
from audition.domain.submission import State
from audition.grading import CheckList
from audition.grading.checks import Check
from audition.grading.runner import load_graders
from audition.ports import Ports
from tests import factories
from tests.architecture.tree import REPO
from tests.bench.drift import monitors
from tests.graders.drift_world import PSI_SIGNAL, make_evidence
from tests.graders.recorded_tools import paths_in, reports_of
from tests.graders.sample_repos import BAD, GOOD, write_repo
from tests.graders.test_live_service import GOOD as GOOD_SERVICE
from tests.graders.workspaces import make_workspace
from tests.web.stories import LOG, good_grades, stage, tell

CHALLENGE = REPO / "challenges" / "credit-scoring"
#: Suggested for a challenge that asks for all of it. Source: the grader catalogue, beside model quality as one half.
WEIGHTS = {
    Dimension.MODEL_QUALITY: 0.5,
    Dimension.DEPLOYMENT: 0.1,
    Dimension.SERVING: 0.1,
    Dimension.OBSERVABILITY: 0.06,
    Dimension.DRIFT: 0.09,
    Dimension.PIPELINE: 0.06,
    Dimension.KUBERNETES: 0.03,
    Dimension.LINEAGE: 0.03,
    Dimension.CONSISTENCY: 0.03,
}
GRADERS = (
    *("dockerfile", "code", "monitoring", "lineage", "manifests", "pipeline", "model-files"),
    *("runtime", "service", "metrics", "drift", "image", "pods"),
)
EVENTS = (
    Event(seconds=3.4, name="first prediction"),
    Event(seconds=3.5, name="probe", detail="binding"),
    Event(seconds=3.6, name="probe", detail="contract"),
    Event(seconds=4.1, name="probe", detail="signals"),
    Event(seconds=7.8, name="probe", detail="parity"),
    Event(seconds=9.0, name="probe", detail="cost"),
    Event(seconds=21.3, name="probe", detail="capacity"),
    Event(seconds=26.4, name="capacity step held", detail="100/s"),
    Event(seconds=31.5, name="capacity step held", detail="200/s"),
    Event(seconds=46.8, name="probe", detail="latency"),
    Event(seconds=47.0, name="latency level", detail="25% of capacity"),
    Event(seconds=62.3, name="latency level", detail="50% of capacity"),
    Event(seconds=77.5, name="latency level", detail="75% of capacity"),
    Event(seconds=93.0, name="probe", detail="bad_input"),
    Event(seconds=99.0, name="probe", detail="overload"),
    Event(seconds=99.1, name="overload", detail="600/s"),
    Event(seconds=105.6, name="recovered"),
    Event(seconds=106.0, name="probe", detail="stop"),
    Event(seconds=106.1, name="SIGTERM"),
    Event(seconds=106.9, name="ended", detail="exit code 137"),
    Event(seconds=107.0, name="end"),
    Event(seconds=2.0, name="first prediction"),
    Event(seconds=2.1, name="end"),
)


def service_seen() -> ServiceEvidence:
    """A service that does most things well, drops requests when it stops, and falls over one bad input in four."""
    cases = tuple(BadInputCase(name=f"case {n}", status=500 if n % 4 == 0 else 422) for n in range(24))
    return replace(
        GOOD_SERVICE,
        seed=271828,
        events=EVENTS,
        cost=None,
        bad_input=BadInputEvidence(cases=cases, planned=24, survived=True, live_after=True),
        stop=StopEvidence(
            in_flight=10,
            answered=3,
            refused_after=False,
            exit_code=137,
            exit_seconds=0.8,
            grace_seconds=30.0,
            in_flight_failures={"closed": 7},
        ),
        unfinished=(
            Unfinished(probe="cost", reason="The processor time of the service is not known.", is_ours=True),
        ),
    )


def run_evidence() -> RunEvidence:
    """What the worker recorded."""
    return RunEvidence(
        verdict=Verdict.ACCEPTED,
        inventory=Inventory(contract=Contract(predict=("python", "predict.py", "--data", "/in/it's.csv"))),
        stages=(),
        environment={
            "engine": "20.10.24",
            "kernel": "6.1.0",
            "old_versions": "engine 20.10.24 (needs 29.7.0)",
        },
        build=BuildEvidence(cause=BuildCause.OK, file="Dockerfile", seconds=41.2),
    )


@cache
def full_grades() -> tuple[Grade, ...]:
    """What all graders say."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        workspace = make_workspace(root, weights=WEIGHTS)
        files = {**GOOD, ".github/workflows/retrain.yml": BAD[".github/workflows/ci.yml"]}
        write_repo(workspace.submission, files)
        paths = paths_in(workspace.submission)
        entries = tuple(Entry(path=p, bytes=(workspace.submission / p).stat().st_size) for p in paths)
        evidence = replace(
            workspace.evidence, inventory=replace(workspace.evidence.inventory, entries=entries)
        )
        full = replace(
            workspace,
            evidence=evidence,
            tools=reports_of("good", workspace.submission),
            service=service_seen(),
            drift=make_evidence(monitors.sliding_psi(500), PSI_SIGNAL),
        )
        judged = tuple(grader.grade(full) for grader in load_graders(GRADERS))
    return (*good_grades()[:1], *judged)


def full_stages() -> tuple[StageRecord, ...]:
    """Seven stages that passed."""
    return (
        stage(Stage.UNPACK, 0, 0.7, megabytes=31),
        stage(Stage.STATIC, 0.7, 22.5, megabytes=412),
        stage(Stage.BUILD, 0.7, 42.0, megabytes=300),
        stage(Stage.PREDICT, 42.0, 47.1, megabytes=412),
        stage(Stage.SERVE, 47.1, 196.0, megabytes=260),
        stage(Stage.SCORE, 196.0, 198.2, megabytes=188),
        stage(Stage.JUDGE, 198.2, 199.9, megabytes=64),
    )


def golden_grades() -> tuple[Grade, ...]:
    """Every check of the graders that `credit-scoring` names passed, with as much to say as they have."""
    drawn = {grade.grader: grade for grade in full_grades()}
    return tuple(
        replace(
            drawn.get(grader.name, drawn["service"]),
            grader=grader.name,
            dimension=grader.dimension,
            findings=tuple(_well(check) for check in grader.checks),
            metrics=drawn[grader.name].metrics if grader.name in drawn else (),
            curves=drawn[grader.name].curves if grader.name in drawn else (),
        )
        for grader in load_graders(read_challenge(CHALLENGE).manifest.graders)
        if isinstance(grader, CheckList)
    )


def _well(check: Check) -> Finding:
    evidence = (Evidence(summary="Seen here, as it should be.", file="deploy/credit-scoring.yaml", line=12),)
    return Finding(
        check=check.id,
        title=check.title,
        outcome=Outcome.PASSED,
        points=check.points,
        max_points=check.points,
        sentence=f"{check.title}: so it was found when it was looked at, in all of its 24 cases.",
        reviewer_note="Tools: hadolint 2.15.1, checkov 3.3.30.",
        evidence=evidence,
    )


def tell_everything(
    ports: Ports,
    name: str = "full",
    state: State = State.GRADED,
    who: str = "dave",
    grades: tuple[Grade, ...] | None = None,
) -> str:
    """Store it, with a version of the challenge that asks for all of it; returns its id."""
    version = factories.make_version(
        id="ver_full", number=2, digest="e" * 64, manifest=factories.make_manifest(weights=WEIGHTS)
    )
    with ports.unit_of_work() as uow:
        uow.challenges.add(version)
        uow.commit()
    documents = {
        ArtifactKind.EVIDENCE: codec.to_json(run_evidence()),
        ArtifactKind.SERVICE: codec.to_json(service_seen()),
    }
    return tell(
        ports,
        name,
        who=who,
        attempt=9,
        state=state,
        verdict=Verdict.ACCEPTED,
        stages=full_stages(),
        grades=full_grades() if grades is None else grades,
        log=LOG,
        documents=documents,
        version=version.id,
        minutes=200,
    )
