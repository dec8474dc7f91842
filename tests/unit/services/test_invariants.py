"""Whatever happens in whatever order, the promises of the design hold: a state machine plays the faults.

Workers die before or after any of their writes, sleep through their leases while others go on, meet engines that
are silent; the queue is emptied or away; people cancel and try again meanwhile.
"""

import copy
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from audition.adapters.memory import MemoryUnitOfWork
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import FakeSandbox, Program
from audition.domain.contract import Inventory
from audition.domain.errors import ConflictError, UnavailableError
from audition.domain.grade import GradeStatus
from audition.domain.people import Principal
from audition.domain.run import Fault, Verdict
from audition.domain.submission import LEASED_STATES, SETTLED_STATES, TRANSITIONS, State, Submission
from audition.services.cancel import cancel
from audition.services.execute import execute_run, grade_run
from audition.services.reconcile import is_over
from audition.services.release import release
from audition.services.retry import regrade, rerun
from audition.services.runner import Runner
from audition.services.submit import attempts_left
from tests import factories
from tests.unit.services.world import (
    ALICE,
    CAROL,
    IMAGES,
    World,
    good_programs,
    grades,
    keeps,
    model_grade,
)  # fmt: skip

STAGES = ["unpack", "predict", "score", "judge"]
LEASE = 15.0


class KilledError(BaseException):
    """SIGKILL: no code of the worker runs after it."""


