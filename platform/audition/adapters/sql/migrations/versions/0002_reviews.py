"""Rubrics of challenge versions, reviews and their marks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Versions that are there already have no rubric; publishing their folder again makes one that has."""
    op.add_column(
        "challenge_versions",
        sa.Column("rubric", sa.JSON(none_as_null=True), nullable=False, server_default="[]"),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("signed_at", _AT, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.UniqueConstraint("submission_id", "seat", name="uq_reviews_submission_id_seat"),
        sa.UniqueConstraint("submission_id", "reviewer_id", name="uq_reviews_submission_id_reviewer_id"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_reviews_submission_id"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["staff_users.id"], name="fk_reviews_reviewer_id"),
    )
    op.create_table(
        "review_marks",
        sa.Column("review_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("saved_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("review_id", "item", name="pk_review_marks"),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_review_marks_review_id"),
    )
