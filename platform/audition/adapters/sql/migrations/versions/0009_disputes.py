"""Disputes: what candidates hold against findings, and what reviewers answer."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "disputes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("check", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=True),
        sa.Column("answered_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_disputes"),
        sa.UniqueConstraint("submission_id", "check", name="uq_disputes_submission_id_check"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_disputes_submission_id"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["staff_users.id"], name="fk_disputes_reviewer_id"),
    )
    op.create_index("ix_disputes_state_created_at", "disputes", ["state", "created_at"])
