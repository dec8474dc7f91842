"""What a reader of the audit log asks for, and what they get."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which lines are wanted; what is empty restricts nothing, the rest has to be equal."""

    actor: str = ""
    action: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """An entry of the audit log with its place in it."""

    number: int
    """Rises with each entry; numbers may be missing, where a transaction did not come to its end."""
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
