"""What the services need from the world, as Protocols. Adapters implement them; fakes do too.

Each port has a contract suite in `tests/contract/` that every implementation passes.
"""

from dataclasses import dataclass

from audition.ports.answers import KeptAnswers
from audition.ports.containers import Prober, Sandbox, Served, Service
from audition.ports.people import People
from audition.ports.storage import (
    AuditLog,
    Challenges,
    Disputes,
    Grades,
    Overrides,
    Reviews,
    Runs,
    Shares,
    Submissions,
    UnitOfWork,
    UnitOfWorkFactory,
)
from audition.ports.webhooks import Courier, Webhooks
from audition.ports.world import BlobStore, Clock, JobQueue, Mailer, Passwords, Tokens

__all__ = [
    "AuditLog",
    "BlobStore",
    "Challenges",
    "Clock",
    "Courier",
    "Disputes",
    "Grades",
    "JobQueue",
    "KeptAnswers",
    "Mailer",
    "Overrides",
    "Passwords",
    "People",
    "Ports",
    "Prober",
    "Reviews",
    "Runs",
    "Sandbox",
    "Served",
    "Service",
    "Shares",
    "Submissions",
    "Tokens",
    "UnitOfWork",
    "UnitOfWorkFactory",
    "Webhooks",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything the control plane may use; the sandbox is not among it, by design."""

    unit_of_work: UnitOfWorkFactory
    blobs: BlobStore
    queue: JobQueue
    clock: Clock
    tokens: Tokens
    passwords: Passwords
    mailer: Mailer
