"""What workers tell of themselves and of their hosts, for whoever looks after them. Nothing else is decided by it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: A worker tells of itself every few seconds; one that was silent for so long is gone, or its host is.
SILENT_AFTER = timedelta(seconds=45)
#: After that nobody expects it back, and it is forgotten.
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder that work writes to."""

    path: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """How one worker and its host are."""

    name: str
    """Host and slot, e.g. "runner-1/0"."""
    told_at: datetime
    trouble: str = ""
    """Why it takes no jobs, and what to do; empty when it does."""
    places: tuple[Place, ...] = ()
    missing_images: tuple[str, ...] = ()
    """Names of images that every host needs and this one has not."""
    facts: dict[str, str] = field(default_factory=dict)
    """Engine, runtime, kernel and so on."""

    def is_silent(self, now: datetime) -> bool:
        """Whether nothing was heard of it for too long."""
        return now - self.told_at > SILENT_AFTER


def held_by(worker: str | None) -> str:
    """Host and slot of whoever holds a run; its process id is of no interest to people."""
    return "/".join((worker or "").split("/")[:2])
