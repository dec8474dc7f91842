"""Overrides: what people changed about findings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "overrides",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("check", sa.String(), nullable=False),
        sa.Column("grader_version", sa.String(), nullable=False),
        sa.Column("old_outcome", sa.String(), nullable=False),
        sa.Column("old_points", sa.Float(), nullable=False),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("withdrawn_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_overrides"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_overrides_run_id"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["staff_users.id"], name="fk_overrides_reviewer_id"),
    )
    op.create_index("ix_overrides_run_id", "overrides", ["run_id"])
