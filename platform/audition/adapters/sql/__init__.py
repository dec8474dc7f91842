"""The storage port on SQLite and PostgreSQL, with SQLAlchemy Core and Alembic."""

from audition.adapters.sql.engine import make_engine
from audition.adapters.sql.migrations import upgrade
from audition.adapters.sql.unit_of_work import SqlUnitOfWork, sql_storage

__all__ = ["SqlUnitOfWork", "make_engine", "sql_storage", "upgrade"]
