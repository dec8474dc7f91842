"""Several processes on one database: exactly one wins, and nobody fails for having come late."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import OperationalError

from audition.adapters.memory import MemoryQueue
from audition.adapters.sql import make_engine, sql_storage, upgrade
from audition.adapters.sql.tables import metadata
from audition.domain.errors import UnavailableError
from audition.domain.kept_answer import KeptAnswer
from audition.domain.submission import State
from tests import factories as make
from tests.contract.conftest import SQL_PARAMS, Storage

_CONTEXT = multiprocessing.get_context("fork")


def in_processes(count: int, job: Callable[[Any, int], object], url: str) -> list[Any]:
    """Run `job(unit_of_work_factory, number)` in processes that start at the same moment."""
    barrier, answers = _CONTEXT.Barrier(count), _CONTEXT.Queue()

    def body(number: int) -> None:
        engine = make_engine(url)
        barrier.wait(timeout=120)
        try:
            answers.put(job(sql_storage(engine, MemoryQueue()), number))
        except BaseException as error:
            answers.put(repr(error))
            raise
        finally:
            engine.dispose()

    processes = [_CONTEXT.Process(target=body, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    results = [answers.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(timeout=120)
    return results


@pytest.fixture
def with_run(engine: Engine, database_url: str) -> str:
    with sql_storage(engine, MemoryQueue())() as unit:
        make.store_run(unit)
        unit.commit()
    return database_url


def test_eight_processes_claim_and_one_wins(with_run: str) -> None:
    def claim(storage: Any, number: int) -> bool:
        with storage() as unit:
            won: bool = unit.runs.claim("run_1", 0, f"worker-{number}", make.later(15), make.NOW)
            unit.commit()
        return won

    assert sorted(in_processes(8, claim, with_run)) == [False] * 7 + [True]


def test_eight_processes_move_a_submission_and_one_wins(with_run: str) -> None:
    def move(storage: Any, _number: int) -> bool:
        with storage() as unit:
            # Read first, as services do: late failures of a read that becomes a write would show here.
            unit.submissions.get("sub_1")
            won: bool = unit.submissions.move("sub_1", State.QUEUED, State.RUNNING, "claimed", make.NOW)
            unit.commit()
        return won

    assert sorted(in_processes(8, move, with_run)) == [False] * 7 + [True]


def test_eight_processes_take_a_key_and_the_others_are_shown_whose_it_is(with_run: str) -> None:
    def reserve(storage: Any, number: int) -> str:
        mine = KeptAnswer(actor="staff:usr_1", key="first", fingerprint=f"{number:064}", created_at=make.NOW)
        with storage() as unit:
            unit.answers.forget_before(make.NOW)
            taken: KeptAnswer | None = unit.answers.reserve(mine)
            unit.commit()
        return (taken or mine).fingerprint

    assert len(set(in_processes(8, reserve, with_run))) == 1


def test_writers_from_many_processes_all_get_through(with_run: str) -> None:
    def write(storage: Any, number: int) -> int:
        for step in range(20):
            with storage() as unit:
                unit.audit.add(make.make_audit_entry(reason=f"{number}/{step}"))
                unit.commit()
        return 20

    assert sum(in_processes(8, write, with_run)) == 160
    engine = make_engine(with_run)
    with sql_storage(engine, MemoryQueue())() as unit:
        assert len({entry.reason for entry in unit.audit.about("sub_1")}) == 160
    engine.dispose()


@pytest.mark.usefixtures("with_run")
def test_a_stage_cannot_slip_in_beside_a_claim(engine: Engine) -> None:
    """Who saves a stage keeps the fence until the commit: a claim waits for it."""
    storage = sql_storage(engine, MemoryQueue())
    claims: list[bool] = []

    def claim() -> None:
        with storage() as unit:
            claims.append(unit.runs.claim("run_1", 0, "w", make.later(15), make.NOW))
            unit.commit()

    thread = Thread(target=claim)
    with storage() as unit:
        assert unit.runs.save_stage(make.make_stage(fence=0))
        thread.start()
        thread.join(timeout=0.3)
        assert claims == []
        unit.commit()
    thread.join(timeout=120)
    assert claims == [True]


def test_a_child_may_use_the_engine_of_its_parent(with_run: str) -> None:
    """RQ forks for each job, with an engine that already has pooled connections."""
    engine = make_engine(with_run)
    storage = sql_storage(engine, MemoryQueue())
    with storage() as unit:
        unit.runs.get("run_1")
    answers = _CONTEXT.Queue()

    def body(number: int) -> None:
        with storage() as unit:
            answers.put(unit.runs.claim("run_1", number, "child", make.later(15), make.NOW))
            unit.commit()

    for number in range(2):
        process = _CONTEXT.Process(target=body, args=(number,))
        process.start()
        assert answers.get(timeout=120)
        process.join(timeout=120)
        with storage() as unit:
            assert unit.runs.get("run_1").fence == number + 1
    engine.dispose()


def test_a_child_inherits_no_connection(tmp_path: Path) -> None:
    """SQLite's locks would be wrong in the child, see `engine._close_before_fork`."""
    url = f"sqlite:///{tmp_path}/forked.db"
    engine = make_engine(url)
    upgrade(engine)
    assert _descriptors_of(tmp_path) != []
    answers = _CONTEXT.Queue()
    process = _CONTEXT.Process(target=lambda: answers.put(_descriptors_of(tmp_path)))
    process.start()
    assert answers.get(timeout=120) == []
    process.join(timeout=120)
    engine.dispose()


