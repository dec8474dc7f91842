"""The tables. Column names are field names of the domain's dataclasses, which is all the mapping there is.

What is nested in a dataclass (a manifest, findings) is one JSON column: it is written once and read whole.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC on both sides; SQLite itself would silently drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody could say later what they meant."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"{value!r} has no time zone; timestamps are aware UTC."
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give SQLite's naive value its zone back; bring PostgreSQL's to UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _at(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcDateTime, nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _id(name: str = "id") -> Column[str]:
    return Column(name, String, primary_key=True)


def _ref(name: str, target: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, String, ForeignKey(f"{target}.id"), nullable=False, primary_key=primary_key)


challenge_versions = Table(
    "challenge_versions",
    metadata,
    _id(),
    Column("slug", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String, nullable=False),
    _json("manifest"),
    Column("manifest_digest", String, nullable=False),
    _text("brief"),
    _text("datacard"),
    _json("files"),
    Column("kit_digest", String, nullable=False),
    Column("kit_bytes", BigInteger, nullable=False),
    _at("published_at"),
    Column("rubric", JSON(none_as_null=True), nullable=False, server_default="[]"),
    UniqueConstraint("slug", "number"),
    UniqueConstraint("digest"),
    Index(None, "published_at"),
)

staff_users = Table(
    "staff_users",
    metadata,
    _id(),
    _text("email"),
    Column("email_key", String, nullable=False, unique=True),
    _text("name"),
    _text("password_hash"),
    _json("roles"),
    _at("created_at"),
    Column("is_active", Boolean, nullable=False),
)

candidates = Table(
    "candidates",
    metadata,
    _id(),
    _text("email"),
    Column("email_key", String, nullable=False, unique=True),
    _text("name"),
    _text("alias"),
    _at("created_at"),
)

invitations = Table(
    "invitations",
    metadata,
    _id(),
    _ref("candidate_id", "candidates"),
    _ref("challenge_version_id", "challenge_versions"),
    Column("token_digest", String, nullable=False, unique=True),
    Column("attempts", Integer, nullable=False),
    _at("created_at"),
    _at("expires_at"),
    _at("started_at", nullable=True),
    _at("revoked_at", nullable=True),
    Column("extra_hours", Float, nullable=False, server_default="0"),
    # No foreign key: submissions refer to invitations, and a circle could not be deleted row by row.
    Column("chosen_submission_id", String, nullable=True),
    Column("variant", Integer, nullable=False, server_default="0"),
    Column("clock_hours", Float, nullable=True),
    Column("pauses", Integer, nullable=False, server_default="0"),
    Column("pauses_used", Integer, nullable=False, server_default="0"),
    _at("paused_at", nullable=True),
    Column("paused_seconds", Float, nullable=False, server_default="0"),
    Index(None, "candidate_id"),
    Index(None, "challenge_version_id"),
    Index(None, "created_at"),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    Column("token_digest", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("is_api", Boolean, nullable=False),
    _text("label"),
    _at("created_at"),
    _at("expires_at"),
    _at("revoked_at", nullable=True),
    Column("scopes", JSON(none_as_null=True), nullable=False, server_default="[]"),
)

submissions = Table(
    "submissions",
    metadata,
    _id(),
    _ref("invitation_id", "invitations"),
    _ref("challenge_version_id", "challenge_versions"),
    Column("archive_digest", String, nullable=False),
    Column("archive_bytes", BigInteger, nullable=False),
    _text("archive_name"),
    Column("state", String, nullable=False),
    _text("state_reason"),
    Column("attempt_number", Integer, nullable=False),
    Column("idempotency_key", String, nullable=True),
    _at("created_at"),
    _at("state_changed_at"),
    _at("released_at", nullable=True),
    Column("is_practice", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("invitation_id", "idempotency_key"),
    # Two uploads at once cannot both be the last attempt.
    UniqueConstraint("invitation_id", "attempt_number"),
    Index(None, "invitation_id", "created_at"),
    Index(None, "challenge_version_id"),
    Index(None, "state", "created_at"),
    Index(None, "created_at"),
)

runs = Table(
    "runs",
    metadata,
    _id(),
    _ref("submission_id", "submissions"),
    Column("number", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("worker", String, nullable=True),
    _at("lease_until", nullable=True),
    Column("losses", Integer, nullable=False),
    Column("verdict", String, nullable=True),
    Column("fault", String, nullable=True),
    _at("created_at"),
    _at("started_at", nullable=True),
    _at("finished_at", nullable=True),
    Column("is_cancel_requested", Boolean, nullable=False),
    UniqueConstraint("submission_id", "number"),
)

stages = Table(
    "stages",
    metadata,
    _ref("run_id", "runs", primary_key=True),
    Column("fence", Integer, primary_key=True, autoincrement=False),
    Column("stage", String, primary_key=True),
    Column("status", String, nullable=False),
    _text("message"),
    _at("started_at"),
    _at("finished_at", nullable=True),
    _json("usage", nullable=True),
    Column("image_id", String, nullable=False),
    Column("runtime", String, nullable=False),
)

artifacts = Table(
    "artifacts",
    metadata,
    _ref("run_id", "runs", primary_key=True),
    Column("fence", Integer, primary_key=True, autoincrement=False),
    Column("stage", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

grades = Table(
    "grades",
    metadata,
    _ref("run_id", "runs", primary_key=True),
    Column("grader", String, primary_key=True),
    Column("version", String, nullable=False),
    Column("dimension", String, nullable=False),
    Column("status", String, nullable=False),
    _json("findings"),
    _json("metrics"),
    _json("curves"),
    _text("note"),
    _text("invalid_output"),
)

scorecards = Table(
    "scorecards",
    metadata,
    _ref("run_id", "runs", primary_key=True),
    _json("dimensions"),
    _json("outcomes"),
)

shares = Table(
    "shares",
    metadata,
    _id(),
    _ref("submission_id", "submissions"),
    Column("token_digest", String, nullable=False, unique=True),
    _ref("created_by", "staff_users"),
    _at("created_at"),
    _at("expires_at"),
    _at("revoked_at", nullable=True),
    Index(None, "submission_id"),
)

overrides = Table(
    "overrides",
    metadata,
    _id(),
    _ref("run_id", "runs"),
    Column("check", String, nullable=False),
    Column("grader_version", String, nullable=False),
    Column("old_outcome", String, nullable=False),
    Column("old_points", Float, nullable=False),
    Column("points", Float, nullable=True),
    _text("reason"),
    _ref("reviewer_id", "staff_users"),
    _at("created_at"),
    _at("withdrawn_at", nullable=True),
    Index(None, "run_id"),
)

disputes = Table(
    "disputes",
    metadata,
    _id(),
    _ref("submission_id", "submissions"),
    Column("check", String, nullable=False),
    _text("text"),
    _at("created_at"),
    Column("state", String, nullable=False),
    _text("answer"),
    Column("reviewer_id", String, ForeignKey("staff_users.id"), nullable=True),
    _at("answered_at", nullable=True),
    # A check is disputed once, also by somebody who clicks twice.
    UniqueConstraint("submission_id", "check"),
    Index(None, "state", "created_at"),
)

reviews = Table(
    "reviews",
    metadata,
    _id(),
    _ref("submission_id", "submissions"),
    _ref("reviewer_id", "staff_users"),
    Column("seat", Integer, nullable=False),
    _at("created_at"),
    _at("signed_at", nullable=True),
    _text("comment"),
    # Two who begin at once cannot have the same seat, and nobody has two.
    UniqueConstraint("submission_id", "seat"),
    UniqueConstraint("submission_id", "reviewer_id"),
)

review_marks = Table(
    "review_marks",
    metadata,
    _ref("review_id", "reviews", primary_key=True),
    Column("item", String, primary_key=True),
    Column("level", Integer, nullable=True),
    _text("evidence"),
    _text("note"),
    _at("saved_at"),
)

webhooks = Table(
    "webhooks",
    metadata,
    _id(),
    _text("url"),
    _json("topics"),
    _ref("created_by", "staff_users"),
    _at("created_at"),
    _at("ended_at", nullable=True),
    _text("ended_reason"),
    Column("secret_number", Integer, nullable=False, server_default="1"),
    _at("secret_at", nullable=True),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _id(),
    _ref("webhook_id", "webhooks"),
    Column("topic", String, nullable=False),
    _text("body"),
    _at("created_at"),
    _at("next_at", nullable=True),
    Column("attempts", Integer, nullable=False),
    _at("delivered_at", nullable=True),
    Column("status", Integer, nullable=True),
    _text("error"),
    Index(None, "webhook_id", "created_at"),
    Index(None, "next_at"),
)

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("actor", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    _at("created_at"),
    Column("status", Integer, nullable=True),
    _text("body", nullable=True),
    Index(None, "created_at"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    _at("at"),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    _text("reason"),
    Index(None, "subject", "id"),
)
