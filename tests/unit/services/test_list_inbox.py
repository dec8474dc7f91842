"""What reviewers find before them: what waits for a person first, from as few queries for many as for few."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from audition.adapters.memory import MemoryQueue
from audition.adapters.sql import make_engine, sql_storage, upgrade
from audition.domain.errors import DeniedError
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.ports import UnitOfWorkFactory
from audition.services.list_inbox import Todo, inbox
from audition.services.mark_submission import begin_review
from audition.services.release import release
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path}/test.db")
    upgrade(engine)
    yield engine
    engine.dispose()


def test_what_waits_comes_before_what_is_newer(world: World) -> None:
    first = world.graded()
    world.clock.advance(1)
    second = world.submit()
    rows = inbox(world.ports, ALICE)

    assert [row.submission.id for row in rows] == [first.id, second.id]
    assert [row.todo for row in rows] == [(Todo.MARK, Todo.RELEASE), ()]
    assert rows[0].verdict == Verdict.ACCEPTED
    assert rows[0].score == pytest.approx(0.7 * 0.525 + 0.3)
    assert (rows[1].verdict, rows[1].score) == ("", None)


def test_what_waits_is_listed_however_old_it_is(world: World) -> None:
    old = world.graded()
    world.clock.advance(1)
    new = world.submit()

    assert [row.submission.id for row in inbox(world.ports, ALICE, limit=1)] == [old.id, new.id]


def test_a_released_report_can_still_be_marked(world: World) -> None:
    submission = world.graded()
    release(world.ports, ALICE, submission.id)
    assert inbox(world.ports, ALICE)[0].todo == (Todo.MARK,)
    begin_review(world.ports, ALICE, submission.id)
    assert inbox(world.ports, ALICE)[0].todo == (Todo.GO_ON,)


def test_the_reference_waits_for_nobody() -> None:
    world = World(reference=b"PK archive")
    world.graded()
    (row,) = inbox(world.ports, ALICE)
    assert (row.is_reference, row.todo) == (True, ())


def test_the_inbox_is_for_reviewers(world: World) -> None:
    with pytest.raises(DeniedError):
        inbox(world.ports, CAROL)


def fill(storage: UnitOfWorkFactory, numbers: range) -> None:
    """Store a graded submission of another candidate for each number."""
    with storage() as uow:
        for n in numbers:
            uow.people.add_candidate(factories.make_candidate(id=f"can_{n}", email=f"{n}@example.org"))
            uow.people.add_invitation(
                factories.make_invitation(id=f"inv_{n}", candidate_id=f"can_{n}", token_digest=f"{n:064d}")
            )
            uow.submissions.add(
                factories.make_submission(id=f"sub_{n}", invitation_id=f"inv_{n}", state=State.GRADED)
            )
            uow.runs.add(factories.make_run(id=f"run_{n}", submission_id=f"sub_{n}"))
        uow.commit()


def test_a_long_list_asks_the_database_no_more_often_than_a_short_one(engine: Engine) -> None:
    storage = sql_storage(engine, MemoryQueue())
    ports = replace(World().ports, unit_of_work=storage)
    with storage() as uow:
        uow.challenges.add(factories.make_version())
        uow.commit()
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *facts: said.append(facts[2]))
    counts = []
    for numbers in (range(2), range(2, 20)):
        fill(storage, numbers)
        said.clear()
        assert len(inbox(ports, ALICE)) == numbers.stop
        counts.append(len(said))
    assert counts[0] == counts[1]
