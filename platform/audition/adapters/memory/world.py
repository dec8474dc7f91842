"""Time, bytes, hints, mail and secrets without a disk, a server or chance. For tests; the queue also for proofs."""

import hashlib
import hmac
import random
import shutil
import string
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from audition.adapters.clock import SystemClock
from audition.domain.errors import InvalidError, NotFoundError, UnavailableError
from audition.domain.fleet import FORGOTTEN_AFTER, WorkerReport
from audition.ports import Clock

_EPOCH = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
_KINDS = ("execute", "grade")


class FixedClock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = _EPOCH) -> None:
        """Stand still at a moment."""
        self._now = now

    def now(self) -> datetime:
        """Aware UTC."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on, and say what time it is then."""
        self._now += timedelta(seconds=seconds)
        return self._now


class SeededTokens:
    """Identifiers and secrets that are the same in every test run."""

    def __init__(self, seed: int = 1) -> None:
        """Begin a sequence."""
        # Not for secrets in earnest: that is the point of it.
        self._random = random.Random(seed)  # noqa: S311

    def new_id(self, prefix: str) -> str:
        """Prefix, underscore, 20 lower-case letters and digits."""
        alphabet = string.ascii_lowercase + string.digits
        return f"{prefix}_{''.join(self._random.choices(alphabet, k=20))}"

    def new_secret(self) -> str:
        """43 URL-safe characters."""
        alphabet = string.ascii_letters + string.digits + "-_"
        return "".join(self._random.choices(alphabet, k=43))


class PlainPasswords:
    """Passwords kept readable, so that tests need not wait for a slow hash. Never wired outside tests."""

    def hash(self, password: str) -> str:
        """Return the password behind a mark."""
        return f"plain:{password}"

    def matches(self, password: str, hashed: str) -> bool:
        """Whether the password is right."""
        return hmac.compare_digest(f"plain:{password}".encode(), hashed.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail that was sent."""

    to: str
    subject: str
    body: str


class MemoryMailer:
    """Keeps what was sent in `sent`."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        self.sent: list[SentMail] = []

    def send(self, to: str, subject: str, body: str) -> None:
        """Keep it."""
        self.sent.append(SentMail(to=to, subject=subject, body=body))


class MemoryQueue:
    """A queue that one process works off with `take` and `done`, and can break with `is_down`."""

    def __init__(self) -> None:
        """Begin empty and up."""
        self.waiting: list[tuple[str, str, int]] = []
        self.taken: list[tuple[str, str, int]] = []
        self.is_down = False
        self._reports: dict[str, WorkerReport] = {}
        self._draining: frozenset[str] = frozenset()

    def enqueue(self, kind: str, run_id: str, fence: int) -> None:
        """Hint that a run waits; a second hint for the same kind, run and fence is none."""
        if not self.has_live_hint(kind, run_id, fence):
            self.waiting.append((kind, run_id, fence))

    def has_live_hint(self, kind: str, run_id: str, fence: int) -> bool:
        """Whether a hint is queued or being worked on."""
        if kind not in _KINDS:
            msg = f"There is no kind of job {kind!r}; the kinds are {', '.join(_KINDS)}."
            raise InvalidError(msg, code="bad-job-kind")
        self._check_up()
        return (kind, run_id, fence) in self.waiting + self.taken

    def depth(self) -> int:
        """Count waiting hints."""
        self._check_up()
        return len(self.waiting)

    def tell(self, report: WorkerReport) -> None:
        """Say how a worker is."""
        self._check_up()
        self._reports[report.name] = report

    def told(self) -> tuple[WorkerReport, ...]:
        """The last report of every worker, by name."""
        self._check_up()
        newest = max((report.told_at for report in self._reports.values()), default=None)
        known = (r for r in self._reports.values() if newest and newest - r.told_at <= FORGOTTEN_AFTER)
        return tuple(sorted(known, key=lambda report: report.name))

    def set_draining(self, worker: str, *, is_draining: bool) -> None:
        """Have a worker take no more jobs, or take them again."""
        self._check_up()
        self._draining = self._draining | {worker} if is_draining else self._draining - {worker}

    def draining(self) -> frozenset[str]:
        """The workers that take no more jobs because somebody said so."""
        self._check_up()
        return self._draining

    def take(self) -> tuple[str, str, int] | None:
        """Take the oldest hint, as a worker would; it stays live until `done`."""
        if not self.waiting:
            return None
        self.taken.append(self.waiting.pop(0))
        return self.taken[-1]

    def done(self, hint: tuple[str, str, int]) -> None:
        """End a taken hint, whether its job finished or failed."""
        self.taken.remove(hint)

    def lose_everything(self) -> None:
        """Forget all hints, as an emptied Redis would."""
        self.waiting.clear()
        self.taken.clear()
        self._reports.clear()
        self._draining = frozenset()

    def _check_up(self) -> None:
        if self.is_down:
            msg = "The queue does not answer: it is down."
            raise UnavailableError(msg, code="queue-unavailable")


class MemoryBlobs:
    """Blobs in a dict. Only a blob whose `path` is asked for is written, into a temporary folder."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin empty. Without a clock of its own it has everybody's."""
        self._blobs: dict[str, bytes] = {}
        self._clock = clock or SystemClock()
        self._stored_at: dict[str, datetime] = {}
        self._folder: Path | None = None

    def put(self, data: bytes) -> str:
        """Store bytes; return their hex SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        self._blobs[digest] = bytes(data)
        self._stored_at[digest] = self._clock.now()
        return digest

    def put_stream(self, stream: BinaryIO, max_bytes: int) -> tuple[str, int]:
        """Store a stream; return digest and size."""
        data = stream.read(max_bytes + 1)
        if len(data) > max_bytes:
            msg = f"More than the {max_bytes:,} bytes that are allowed came."
            raise InvalidError(msg, code="too-large")
        return self.put(data), len(data)

    def get(self, digest: str) -> bytes:
        """Return the bytes."""
        if digest not in self._blobs:
            msg = f"There is no blob {digest[:80]!r}."
            raise NotFoundError(msg, code="blob-not-found")
        return self._blobs[digest]

    def delete(self, digest: str) -> None:
        """Forget the bytes."""
        if self._blobs.pop(digest, None) is not None and self._folder is not None:
            (self._folder / digest).unlink(missing_ok=True)

    def older_than(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Name and size of what was last stored before a moment."""
        blobs = list(self._blobs.items())
        yield from ((d, len(data)) for d, data in blobs if self._stored_at[d] < at)

    def delete_older(self, name: str, at: datetime) -> bool:
        """Forget what `older_than` named, unless it was stored again since."""
        is_old = name in self._blobs and self._stored_at[name] < at
        if is_old:
            self.delete(name)
        return is_old

    def path(self, digest: str) -> Path:
        """Write the blob to a read-only file, once, and return that."""
        data = self.get(digest)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="audition-blobs-"))
            self._folder.chmod(0o755)
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        path = self._folder / digest
        if not path.exists():
            path.write_bytes(data)
            path.chmod(0o444)
        return path

    def __len__(self) -> int:
        """Count blobs."""
        return len(self._blobs)
