"""The tables of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_AT = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Create them, referred ones first."""
    _audit_entries()
    _candidates()
    _challenge_versions()
    _sessions()
    _staff_users()
    _invitations()
    _submissions()
    _runs()
    _artifacts()
    _grades()
    _stages()


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_subject_id", "audit_entries", ["subject", "id"])


def _candidates() -> None:
    op.create_table(
        "candidates",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_candidates"),
        sa.UniqueConstraint("email_key", name="uq_candidates_email_key"),
    )


def _challenge_versions() -> None:
    op.create_table(
        "challenge_versions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("manifest", _JSON, nullable=False),
        sa.Column("manifest_digest", sa.String(), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("datacard", sa.Text(), nullable=False),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("kit_digest", sa.String(), nullable=False),
        sa.Column("kit_bytes", sa.BigInteger(), nullable=False),
        sa.Column("published_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_challenge_versions"),
        sa.UniqueConstraint("digest", name="uq_challenge_versions_digest"),
        sa.UniqueConstraint("slug", "number", name="uq_challenge_versions_slug_number"),
    )
    op.create_index("ix_challenge_versions_published_at", "challenge_versions", ["published_at"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("is_api", sa.Boolean(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_digest", name="uq_sessions_token_digest"),
    )


def _staff_users() -> None:
    op.create_table(
        "staff_users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", _JSON, nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_users"),
        sa.UniqueConstraint("email_key", name="uq_staff_users_email_key"),
    )


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("challenge_version_id", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("started_at", _AT, nullable=True),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("token_digest", name="uq_invitations_token_digest"),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name="fk_invitations_candidate_id"),
        sa.ForeignKeyConstraint(
            ["challenge_version_id"], ["challenge_versions.id"], name="fk_invitations_challenge_version_id"
        ),
    )
    op.create_index("ix_invitations_candidate_id", "invitations", ["candidate_id"])
    op.create_index("ix_invitations_challenge_version_id", "invitations", ["challenge_version_id"])
    op.create_index("ix_invitations_created_at", "invitations", ["created_at"])


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("invitation_id", sa.String(), nullable=False),
        sa.Column("challenge_version_id", sa.String(), nullable=False),
        sa.Column("archive_digest", sa.String(), nullable=False),
        sa.Column("archive_bytes", sa.BigInteger(), nullable=False),
        sa.Column("archive_name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("attempt_number", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("state_changed_at", _AT, nullable=False),
        sa.Column("released_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.UniqueConstraint(
            "invitation_id", "attempt_number", name="uq_submissions_invitation_id_attempt_number"
        ),
        sa.UniqueConstraint(
            "invitation_id", "idempotency_key", name="uq_submissions_invitation_id_idempotency_key"
        ),
        sa.ForeignKeyConstraint(
            ["challenge_version_id"], ["challenge_versions.id"], name="fk_submissions_challenge_version_id"
        ),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name="fk_submissions_invitation_id"),
    )
    op.create_index("ix_submissions_challenge_version_id", "submissions", ["challenge_version_id"])
    op.create_index("ix_submissions_created_at", "submissions", ["created_at"])
    op.create_index("ix_submissions_invitation_id_created_at", "submissions", ["invitation_id", "created_at"])
    op.create_index("ix_submissions_state_created_at", "submissions", ["state", "created_at"])


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("submission_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("lease_until", _AT, nullable=True),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("fault", sa.String(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("started_at", _AT, nullable=True),
        sa.Column("finished_at", _AT, nullable=True),
        sa.Column("is_cancel_requested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("submission_id", "number", name="uq_runs_submission_id_number"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_runs_submission_id"),
    )


def _artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "fence", "stage", "kind", "name", name="pk_artifacts"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_artifacts_run_id"),
    )


def _grades() -> None:
    op.create_table(
        "grades",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("grader", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("findings", _JSON, nullable=False),
        sa.Column("metrics", _JSON, nullable=False),
        sa.Column("curves", _JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("invalid_output", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "grader", name="pk_grades"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_grades_run_id"),
    )


def _stages() -> None:
    op.create_table(
        "stages",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("started_at", _AT, nullable=False),
        sa.Column("finished_at", _AT, nullable=True),
        sa.Column("usage", _JSON, nullable=True),
        sa.Column("image_id", sa.String(), nullable=False),
        sa.Column("runtime", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "fence", "stage", name="pk_stages"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_stages_run_id"),
    )
