"""The reference submission: measured like any other, and what services on the same host are compared with."""

from dataclasses import replace

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import ConflictError
from audition.domain.evidence import ArtifactKind, RunEvidence
from audition.domain.image import ImageEvidence, LayerFacts
from audition.domain.probe import ServiceEvidence, StartEvidence
from audition.domain.probe_load import CapacityEvidence, CostEvidence
from audition.domain.probe_plan import Reference
from audition.services.reference import submit_reference
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
    said = []
    hall.sandbox.programs |= {"serve": Prober(evidence=MEASURED), "image": shows(100)}
    for submit_one in (hall.graded, lambda: measured(hall), hall.graded):
        submit_one()
        hall.sandbox.programs["image"] = shows(300)
        hall.runner = replace(hall.runner, facts={"host": "elsewhere"})
    with hall.ports.unit_of_work() as uow:
        for submission in reversed(uow.submissions.recent()):
            kept = uow.runs.artifacts(uow.runs.latest(submission.id).id)
            data = next(hall.blobs.get(a.digest) for a in kept if a.kind == ArtifactKind.EVIDENCE)
            build = codec.from_json(RunEvidence, data, what="evidence").build
            said.append(build.reference_bytes if build else -1)
    assert said == [None, None, 300]
