"""What a worker goes through once so that its jobs need not: everything that a job does, and nothing stays."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from audition.adapters.memory import MemoryQueue
from audition.adapters.sql import make_engine, sql_storage, tables, upgrade
from audition.domain.errors import UnavailableError
from audition.services.rehearse import rehearse
from tests.unit.services.world import World


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path}/test.db")
    upgrade(engine)
    yield engine
    engine.dispose()


def test_a_rehearsal_reads_and_writes_and_leaves_nothing(engine: Engine) -> None:
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *facts: said.append(facts[2].split()[0]))

    rehearse(replace(World().ports, unit_of_work=sql_storage(engine, MemoryQueue())))

    assert {"SELECT", "UPDATE", "INSERT"} <= set(said)
    with engine.connect() as connection:
        rows = [connection.execute(table.select()).all() for table in tables.metadata.sorted_tables]
    assert not any(rows)


def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    nowhere = make_engine(f"sqlite:///{tmp_path}/empty.db")

    with pytest.raises(UnavailableError):
        rehearse(replace(World().ports, unit_of_work=sql_storage(nowhere, MemoryQueue())))
    nowhere.dispose()
