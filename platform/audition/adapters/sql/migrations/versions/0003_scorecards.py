"""Scorecards: what lists show of a run's grades."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Runs that are graded already get theirs when they are graded again; until then it is made when it is read."""
    op.create_table(
        "scorecards",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("dimensions", _JSON, nullable=False),
        sa.Column("outcomes", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_scorecards"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_scorecards_run_id"),
    )