@pytest.mark.parametrize("kind", SQL_PARAMS)
def test_processes_that_migrate_at_once_do_it_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/new/fresh.db"
    if kind == "postgres":
        url = _fresh_postgres_database(request.getfixturevalue("postgres_url"))

    def migrate(_storage: Any, _number: int) -> str:
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        return "done"

    assert in_processes(4, migrate, url) == ["done"] * 4
    engine = make_engine(url)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_threads_are_kept_apart(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        unit.commit()
    barrier, wins = Barrier(8), list[bool]()

    def claim(name: str) -> None:
        barrier.wait(timeout=120)
        with storage.unit_of_work() as unit:
            wins.append(unit.runs.claim("run_1", 0, name, make.later(15), make.NOW))
            unit.commit()

    threads = [Thread(target=claim, args=(f"thread-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert sorted(wins) == [False] * 7 + [True]


def test_a_database_that_is_down_is_unavailable(tmp_path: Path) -> None:
    engine = make_engine(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        sql_storage(engine, MemoryQueue())().__enter__()
    assert caught.value.transient


def _descriptors_of(folder: Path) -> list[str]:
    links = Path("/proc/self/fd").iterdir()
    names = [str(link.readlink()) for link in links if link.is_symlink()]
    return [name for name in names if name.startswith(str(folder))]


def test_nobody_who_opens_a_new_file_at_the_same_moment_is_turned_away(tmp_path: Path) -> None:
    for attempt in range(60):
        url, barrier, refused = f"sqlite:///{tmp_path}/{attempt}.db", Barrier(8), list[Exception]()

        def open_it(url: str = url, barrier: Barrier = barrier, refused: list[Exception] = refused) -> None:
            engine = make_engine(url)
            barrier.wait(timeout=120)
            try:
                with engine.connect() as connection:
                    connection.exec_driver_sql("SELECT 1")
            except OperationalError as error:
                refused.append(error)
            engine.dispose()

        threads = [Thread(target=open_it) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert refused == []


def _fresh_postgres_database(url: str) -> str:
    engine = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS fresh")
        connection.exec_driver_sql("CREATE DATABASE fresh")
    engine.dispose()
    return url.replace("/postgres?", "/fresh?")