class Life:
    """How many more writes a worker makes before it is killed; once dead it stays dead."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def step(self) -> None:
        """One moment at which it may die: before or after a write."""
        self.check()
        self.steps -= 1
        self.check()

    def check(self) -> None:
        """Raise when it is dead."""
        if self.steps <= 0:
            raise KilledError


class MortalUnit(MemoryUnitOfWork):
    """A unit of work of a worker that dies."""

    life: Life

    def __enter__(self) -> Self:
        self.life.check()
        return super().__enter__()

    def commit(self) -> None:
        self.life.step()
        super().commit()
        self.life.step()


class MortalSandbox(FakeSandbox):
    """The same engine, used by a worker that may be dead when it should tidy up."""

    life: Life

    def discard(self, run_id: str, fence: int) -> None:
        self.life.check()
        super().discard(run_id, fence)


def mortal(world: World, steps: int) -> Runner:
    """A worker that will be killed."""
    life = Life(steps)

    def unit_of_work() -> MemoryUnitOfWork:
        unit = MortalUnit(world.database, world.queue)
        unit.life = life
        return unit

    box = MortalSandbox(world.sandbox.programs, engine=world.sandbox.engine)
    box.life = life
    ports = replace(world.ports, unit_of_work=unit_of_work)
    return replace(world.runner, ports=ports, sandbox=box, worker=f"mortal-{steps}", images=IMAGES)


def fails_with(code: int) -> Program:
    return lambda _: code


PREDICTS: dict[str, Callable[[], dict[str, Program | None]]] = {
    "good": good_programs,
    "exit 3": lambda: good_programs() | {"predict": fails_with(3)},
    "refused": lambda: good_programs() | {"unpack": keeps(Inventory(refusals=("A link.",)))},
    "grader bug": lambda: (
        good_programs() | {"score": grades(replace(model_grade(), status=GradeStatus.ERRORED, findings=()))}
    ),
    "grader crash": lambda: good_programs() | {"judge": fails_with(1)},
}


class Faults(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.fences: dict[str, int] = defaultdict(int)
        with self.world.ports.unit_of_work() as uow:
            uow.people.save_invitation(factories.make_invitation(attempts=4))
            uow.people.add_candidate(factories.make_candidate(id="can_2", email="two@example.org"))
            uow.people.add_invitation(
                factories.make_invitation(id="inv_2", candidate_id="can_2", token_digest="2" * 64, attempts=4)
            )
            uow.commit()

    def all(self) -> list[Submission]:
        return list(self.world.database.tables.submissions.values())

    def pick(self, number: int) -> Submission | None:
        found = self.all()
        return found[number % len(found)] if found else None

    @rule(who=st.sampled_from(["inv_1", "inv_2"]))
    def submit(self, who: str) -> None:
        his = copy.copy(self.world)
        his.carol = replace(CAROL, subject_id=who)
        try:
            his.submit()
        except ConflictError as refusal:
            assert refusal.code in {"no-attempts-left", "attempt-in-progress"}  # noqa: PT017  the rule goes on

    @rule(kind=st.sampled_from(sorted(PREDICTS)))
    def work(self, kind: str) -> None:
        self.world.sandbox.programs = PREDICTS[kind]()
        self.world.work_one()

    @rule(steps=st.integers(1, 26))
    def work_and_die(self, steps: int) -> None:
        self.world.sandbox.programs = good_programs()
        hint = self.world.queue.take()
        if hint is None:
            return
        kind, run_id, fence = hint
        try:
            {"execute": execute_run, "grade": grade_run}[kind](mortal(self.world, steps), run_id, fence)
        except KilledError:
            return  # Its hint stays "being worked on" until the queue notices, as with RQ.
        self.world.queue.done(hint)

    @rule(stage=st.sampled_from(STAGES), another_works=st.booleans(), dies_again=st.booleans())
    def work_and_sleep_through_the_lease(self, stage: str, *, another_works: bool, dies_again: bool) -> None:
        programs = good_programs()
        original = programs[stage]
        assert original is not None
        has_slept: list[bool] = []

        def sleeps(inside: Inside) -> int:
            if not has_slept:
                has_slept.append(True)
                self.world.clock.advance(LEASE * 2)
                self.reconcile()
                if dies_again:
                    self.work_and_die(5)
                if another_works:
                    self.world.work_one(self.world.worker("another"))
            return original(inside)

        self.world.sandbox.programs = programs | {stage: sleeps}
        self.world.work_one()

    @rule(stage=st.sampled_from(STAGES), transient=st.booleans())
    def work_on_a_failing_engine(self, stage: str, *, transient: bool) -> None:
        self.world.sandbox.programs = good_programs()
        self.world.sandbox.fail(stage, UnavailableError("The engine is silent.", transient=transient))
        self.world.work_one()
        self.world.sandbox._failures.clear()

    @rule(seconds=st.sampled_from([1.0, LEASE - 0.5, LEASE, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @rule()
    def reconcile(self) -> None:
        try:
            self.world.reconcile()
        except UnavailableError:
            assert self.world.queue.is_down

    @rule()
    def the_queue_is_emptied(self) -> None:
        self.world.queue.lose_everything()

    @rule()
    def the_queue_goes_away_or_comes_back(self) -> None:
        self.world.queue.is_down = not self.world.queue.is_down

    @rule()
    def dead_jobs_are_noticed(self) -> None:
        for hint in list(self.world.queue.taken):
            self.world.queue.done(hint)

    @rule()
    def sweep(self) -> None:
        self.world.sandbox.sweep(lambda run_id, fence: is_over(self.world.ports, run_id, fence))

    @rule(number=st.integers(0, 9), act=st.sampled_from(["cancel", "release", "rerun", "regrade"]))
    def a_person_acts(self, number: int, act: str) -> None:
        submission = self.pick(number)
        if submission is None:
            return
        ports, person = self.world.ports, ALICE
        acts: dict[str, Callable[[], Submission]] = {
            "cancel": lambda: cancel(ports, self.owner(submission), submission.id),
            "release": lambda: release(ports, person, submission.id),
            "rerun": lambda: rerun(ports, person, submission.id, "Again."),
            "regrade": lambda: regrade(ports, person, submission.id, "Again."),
        }
        try:
            acts[act]()
        except ConflictError:
            assert act not in {"release", "rerun"} or submission.state != State.GRADED

    def owner(self, submission: Submission) -> Principal:
        return replace(CAROL, subject_id=submission.invitation_id)

    @invariant()
    def the_audit_log_explains_each_state(self) -> None:
        entries = self.world.database.tables.audit_entries.values()
        for submission in self.all():
            state = State.RECEIVED
            for entry in entries:
                if entry.subject != submission.id:
                    continue
                old, new = entry.action.split("->")
                assert old == state
                assert State(new) in TRANSITIONS[state]
                assert entry.reason
                assert entry.actor
                state = State(new)
            assert state == submission.state

    @invariant()
    def a_lease_is_held_exactly_where_work_goes_on(self) -> None:
        for submission in self.all():
            run = self.world.run(submission)
            if submission.state == State.RUNNING:
                assert run.lease_until is not None
            if run.lease_until is not None:
                assert submission.state in LEASED_STATES

    @invariant()
    def fences_only_rise(self) -> None:
        for run in self.world.database.tables.runs.values():
            assert run.fence >= self.fences[run.id]
            self.fences[run.id] = run.fence

    @invariant()
    def a_run_has_one_set_of_evidence_and_of_grades(self) -> None:
        tables = self.world.database.tables
        for run in tables.runs.values():
            assert len({a.fence for a in tables.artifacts.values() if a.run_id == run.id}) <= 1
        for submission in self.all():
            graded = len(self.world.grades(submission))
            if submission.state in {State.GRADED, State.RELEASED}:
                assert graded == 2
            if submission.state in {State.QUEUED, State.RUNNING, State.REJECTED}:
                assert graded == 0

    @invariant()
    def what_is_ours_costs_no_attempt(self) -> None:
        for who in ("inv_1", "inv_2"):
            mine = [s for s in self.all() if s.invitation_id == who]
            paid = [s for s in mine if s.state in {State.GRADED, State.RELEASED}]
            waiting = [s for s in mine if s.state not in SETTLED_STATES]
            invitation = self.world.database.tables.invitations[who]
            left = attempts_left(invitation, tuple(mine))
            assert left == max(0, invitation.attempts - len(paid) - len(waiting))
        for submission in self.all():
            run = self.world.run(submission)
            if run.fault == Fault.PLATFORM and submission.state in SETTLED_STATES:
                assert submission.state in {State.ERRORED, State.CANCELLED}
                assert run.verdict == Verdict.INTERNAL_ERROR

    def teardown(self) -> None:
        """Heal everything: then every submission must come to an end by itself, and nothing may be left."""
        self.world.queue.is_down = False
        self.world.queue.lose_everything()
        self.world.sandbox.programs = good_programs()
        for _ in range(4):
            self.world.clock.advance(LEASE * 2)
            self.world.reconcile()
            self.world.work()
        assert {s.state for s in self.all()} <= SETTLED_STATES
        self.the_audit_log_explains_each_state()
        self.a_run_has_one_set_of_evidence_and_of_grades()
        self.sweep()
        assert self.world.sandbox.engine.containers == []
        assert self.world.sandbox.engine.volumes == {}


TestFaults = Faults.TestCase
TestFaults.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
