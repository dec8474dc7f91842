"""What a candidate holds against a finding of their report, and what a reviewer answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: From the release on, a candidate may dispute findings for so long.
WINDOW = timedelta(days=14)


class DisputeState(StrEnum):
    """Where a dispute is; it is answered once."""

    OPEN = "open"
    UPHELD = "upheld"
    """The candidate is right: the check was changed, beside what the grader said."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One check of a released report, disputed by its candidate; a check is disputed once."""

    id: str
    submission_id: str
    check: str
    text: str
    """The candidate's; shown as text wherever it is shown."""
    created_at: datetime
    state: DisputeState = DisputeState.OPEN
    answer: str = ""
    """The reviewer's reason; the candidate reads it."""
    reviewer_id: str | None = None
    answered_at: datetime | None = None


def ends_at(released_at: datetime | None) -> datetime | None:
    """Until when findings of a report can be disputed; None where it is not released."""
    return None if released_at is None else released_at + WINDOW
