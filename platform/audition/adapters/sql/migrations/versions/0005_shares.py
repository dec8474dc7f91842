"""Shares: links under which reports are read without an account."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "shares",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shares"),
        sa.UniqueConstraint("token_digest", name="uq_shares_token_digest"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_shares_submission_id"),
        sa.ForeignKeyConstraint(["created_by"], ["staff_users.id"], name="fk_shares_created_by"),
    )
    op.create_index("ix_shares_submission_id", "shares", ["submission_id"])
