"""What lists and status pages are told."""

import copy
from dataclasses import replace

import pytest

from audition.adapters.memory.inside import Inside
from audition.domain.errors import ConflictError, DeniedError, NotFoundError
from audition.domain.people import Role
from audition.services import look_up
from audition.services.sign_in import token_digest
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, predicts

OLGA = replace(ALICE, roles=frozenset({Role.OPERATOR}))
DAVE = replace(CAROL, subject_id="inv_dave")


def add_dave(world: World) -> World:
    """Another candidate of the same challenge; returns the world as he uses it."""
    with world.ports.unit_of_work() as uow:
        uow.people.add_candidate(
            factories.make_candidate(id="can_dave", email="d@example.org", alias="Plum Wren")
        )
        uow.people.add_invitation(
            factories.make_invitation(
                id="inv_dave", candidate_id="can_dave", token_digest=token_digest("dave-link")
            )
        )
        uow.commit()
    his = copy.copy(world)
    his.carol = DAVE
    return his


def test_a_place_in_the_queue_counts_those_before(world: World) -> None:
    his = add_dave(world)
    first = world.submit()
    world.clock.advance(1)
    second = his.submit()

    assert look_up.status(world.ports, CAROL, first.id).queue_place == 1
    assert look_up.status(world.ports, DAVE, second.id).queue_place == 2
    world.work()
    assert look_up.status(world.ports, CAROL, first.id).queue_place is None


def test_a_status_shows_stages_as_they_happen(world: World) -> None:
    submission = world.submit()
    seen = []

    def looks(inside: Inside) -> int:
        status = look_up.status(world.ports, CAROL, submission.id)
        seen.append([(s.stage.value, s.status.value) for s in status.stages])
        return predicts(inside)

    world.sandbox.programs["predict"] = looks
    world.work()

    assert seen == [[("unpack", "passed"), ("predict", "running")]]
    assert look_up.status(world.ports, CAROL, submission.id).planned_stages == (
        "unpack", "predict", "score", "judge",
    )  # fmt: skip


def test_the_history_is_for_reviewers(world: World) -> None:
    submission = world.graded()

    assert look_up.status(world.ports, CAROL, submission.id).history == ()
    assert len(look_up.status(world.ports, ALICE, submission.id).history) == 4
    with pytest.raises(NotFoundError):
        look_up.status(world.ports, DAVE, submission.id)


def test_a_candidates_home(world: World) -> None:
    world.graded()
    home = look_up.candidate_home(world.ports, CAROL)

    assert (home.attempts_left, len(home.submissions)) == (2, 1)
    assert home.version.slug == "credit-scoring"
    with pytest.raises(DeniedError):
        look_up.candidate_home(world.ports, ALICE)


def test_a_landing_page_knows_whom_it_greets(world: World) -> None:
    add_dave(world)
    landing = look_up.landing(world.ports, "dave-link")

    assert (landing.candidate_name, landing.invitation.id) == ("Cleo Candidate", "inv_dave")
    assert landing.version.id == "ver_1"
    world.clock.advance(8 * 86_400)
    with pytest.raises(ConflictError):
        look_up.landing(world.ports, "dave-link")


def test_logs_are_the_candidates_own(world: World) -> None:
    submission = world.graded()

    assert look_up.log_text(world.ports, CAROL, submission.id, "predict-stdout") == b"model loaded\n"
    assert look_up.log_text(world.ports, ALICE, submission.id, "predict-stderr") == b"a warning\n"
    with pytest.raises(NotFoundError):
        look_up.log_text(world.ports, DAVE, submission.id, "predict-stdout")


@pytest.mark.parametrize("name", ["predict-output", "predict-evidence", "../etc/passwd", ""])
def test_nothing_but_logs_is_a_log(world: World, name: str) -> None:
    submission = world.graded()
    with pytest.raises(NotFoundError):
        look_up.log_text(world.ports, CAROL, submission.id, name)


def test_the_kit_is_the_candidates(world: World) -> None:
    assert look_up.kit(world.ports, CAROL) == ("credit-scoring-v1-kit.zip", b"kit")
    with pytest.raises(DeniedError):
        look_up.kit(world.ports, ALICE)


def test_versions_are_listed_and_storage_answers(world: World) -> None:
    assert [v.id for v in look_up.challenge_versions(world.ports)] == ["ver_1"]
    look_up.check_storage(world.ports)
