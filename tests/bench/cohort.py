"""What pages that show many submissions take, with a thousand of them over SQLite."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from flask.testing import FlaskClient

from audition.adapters.memory import FixedClock, MemoryQueue
from audition.adapters.sql import make_engine, sql_storage, upgrade
from audition.domain.grade import Dimension, Finding, Grade, Outcome
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.ports import Ports, UnitOfWork
from audition.web.app import create_app
from tests import factories
from tests.web.clients import browser_of
from tests.web.world import PASSWORD, World, make_ports, settings_for

SUBMISSIONS = 1000
FINDINGS = 60
#: Server time in which a page must be there.
_MOST_MS = 300.0
_TIMES = 7
_REVIEWED = 200
_PAGES = {
    "cohort": "/r/cohort/ver_1",
    "cohort.csv": "/r/cohort/ver_1/exports/cohort.csv",
    "submissions": "/r",
    "report": "/r/sub_0",
    "compare four": "/r/compare?s=sub_0&s=sub_1&s=sub_2&s=sub_3",
}


def report(folder: Path, say: Callable[[str], None]) -> str:
    """Fill a database, ask for each page, lay out.

    Args:
        folder: Where the database is made.
        say: Told what has been done.
    """
    world = _world(folder)
    say(f"{SUBMISSIONS} submissions with {FINDINGS} findings each are stored")
    client = browser_of(world, "alice")
    what = f"{SUBMISSIONS:,} submissions of {FINDINGS} findings each, {_REVIEWED} of them reviewed"
    lines = [
        f"Server time with {what}, SQLite, median of {_TIMES} (at most {_MOST_MS:.0f} ms)",
        "| page | ms | of them on a processor | KiB |",
        "|---|---|---|---|",
    ]
    for name, path in _PAGES.items():
        ms, processor_ms, size = _measure(client, path)
        lines.append(f"| {name} | {ms:.0f} | {processor_ms:.0f} | {size / 1024:.0f} |")
        say(name)
    return "\n".join(lines)


def _measure(client: FlaskClient, path: str) -> tuple[float, float, int]:
    """Median milliseconds in all and on a processor, and bytes; the first request is not counted."""
    taken, worked = list[float](), list[float]()
    size = 0
    for _ in range(_TIMES + 1):
        start, start_work = time.perf_counter(), time.process_time()
        answer = client.get(path)
        taken.append((time.perf_counter() - start) * 1000)
        worked.append((time.process_time() - start_work) * 1000)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}"
        size = len(answer.data)
    return median(taken[1:]), median(worked[1:]), size


def _world(folder: Path) -> World:
    clock, queue = FixedClock(factories.NOW), MemoryQueue()
    engine = make_engine(f"sqlite:///{folder}/cohort.db")
    upgrade(engine)
    ports = replace(make_ports(clock, queue), unit_of_work=sql_storage(engine, queue))
    _fill(ports)
    settings = settings_for(folder)
    return World(app=create_app(ports, settings), ports=ports, clock=clock, queue=queue)


def _fill(ports: Ports) -> None:
    with ports.unit_of_work() as uow:
        uow.challenges.add(factories.make_version())
        for name in ("alice", "rita"):
            uow.people.add_staff(
                factories.make_staff(
                    id=f"usr_{name}",
                    email=f"{name}@example.org",
                    password_hash=ports.passwords.hash(PASSWORD),
                )
            )
        for number in range(SUBMISSIONS):
            _add(uow, number)
            if number < _REVIEWED:
                _review(uow, number)
        uow.commit()


def _add(uow: UnitOfWork, number: int) -> None:
    """One candidate with one graded submission."""
    at = factories.later(number)
    uow.people.add_candidate(
        factories.make_candidate(id=f"can_{number}", email=f"c{number}@example.org", alias=f"Heron {number}")
    )
    invitation = factories.make_invitation(
        id=f"inv_{number}", candidate_id=f"can_{number}", token_digest=f"{number:064}", started_at=at
    )
    uow.people.add_invitation(invitation)
    uow.submissions.add(
        factories.make_submission(
            id=f"sub_{number}", invitation_id=invitation.id, state=State.GRADED, created_at=at
        )
    )
    run = factories.make_run(
        id=f"run_{number}",
        submission_id=f"sub_{number}",
        verdict=Verdict.ACCEPTED,
        finished_at=at + timedelta(minutes=3),
    )
    uow.runs.add(run)
    uow.grades.publish(run.id, _grades(number))


def _grades(number: int) -> tuple[Grade, ...]:
    """As many findings as asked for, over all dimensions; every submission has others."""
    by_dimension = FINDINGS // len(Dimension) + 1
    sheets = []
    left = FINDINGS
    for place, dimension in enumerate(Dimension):
        count = min(by_dimension, left)
        left -= count
        findings = tuple(_finding(f"{dimension}.check-{n}", number * (7 + n) + place) for n in range(count))
        sheets.append(
            factories.make_grade(
                grader=f"grader-{place}",
                dimension=dimension,
                findings=findings,
                metrics=(),
                curves=(),
            )
        )
    return tuple(sheets)


def _finding(check: str, seed: int) -> Finding:
    is_passed = seed % 3 != 0
    return factories.make_finding(
        check=check,
        outcome=Outcome.PASSED if is_passed else Outcome.FAILED,
        points=2.0 if is_passed else 0.0,
        max_points=2.0,
    )


def _review(uow: UnitOfWork, number: int) -> None:
    """Two signed reviews that differ by a level now and then."""
    for seat, name in enumerate(("alice", "rita"), 1):
        review = factories.make_review(
            id=f"rev_{number}_{seat}", submission_id=f"sub_{number}", reviewer_id=f"usr_{name}", seat=seat
        )
        uow.reviews.add(review)
        for place, item in enumerate(factories.make_rubric()):
            level = (number + place) % 2 if seat == 1 or number % 5 else 1
            uow.reviews.save_mark(factories.make_mark(review_id=review.id, item=item.id, level=level))
        uow.reviews.sign(review.id, "", factories.NOW)
