"""The documents of the API for staff: invitations, reviews, links, comparisons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audition.domain.grade import Dimension
from audition.domain.review import Panel, PanelState, Review
from audition.domain.share import Share
from audition.domain.summary import Gauge
from audition.services.grant_time import Invited
from audition.services.line_up import CheckRow, Lineup
from audition.services.mark_submission import Sheet
from audition.web.shapes import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationDocument:
    """A new invitation; its link is in this answer and nowhere else."""

    id: str
    link: str
    token: str
    """The last part of the link."""
    attempts: int
    expires_at: datetime
    is_mailed: bool
    """False where it was not asked for, and where the mail could not be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedDocument:
    """One invitation, for those who send them."""

    id: str
    name: str
    email: str
    challenge_title: str
    attempts: int
    attempts_used: int
    created_at: datetime
    started_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime
    """Without extra time."""
    ends_at: datetime
    """With extra time, and by the personal clock once it runs."""
    clock_hours: float | None
    extra_hours: float


def invited_document(row: Invited) -> dict[str, Any]:
    """The document of an invitation."""
    invitation = row.invitation
    return plain(
        InvitedDocument(
            id=invitation.id,
            name=row.name,
            email=row.email,
            challenge_title=row.challenge_title,
            attempts=invitation.attempts,
            attempts_used=row.attempts_used,
            created_at=invitation.created_at,
            started_at=invitation.started_at,
            revoked_at=invitation.revoked_at,
            expires_at=invitation.expires_at,
            ends_at=invitation.ends_at,
            clock_hours=invitation.clock_hours,
            extra_hours=invitation.extra_hours,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDocument:
    """What a reviewer marks on."""

    submission_id: str
    state: PanelState
    panel: Panel
    """Without the marks of others until one's own are signed."""
    mine: Review | None
    open_seat: int | None
    """The seat that one may take now."""
    unmarked: tuple[str, ...]
    """Items that cannot be signed yet."""


def sheet_document(sheet: Sheet) -> dict[str, Any]:
    """The document of a sheet."""
    return plain(
        SheetDocument(
            submission_id=sheet.submission_id,
            state=sheet.state,
            panel=sheet.panel,
            mine=sheet.mine,
            open_seat=sheet.open_seat,
            unmarked=tuple(item.id for item in sheet.unmarked),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDocument:
    """A link to a report, without its secret."""

    id: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened: int
    """How often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShareDocument:
    """A new link to a report; it is in this answer and nowhere else."""

    id: str
    link: str
    expires_at: datetime


def share_document(share: Share, opened: int) -> dict[str, Any]:
    """The document of a link."""
    return plain(
        ShareDocument(
            id=share.id,
            created_by=share.created_by,
            created_at=share.created_at,
            expires_at=share.expires_at,
            revoked_at=share.revoked_at,
            opened=opened,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeRow:
    """One dimension in each submission; null where it has none."""

    dimension: Dimension
    gauges: tuple[Gauge | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonDocument:
    """Submissions beside each other; everything is in their order."""

    submissions: tuple[str, ...]
    aliases: tuple[str, ...]
    scores: tuple[float | None, ...]
    gauges: tuple[GaugeRow, ...]
    checks: tuple[CheckRow, ...]
    """What differs first, by the points it makes."""


def comparison_document(lineup: Lineup) -> dict[str, Any]:
    """The document of a comparison."""
    return plain(
        ComparisonDocument(
            submissions=tuple(report.submission_id for report in lineup.reports),
            aliases=tuple(report.alias for report in lineup.reports),
            scores=tuple(report.score for report in lineup.reports),
            gauges=tuple(GaugeRow(dimension=d, gauges=row) for d, row in lineup.gauges),
            checks=lineup.checks,
        )
    )
