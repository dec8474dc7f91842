"""The reference submission: measured like any other, and what services on the same host are compared with."""

from dataclasses import replace

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain.build import BuildCause, BuildResult
from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import ConflictError, UnavailableError
from audition.domain.evidence import ArtifactKind, RunEvidence
from audition.domain.image import ImageEvidence, LayerFacts
from audition.domain.probe import ServiceEvidence, StartEvidence
from audition.domain.probe_load import CapacityEvidence, CostEvidence
from audition.domain.probe_plan import Probe, Reference
from audition.services.measure_reference import measure_reference
from audition.services.reference import is_measured_here, submit_reference
from tests.unit.services.test_serve_image import Prober, make_hall
from tests.unit.services.world import World

ARCHIVE = b"PK reference"
MEASURED = ServiceEvidence(
    starts=(StartEvidence(predict_seconds=1.0),),
    cost=CostEvidence(windows_ms=(1.0, 3.0), requests=300, idle_share=0.0),
    capacity=CapacityEvidence(steps=(), capacity_per_second=400.0, is_prober_bound=False),
)


@pytest.fixture
def hall() -> World:
    return make_hall(ARCHIVE)


def version_of(hall: World) -> ChallengeVersion:
    with hall.ports.unit_of_work() as uow:
        return uow.challenges.all()[0]


def compared_with(hall: World) -> Reference:
    """What the prober of Carol's submission is told."""
    prober = Prober(evidence=MEASURED)
    hall.sandbox.programs |= {"serve": prober}
    hall.graded()
    return prober.tasks[0].reference


def measured(hall: World) -> None:
    """The reference, submitted and worked off."""
    hall.sandbox.programs |= {"serve": Prober(evidence=MEASURED)}
    assert submit_reference(hall.ports, "alice", version_of(hall)) is not None
    hall.work()


def measure(hall: World, evidence: ServiceEvidence = MEASURED) -> tuple[Prober, list[str]]:
    """The reference, measured as when the challenge is published, and the version then has what came of it."""
    prober, said, version = Prober(evidence=evidence), list[str](), version_of(hall)
    hall.sandbox.programs |= {"serve": prober, "image": shows(100)}
    archive = version.reference
    assert archive is not None
    files = measure_reference(hall.runner, version.manifest, version.files, archive, said.append)
    hall.database.tables.challenge_versions[version.id] = replace(version, files=(*version.files, *files))
    return prober, said


def test_what_was_measured_when_the_challenge_was_published_is_compared_with_at_once(hall: World) -> None:
    prober, said = measure(hall)
    assert prober.tasks[0].probes == (Probe.CONTRACT, Probe.COST, Probe.CAPACITY)
    assert (
        said[-1]
        == "the reference takes 2.0 ms of processor time a request, 400 requests a second, 0 MiB above its base"
    )
    assert is_measured_here(hall.runner, version_of(hall))
    assert compared_with(hall) == Reference(cpu_ms_per_request=2.0, capacity_per_second=400.0)
    assert hall.sandbox.engine.built == {}


def test_on_another_host_only_the_size_of_its_image_is(hall: World) -> None:
    measure(hall)
    hall.runner = replace(hall.runner, facts={"engine": "fake", "host": "elsewhere"})
    assert not is_measured_here(hall.runner, version_of(hall))
    assert compared_with(hall) == Reference()
    assert reference_sizes(hall) == [100]


@pytest.mark.parametrize(
    ("evidence", "result", "reason"),
    [
        (ServiceEvidence(starts=(StartEvidence(),)), BuildCause.OK, "The service was not measured."),
        (MEASURED, BuildCause.STEP_FAILED, "Its image could not be built (step_failed)."),
    ],
)
def test_a_reference_that_cannot_be_measured_stops_nothing_and_says_so(
    hall: World, evidence: ServiceEvidence, result: BuildCause, reason: str
) -> None:
    hall.sandbox.build_program = lambda *_: BuildResult(cause=result, image_id="sha256:own")
    _, said = measure(hall, evidence)
    assert reason in said[-1]
    assert version_of(hall).measured is None
    hall.sandbox.build_program = lambda *_: BuildResult(cause=BuildCause.OK, image_id="sha256:own")
    assert compared_with(hall) == Reference()


def test_an_engine_that_fails_meanwhile_stops_no_publication(hall: World) -> None:
    hall.sandbox.fail("build", UnavailableError("The engine did not answer."))
    _, said = measure(hall)
    assert "The engine did not answer." in said[-1]
    assert version_of(hall).measured is None


def test_before_the_reference_was_looked_at_nothing_is_compared(hall: World) -> None:
    assert compared_with(hall) == Reference()


def test_services_are_compared_with_what_the_reference_was_measured_at(hall: World) -> None:
    measured(hall)
    assert compared_with(hall) == Reference(cpu_ms_per_request=2.0, capacity_per_second=400.0)


def test_another_host_or_runtime_is_no_comparison(hall: World) -> None:
    measured(hall)
    hall.runner = replace(hall.runner, facts={"engine": "fake", "host": "elsewhere"})
    assert compared_with(hall) == Reference()


def test_the_reference_is_submitted_once(hall: World) -> None:
    measured(hall)
    assert submit_reference(hall.ports, "alice", version_of(hall)) is None


def test_a_reference_that_could_not_be_served_is_no_comparison(hall: World) -> None:
    hall.sandbox.programs |= {"serve": Prober(evidence=ServiceEvidence(starts=(StartEvidence(),)))}
    submit_reference(hall.ports, "alice", version_of(hall))
    hall.work()
    assert compared_with(hall) == Reference()


def test_a_challenge_without_one_has_nothing_to_submit() -> None:
    hall = make_hall()
    assert submit_reference(hall.ports, "alice", version_of(hall)) is None
    assert compared_with(hall) == Reference()


def test_a_version_that_is_not_the_newest_gets_none(hall: World) -> None:
    old = version_of(hall)
    with hall.ports.unit_of_work() as uow:
        uow.challenges.add(replace(old, id="chv_2", number=old.number + 1, digest="9" * 64))
        uow.commit()
    with pytest.raises(ConflictError, match="not the newest"):
        submit_reference(hall.ports, "alice", old)


def shows(size: int) -> Program:
    """Looks at an image whose own layer has so many bytes."""
    layers = (LayerFacts(bytes=7, files=1, is_base=True), LayerFacts(bytes=size, files=1))

    def play(inside: Inside) -> int:
        inside.print(codec.to_json(ImageEvidence(layers=layers)))
        return 0

    return play


def test_images_are_compared_with_what_the_references_was_when_it_was_built_wherever_that_was(
    hall: World,
) -> None:
    hall.sandbox.programs |= {"serve": Prober(evidence=MEASURED), "image": shows(100)}
    for submit_one in (hall.graded, lambda: measured(hall), hall.graded):
        submit_one()
        hall.sandbox.programs["image"] = shows(300)
        hall.runner = replace(hall.runner, facts={"host": "elsewhere"})
    assert reference_sizes(hall) == [None, None, 300]


def reference_sizes(hall: World) -> list[int | None]:
    """What each run's image was to be compared with, the oldest first."""
    said = []
    with hall.ports.unit_of_work() as uow:
        for submission in reversed(uow.submissions.recent()):
            kept = uow.runs.artifacts(uow.runs.latest(submission.id).id)
            data = next(hall.blobs.get(a.digest) for a in kept if a.kind == ArtifactKind.EVIDENCE)
            build = codec.from_json(RunEvidence, data, what="evidence").build
            said.append(build.reference_bytes if build else -1)
    return said
