"""Practice runs, extra time before the start, and which attempt its candidate wants to count."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """What is there already is no practice, has no extra time, and counts by its score."""
    op.add_column(
        "submissions", sa.Column("is_practice", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("invitations", sa.Column("extra_hours", sa.Float(), nullable=False, server_default="0"))
    op.add_column("invitations", sa.Column("chosen_submission_id", sa.String(), nullable=True))
