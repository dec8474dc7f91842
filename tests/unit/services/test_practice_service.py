"""A practice run starts the candidate's service once, and says how that went."""

from dataclasses import replace

import pytest

from audition.domain.probe import ServiceEvidence
from audition.domain.probe_api import ContractEvidence
from audition.domain.probe_plan import Probe, Start
from audition.domain.run import Stage, StageStatus, Verdict
from audition.services import look_up
from tests.unit.services.test_serve_image import READY, Prober, asks, make_hall, polite, served
from tests.unit.services.world import CAROL, World


@pytest.fixture
def hall() -> World:
    return make_hall()


def test_practice_starts_the_service_once_and_shows_what_it_printed(hall: World) -> None:
    contract = ContractEvidence(is_kept=True, is_usable=True, status=200)
    prober = Prober(*asks(Start()), evidence=replace(READY, contract=contract))
    hall.sandbox.programs |= {"serve": prober, "service": polite}
    practised = hall.practise()

    assert prober.tasks[0].probes == (Probe.BINDING, Probe.CONTRACT)
    stage = hall.stage(practised, Stage.SERVE)
    assert (stage.status, stage.message) == (
        StageStatus.PASSED,
        "It answered its first prediction after 1.5 s.",
    )
    status = look_up.status(hall.ports, CAROL, practised.id)
    assert "serve-stdout" in status.logs
    assert b"listening" in look_up.log_text(hall.ports, CAROL, practised.id, "serve-stdout")
    assert "judge" not in hall.sandbox.stages()


def test_practice_says_that_answers_cannot_be_read(hall: World) -> None:
    contract = ContractEvidence(is_kept=False, is_usable=False, status=200)
    hall.sandbox.programs |= {"serve": Prober(*asks(Start()), evidence=replace(READY, contract=contract))}
    assert "no prediction can be read" in hall.stage(hall.practise(), Stage.SERVE).message


def test_practice_with_a_service_that_never_answers_ends_as_an_attempt_would(hall: World) -> None:
    hall.sandbox.programs |= {"serve": Prober(*asks(Start()), evidence=ServiceEvidence())}
    practised = hall.practise()
    assert hall.run(practised).verdict == Verdict.UNHEALTHY
    assert "never answered a prediction" in hall.stage(practised, Stage.SERVE).message
    assert look_up.candidate_home(hall.ports, CAROL).attempts_left == 3


def test_an_attempt_keeps_the_log_of_a_service_only_when_that_never_answers(hall: World) -> None:
    well = served(hall, Prober(*asks(Start())))
    badly = served(hall, Prober(*asks(Start()), evidence=ServiceEvidence()))
    kept = [[a.name for a in hall.artifacts(s) if a.stage == Stage.SERVE] for s in (well, badly)]
    assert kept == [["service.json"], ["service.json", "serve.stdout"]]
    assert hall.runner.ports.blobs.get(hall.artifacts(well)[0].digest)
