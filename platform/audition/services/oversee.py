"""Oversee the whole installation: what waits and runs, what failed and whose fault it was, how each worker is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audition.domain.errors import NotFoundError, UnavailableError
from audition.domain.fleet import WorkerReport, held_by
from audition.domain.people import AuditEntry, Principal, Role
from audition.domain.run import Fault, Run
from audition.domain.submission import LEASED_STATES, State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import require_role
from audition.services.prune import Waste, measure_waste

#: Faults are counted so far back.
FAULT_WINDOW = timedelta(days=30)
#: Lines of each list; what is beyond is counted among the states.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """A submission that waits, runs, or failed through no fault of its candidate."""

    submission: Submission
    run: Run
    challenge: str
    place: int | None = None
    """In the queue; 1 is next, None when it does not wait."""

    @property
    def worker(self) -> str:
        """Host and slot of who holds it; empty when nobody does."""
        return held_by(self.run.worker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker as operators see it."""

    report: WorkerReport
    is_silent: bool
    is_draining: bool
    at_work: tuple[AtWork, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What the queue's server says."""

    depth: int
    reports: tuple[WorkerReport, ...]
    draining: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What can be measured of an installation at any time."""

    states: dict[State, int]
    faults: dict[Fault | None, int]
    """Runs that ended within `FAULT_WINDOW`; None are those that nobody failed."""
    queue: Queue | None
    """None when it does not answer, which delays work and loses none."""
    oldest_waiting_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """What an operator wants to know."""

    overview: Overview
    at_work: tuple[AtWork, ...]
    errored: tuple[AtWork, ...]
    workers: tuple[Worker, ...]
    waste: Waste


def survey(ports: Ports) -> Overview:
    """Count, for pages and for programs that watch; nobody is named.

    Raises:
        UnavailableError: The database does not answer.
    """
    now = ports.clock.now()
    with ports.unit_of_work() as uow:
        counted = uow.submissions.count_by_state()
        waiting = uow.submissions.in_states([State.QUEUED], 1)
        faults = uow.runs.count_faults(now - FAULT_WINDOW)
    return Overview(
        states={state: counted.get(state, 0) for state in State},
        faults=faults,
        queue=_queue(ports),
        oldest_waiting_at=waiting[0].state_changed_at if waiting else None,
        seen_at=now,
    )


def oversee(ports: Ports, principal: Principal) -> Operations:
    """Everything that the operators' page shows.

    Raises:
        DeniedError: The asker is no operator.
        UnavailableError: The database does not answer.
    """
    require_role(principal, Role.OPERATOR)
    overview = survey(ports)
    with ports.unit_of_work() as uow:
        at_work = _listed(uow, [State.QUEUED, *LEASED_STATES])
        errored = _listed(uow, [State.ERRORED])
    return Operations(
        overview=overview,
        at_work=at_work,
        errored=errored,
        workers=_workers(overview, at_work),
        waste=measure_waste(ports),
    )


def drain(ports: Ports, principal: Principal, worker: str, *, is_draining: bool) -> None:
    """Have a worker take no more jobs (the one that it has is finished), or take them again.

    Raises:
        DeniedError: The asker is no operator.
        NotFoundError: No worker of this name was heard of.
        UnavailableError: The queue does not answer.
    """
    require_role(principal, Role.OPERATOR)
    if worker not in {report.name for report in ports.queue.told()}:
        msg = f"No worker {worker[:80]!r} was heard of."
        raise NotFoundError(msg, code="worker-not-found", next_step="Open the page of operations again.")
    ports.queue.set_draining(worker, is_draining=is_draining)
    entry = AuditEntry(
        at=ports.clock.now(),
        actor=principal.actor,
        action="drained" if is_draining else "resumed",
        subject=f"worker:{worker}",
        reason="It takes no more jobs." if is_draining else "It takes jobs again.",
    )
    with ports.unit_of_work() as uow:
        uow.audit.add(entry)
        uow.commit()


def _queue(ports: Ports) -> Queue | None:
    queue = ports.queue
    try:
        return Queue(depth=queue.depth(), reports=queue.told(), draining=queue.draining())
    except UnavailableError:
        return None


def _listed(uow: UnitOfWork, states: list[State]) -> tuple[AtWork, ...]:
    found = uow.submissions.in_states(states, MOST_LISTED)
    runs = uow.runs.latest_of([submission.id for submission in found])
    titles = {version.id: version.manifest.title for version in uow.challenges.all()}
    waiting = [submission.id for submission in found if submission.state == State.QUEUED]
    return tuple(
        AtWork(
            submission=submission,
            run=runs[submission.id],
            challenge=titles[submission.challenge_version_id],
            place=waiting.index(submission.id) + 1 if submission.id in waiting else None,
        )
        for submission in found
    )


def _workers(overview: Overview, at_work: tuple[AtWork, ...]) -> tuple[Worker, ...]:
    if overview.queue is None:
        return ()
    return tuple(
        Worker(
            report=report,
            is_silent=report.is_silent(overview.seen_at),
            is_draining=report.name in overview.queue.draining,
            at_work=tuple(one for one in at_work if one.worker == report.name),
        )
        for report in overview.queue.reports
    )
