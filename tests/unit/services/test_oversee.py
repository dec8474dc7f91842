"""What operators see of everything, and what they can do to a worker."""

from dataclasses import replace
from datetime import timedelta

import pytest

from audition.domain.errors import DeniedError, NotFoundError, UnavailableError
from audition.domain.fleet import Place, WorkerReport, held_by
from audition.domain.people import Role
from audition.domain.run import Fault
from audition.domain.submission import State
from audition.services.oversee import FAULT_WINDOW, drain, oversee, survey
from tests import factories
from tests.unit.services.world import ALICE, World

OLGA = replace(ALICE, subject_id="usr_o", roles=frozenset({Role.OPERATOR}))


def told(world: World, name: str = "worker-a", **more: object) -> None:
    place = Place(path="/srv", free_bytes=1, total_bytes=2)
    report = WorkerReport(name=name, told_at=world.clock.now(), places=(place,), **more)  # type: ignore[arg-type]
    world.queue.tell(report)


def test_submissions_are_counted_by_state_and_runs_by_fault(world: World) -> None:
    world.graded()
    world.clock.advance(9)
    world.submit()
    seen = survey(world.ports)

    assert (seen.states[State.GRADED], seen.states[State.QUEUED], seen.states[State.RUNNING]) == (1, 1, 0)
    assert seen.faults == {None: 1}
    assert seen.oldest_waiting_at == factories.later(9)
    assert seen.queue is not None
    assert seen.queue.depth == 1
    world.clock.advance(FAULT_WINDOW.total_seconds())
    assert survey(world.ports).faults == {}


def test_what_waits_has_its_place_and_what_failed_its_reason(world: World) -> None:
    def breaks(_: object) -> int:
        raise UnavailableError("The engine went away.", transient=False)  # noqa: EM101

    world.sandbox.programs["predict"] = breaks
    failed = world.graded()
    waiting = world.submit()
    seen = oversee(world.ports, OLGA)

    assert [(one.submission.id, one.run.fault) for one in seen.errored] == [(failed.id, Fault.PLATFORM)]
    assert "engine went away" in seen.errored[0].submission.state_reason
    assert [(one.submission.id, one.place, one.worker) for one in seen.at_work] == [(waiting.id, 1, "")]
    assert seen.overview.faults == {Fault.PLATFORM: 1}


def test_a_worker_is_seen_with_what_it_is_at_and_counts_as_silent_after_a_while(world: World) -> None:
    told(world, "worker-a")
    told(world, "other/1", trouble="The disk is full.")
    seen = []

    def looks(_: object) -> int:
        seen.append(oversee(world.ports, OLGA))
        return 1

    world.sandbox.programs["predict"] = looks
    submission = world.graded()

    other, mine = seen[0].workers
    assert (other.report.trouble, other.at_work) == ("The disk is full.", ())
    assert [one.submission.id for one in mine.at_work] == [submission.id]
    assert not mine.is_silent
    world.clock.advance(60)
    assert [worker.is_silent for worker in oversee(world.ports, OLGA).workers] == [True, True]


def test_a_queue_that_is_away_hides_the_workers_and_nothing_else(world: World) -> None:
    told(world)
    world.submit()
    world.queue.is_down = True
    seen = oversee(world.ports, OLGA)
    assert (seen.overview.queue, seen.workers, len(seen.at_work)) == (None, (), 1)


def test_draining_is_kept_and_written_down(world: World) -> None:
    told(world)
    drain(world.ports, OLGA, "worker-a", is_draining=True)
    assert [worker.is_draining for worker in oversee(world.ports, OLGA).workers] == [True]
    drain(world.ports, OLGA, "worker-a", is_draining=False)
    assert [worker.is_draining for worker in oversee(world.ports, OLGA).workers] == [False]
    with world.ports.unit_of_work() as uow:
        entries = uow.audit.about("worker:worker-a")
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("staff:usr_o", "drained"),
        ("staff:usr_o", "resumed"),
    ]


def test_only_workers_that_were_heard_of_can_be_drained_and_by_operators_only(world: World) -> None:
    with pytest.raises(NotFoundError, match="worker-a"):
        drain(world.ports, OLGA, "worker-a", is_draining=True)
    told(world)
    with pytest.raises(DeniedError):
        drain(world.ports, ALICE, "worker-a", is_draining=True)
    with pytest.raises(DeniedError):
        oversee(world.ports, ALICE)


def test_what_would_be_freed_is_told(world: World) -> None:
    world.blobs.put(b"left behind")
    world.clock.advance(timedelta(days=8).total_seconds())
    assert oversee(world.ports, OLGA).waste.files >= 0


@pytest.mark.parametrize(
    ("worker", "place"), [("host-1/0/4711", "host-1/0"), ("worker-a", "worker-a"), (None, "")]
)
def test_who_holds_a_run_is_named_by_host_and_slot(worker: str | None, place: str) -> None:
    assert held_by(worker) == place
