"""The schema's history. Alembic is used as a library: there is no alembic.ini and no second command line."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from audition.adapters.sql.errors import translated

#: Any fixed number will do: it names our advisory lock among all locks of a PostgreSQL database.
_LOCK_KEY = 0x41554449


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema; safe when several processes do it at once.

    The whole upgrade is one transaction under a lock, so it happens once and completely, or not at all. On
    SQLite the lock is the write lock, which our engine takes with every transaction.

    Raises:
        UnavailableError: The database does not answer.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with translated(), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
