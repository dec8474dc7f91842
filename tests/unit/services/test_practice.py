"""A practice run tells whether a submission works, costs nothing, and is nobody's but its candidate's."""

from collections.abc import Callable

import pytest

from audition.adapters.memory import MemoryBlobs
from audition.adapters.memory.storage import MemoryUnitOfWork
from audition.domain import places
from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.practice import MOST_PRACTICE, practised
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.ports import Ports
from audition.services import look_up
from audition.services.claim import claim
from audition.services.compose_report import compose_report
from audition.services.list_inbox import inbox
from audition.services.mark_submission import read_sheet
from audition.services.override_check import override_check
from audition.services.release import release
from audition.services.retry import regrade, rerun
from audition.services.share_report import create_share
from audition.services.survey_cohort import survey_cohort
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, grades


@pytest.fixture
def world() -> World:
    """A challenge with every stage that the fake sandbox plays; the graders look at the form alone."""
    made = World()
    finding = factories.make_finding(check="output.present", points=0.0, max_points=0.0)
    made.sandbox.programs["score"] = grades(factories.make_grade(grader="output-format", findings=(finding,)))
    return made


def test_it_predicts_and_has_its_form_looked_at_and_is_not_judged(world: World) -> None:
    practised = world.practise()

    assert (practised.state, world.run(practised).verdict) == (State.GRADED, Verdict.ACCEPTED)
    assert [s.stage.value for s in look_up.status(world.ports, CAROL, practised.id).stages] == [
        "unpack", "predict", "score",
    ]  # fmt: skip
    score = next(spec for spec in world.sandbox.specs if spec.stage == "score")
    assert score.environment[places.GRADERS_VARIABLE] == "output-format"
    assert "judge" not in world.sandbox.stages()


def test_it_stores_what_it_tries_when_its_transaction_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_units, stored_in = [0], []
    enter, leave, put = MemoryUnitOfWork.__enter__, MemoryUnitOfWork.__exit__, MemoryBlobs.put

    def count_in(self: MemoryUnitOfWork) -> MemoryUnitOfWork:
        open_units[0] += 1
        return enter(self)

    def count_out(self: MemoryUnitOfWork, *details: object) -> None:
        open_units[0] -= 1
        leave(self, *details)  # type: ignore[arg-type]

    def watch(self: MemoryBlobs, data: bytes) -> str:
        stored_in.append(open_units[0])
        return put(self, data)

    monkeypatch.setattr(MemoryUnitOfWork, "__enter__", count_in)
    monkeypatch.setattr(MemoryUnitOfWork, "__exit__", count_out)
    monkeypatch.setattr(MemoryBlobs, "put", watch)
    submitted = world.submit_practice()
    run = world.run(submitted)
    stored_in.clear()
    claimed = claim(world.runner, run.id, run.fence, State.QUEUED)
    assert claimed is not None
    assert claimed.version.manifest == practised(claimed.version.manifest)
    assert stored_in == [0]


def test_its_candidate_reads_what_was_found_without_notes(world: World) -> None:
    status = look_up.status(world.ports, CAROL, world.practise().id)

    assert [(f.check, f.reviewer_note) for f in status.practised] == [("output.present", "")]
    assert status.planned_stages == ("unpack", "predict", "score")


def test_it_costs_no_attempt_and_is_limited(world: World) -> None:
    for _ in range(MOST_PRACTICE):
        world.practise()

    home = look_up.candidate_home(world.ports, CAROL)
    assert (home.attempts_left, home.practice_left) == (3, 0)
    with pytest.raises(ConflictError, match="All 5 practice runs are used"):
        world.practise()
    assert world.submit().is_practice is False


def test_it_can_be_done_when_all_attempts_are_used(world: World) -> None:
    for _ in range(3):
        world.graded()
    with pytest.raises(ConflictError):
        world.submit()
    assert world.practise().is_practice


def test_no_list_of_a_reviewer_has_it(world: World) -> None:
    world.practise()

    assert inbox(world.ports, ALICE) == ()
    cohort = survey_cohort(world.ports, ALICE, "ver_1")
    assert (cohort.attempts, cohort.funnel.submitted) == ((), 0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda ports, id_: look_up.status(ports, ALICE, id_),
        lambda ports, id_: compose_report(ports, ALICE, id_),
        lambda ports, id_: read_sheet(ports, ALICE, id_),
        lambda ports, id_: release(ports, ALICE, id_),
        lambda ports, id_: rerun(ports, ALICE, id_, "Again."),
        lambda ports, id_: regrade(ports, ALICE, id_, "Again."),
        lambda ports, id_: create_share(ports, ALICE, id_, 7),
        lambda ports, id_: override_check(ports, ALICE, id_, "output.present", points=0.0, reason="No."),
    ],
)
def test_a_reviewer_who_knows_its_id_finds_nothing(world: World, ask: Callable[[Ports, str], object]) -> None:
    practised = world.practise()
    with pytest.raises(NotFoundError):
        ask(world.ports, practised.id)


def test_it_has_no_report(world: World) -> None:
    with pytest.raises(ConflictError):
        compose_report(world.ports, CAROL, world.practise().id)
