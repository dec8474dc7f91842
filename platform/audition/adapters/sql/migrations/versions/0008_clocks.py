"""Personal clocks of invitations, and their pauses."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Who was invited before has the whole window, as ever."""
    for column in (
        sa.Column("clock_hours", sa.Float(), nullable=True),
        sa.Column("pauses", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("pauses_used", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_seconds", sa.Float(), nullable=False, server_default="0"),
    ):
        op.add_column("invitations", column)
