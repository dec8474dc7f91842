"""Run by Alembic; takes the connection that `upgrade` has opened, with its transaction."""

from alembic import context

from audition.adapters.sql.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
