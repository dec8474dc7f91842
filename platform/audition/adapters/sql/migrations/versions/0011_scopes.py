"""Scopes: what an API token is narrowed to."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column; tokens that are there stay as wide as they are."""
    op.add_column(
        "sessions", sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False, server_default="[]")
    )
