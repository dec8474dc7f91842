"""A link under which somebody without an account reads one report."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Read-only access to one report. The token itself is never stored."""

    id: str
    submission_id: str
    token_digest: str
    """SHA-256 of the link's token, hex."""
    created_by: str
    """Staff user id."""
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether the link still leads anywhere."""
        return self.revoked_at is None and now < self.expires_at
