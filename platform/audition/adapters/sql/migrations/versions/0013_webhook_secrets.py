"""Webhooks can be given another secret."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add both columns; webhooks that are there keep their first secret."""
    op.add_column("webhooks", sa.Column("secret_number", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("webhooks", sa.Column("secret_at", sa.DateTime(timezone=True), nullable=True))
