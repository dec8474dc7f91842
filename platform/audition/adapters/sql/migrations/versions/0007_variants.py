"""Which copy of the training data an invitation's candidate has."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; who was invited before has what everybody had."""
    op.add_column("invitations", sa.Column("variant", sa.Integer(), nullable=False, server_default="0"))
