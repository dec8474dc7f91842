"""The migrated schema is the one that `tables.py` describes, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from audition.adapters.memory import MemoryQueue
from audition.adapters.sql import make_engine, migrations, sql_storage, upgrade
from audition.adapters.sql.tables import metadata
from audition.domain.errors import UnavailableError
from tests import factories as make


def test_the_migrated_schema_equals_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_comparison_can_fail(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("DROP INDEX ix_submissions_created_at"))
        connection.execute(text("ALTER TABLE runs ADD COLUMN mood INTEGER"))
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = {difference[0] for difference in compare_metadata(context, metadata)}
        connection.rollback()
    assert differences == {"add_index", "remove_column"}


def test_the_history_is_one_line() -> None:
    folder = Path(str(migrations.__file__)).parent
    assert len(ScriptDirectory(str(folder)).get_heads()) == 1


def test_upgrading_again_keeps_what_is_stored(engine: Engine) -> None:
    storage = sql_storage(engine, MemoryQueue())
    with storage() as unit:
        make.store_run(unit)
        unit.commit()
    upgrade(engine)
    with storage() as unit:
        assert unit.runs.get("run_1") == make.make_run()


def test_an_upgrade_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/half.db")
    with engine.begin() as connection:
        # In the way of one of the last tables, so that the upgrade fails after most of its work.
        connection.execute(text("CREATE TABLE stages (id INTEGER)"))
    with pytest.raises(UnavailableError, match="already exists"):
        upgrade(engine)
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        assert set(names.scalars()) == {"stages"}
    engine.dispose()


def test_a_database_that_nobody_migrated_says_what_to_run(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/none.db")
    with (
        pytest.raises(UnavailableError, match="schema") as caught,
        sql_storage(engine, MemoryQueue())() as unit,
    ):
        unit.submissions.recent()
    assert "audition migrate" in caught.value.next_step
    assert not caught.value.transient
    engine.dispose()
