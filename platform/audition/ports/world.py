"""The rest of the world: time, bytes, hints, mail, secrets."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from audition.domain.fleet import WorkerReport


class Clock(Protocol):
    """Time of day."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class BlobStore(Protocol):
    """Bytes by their SHA-256. Writing the same bytes twice is one blob, as young as the last; blobs never change."""

    def put(self, data: bytes) -> str:
        """Store bytes; return their hex SHA-256."""
        ...

    def put_stream(self, stream: BinaryIO, max_bytes: int) -> tuple[str, int]:
        """Store a stream; return digest and size.

        Raises:
            InvalidError: More than `max_bytes` came; nothing is kept.
        """
        ...

    def get(self, digest: str) -> bytes:
        """Return the bytes.

        Raises:
            NotFoundError: No such blob.
        """
        ...

    def delete(self, digest: str) -> None:
        """Forget the bytes; nothing happens when there is no such blob. Callers know that nothing needs it."""
        ...

    def older_than(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Name and size of what was last stored before a moment: blobs by digest, and what cut-off uploads left."""
        ...

    def delete_older(self, name: str, at: datetime) -> bool:
        """Forget what `older_than` named, unless it was stored again since; true when it went."""
        ...

    def path(self, digest: str) -> Path:
        """A read-only file on this host that holds the bytes; what containers get mounted.

        Raises:
            NotFoundError: No such blob.
        """
        ...


class JobQueue(Protocol):
    """Hints to workers. The database is the truth: losing every hint loses nothing."""

    def enqueue(self, kind: str, run_id: str, fence: int) -> None:
        """Hint that a run waits; a second hint for the same kind, run and fence is none.

        Args:
            kind: "execute" or "grade".
            run_id: The run.
            fence: The run's fence now; the claim raises it.

        Raises:
            UnavailableError: The queue does not answer.
        """
        ...

    def has_live_hint(self, kind: str, run_id: str, fence: int) -> bool:
        """Whether a hint is queued or being worked on.

        Raises:
            UnavailableError: The queue does not answer.
        """
        ...

    def depth(self) -> int:
        """Number of waiting hints.

        Raises:
            UnavailableError: The queue does not answer.
        """
        ...

    def tell(self, report: WorkerReport) -> None:
        """Say how a worker is; its last report is forgotten.

        Raises:
            UnavailableError: The queue does not answer.
        """
        ...

    def told(self) -> tuple[WorkerReport, ...]:
        """The last report of every worker, by name; of those of a bygone day none is kept.

        Raises:
            UnavailableError: The queue does not answer.
        """
        ...

    def set_draining(self, worker: str, *, is_draining: bool) -> None:
        """Have a worker (host and slot) take no more jobs, or take them again.

        Raises:
            UnavailableError: The queue does not answer.
        """
        ...

    def draining(self) -> frozenset[str]:
        """The workers that take no more jobs because somebody said so; an emptied queue has forgotten them.

        Raises:
            UnavailableError: The queue does not answer.
        """
        ...


class Mailer(Protocol):
    """Sends plain-text mail."""

    def send(self, to: str, subject: str, body: str) -> None:
        """Send, or store where a person can see it."""
        ...


class Tokens(Protocol):
    """Secrets and identifiers; the only source of randomness."""

    def new_id(self, prefix: str) -> str:
        """E.g. "sub_k3v9…": prefix, underscore, 20 lower-case letters and digits."""
        ...

    def new_secret(self) -> str:
        """256 random bits, URL-safe."""
        ...


class Passwords(Protocol):
    """Password hashing."""

    def hash(self, password: str) -> str:
        """Argon2id hash with its parameters."""
        ...

    def matches(self, password: str, hashed: str) -> bool:
        """Whether the password is right; takes as long when it is not."""
        ...
