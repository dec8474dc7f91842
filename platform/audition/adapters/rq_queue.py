"""Hints as RQ jobs.

Theory of operation. The database is the truth, and a job only says "look at this run". So a job carries ids
only, in JSON; it is never retried by RQ; and its id is made of what it says: the same hint twice is one job.
Where a hint is, is read from RQ's lists and not from the job's own status: a job that was lost between two
lists keeps the status "queued" for ever, while the lists tell that nobody will ever work on it. A job moves
queue -> intermediate list -> registry of started ones, and each step writes the new place before, or together
with, leaving the old one. All places are read in one Redis transaction; so what is alive is always seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import time

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from audition import codec
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.fleet import FORGOTTEN_AFTER, WorkerReport

_REPORTS_KEY = "audition:workers"
_DRAINING_KEY = "audition:draining"
#: One queue: a worker on one queue takes jobs atomically (BLMOVE), on several it can lose one in between.
QUEUE_NAME = "audition"
FUNCTIONS = {
    "execute": "audition.worker.jobs.execute_run",
    "grade": "audition.worker.jobs.grade_run",
}
#: A finished hint is of no more use; a minute is for people who look on.
RESULT_TTL_SECONDS = 60
#: Failed jobs are kept for a week for the operator; RQ's default is a year.
FAILURE_TTL_SECONDS = 7 * 24 * 3600
#: The worker's parent ends a job this much after the service's own deadline, the middle one of three.
GRACE_SECONDS = 30
#: A request waits for the queue's answer no longer than this; the reconciler has time to try again.
_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 5.0


class RqQueue:
    """Implements `JobQueue`."""

    def __init__(self, redis_url: str, run_deadline_seconds: float) -> None:
        """Prepare (not open) a connection.

        Args:
            redis_url: `unix:///path/to/socket` or `redis://host:port/0`.
            run_deadline_seconds: The service's own deadline for one job.

        Raises:
            InvalidError: The URL is of another kind.
        """
        self._redis = _connection(redis_url)
        self._timeout_seconds = round(run_deadline_seconds) + GRACE_SECONDS
        self._queue = Queue(QUEUE_NAME, connection=self._redis, serializer=JSONSerializer)

    def enqueue(self, kind: str, run_id: str, fence: int) -> None:
        """Hint that a run waits; a second hint for the same kind, run and fence is none."""
        job_id = _job_id(kind, run_id, fence)
        with _translated():
            try:
                self._add(kind, job_id, run_id, fence)
            except DuplicateJobError:
                if self._is_live(job_id):
                    return
                self._replace(kind, job_id, run_id, fence)

    def has_live_hint(self, kind: str, run_id: str, fence: int) -> bool:
        """Whether a hint is queued or being worked on."""
        with _translated():
            return self._is_live(_job_id(kind, run_id, fence))

    def depth(self) -> int:
        """Count waiting hints."""
        with _translated():
            return int(self._queue.count)

    def tell(self, report: WorkerReport) -> None:
        """Say how a worker is."""
        with _translated():
            self._redis.hset(_REPORTS_KEY, report.name, codec.to_json(report))

    def told(self) -> tuple[WorkerReport, ...]:
        """The last report of every worker, by name; of those of a bygone day none is kept."""
        with _translated():
            found = self._redis.hvals(_REPORTS_KEY)
            reports = [codec.from_json(WorkerReport, data, what="a worker's report") for data in found]
            # Beside the newest, for the server's host may have another idea of the time than the workers'.
            newest = max((report.told_at for report in reports), default=None)
            gone = [r.name for r in reports if newest and newest - r.told_at > FORGOTTEN_AFTER]
            if gone:
                self._redis.hdel(_REPORTS_KEY, *gone)
        return tuple(sorted((r for r in reports if r.name not in gone), key=lambda report: report.name))

    def set_draining(self, worker: str, *, is_draining: bool) -> None:
        """Have a worker take no more jobs, or take them again."""
        change = self._redis.sadd if is_draining else self._redis.srem
        with _translated():
            change(_DRAINING_KEY, worker)

    def draining(self) -> frozenset[str]:
        """The workers that take no more jobs because somebody said so."""
        with _translated():
            members = self._redis.smembers(_DRAINING_KEY)
        return frozenset(name.decode() if isinstance(name, bytes) else name for name in members)

    def _add(self, kind: str, job_id: str, run_id: str, fence: int) -> None:
        self._queue.enqueue_call(
            FUNCTIONS[kind],
            args=[run_id, fence],
            job_id=job_id,
            unique=True,
            timeout=self._timeout_seconds,
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=FAILURE_TTL_SECONDS,
            description=f"{kind} {run_id} at fence {fence}",
        )

    def _replace(self, kind: str, job_id: str, run_id: str, fence: int) -> None:
        # What is left of an earlier job with this id (finished, failed or lost) stands in the way. Should two
        # processes do this at once, one hint stays, or the same one twice; the claim lets one worker work.
        self._drop(job_id)
        with suppress(DuplicateJobError):
            self._add(kind, job_id, run_id, fence)

    def _drop(self, job_id: str) -> None:
        job = Job(job_id, connection=self._redis, serializer=JSONSerializer)
        job.origin = QUEUE_NAME
        job.delete()

    def _is_live(self, job_id: str) -> bool:
        queue = self._queue
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.lpos(queue.key, job_id)
            pipe.lpos(queue.intermediate_queue_key, job_id)
            pipe.zscore(queue.deferred_job_registry.key, job_id)
            # Entries are "<job>:<execution>" with the time of their expiry, which living workers extend.
            pipe.zrangebyscore(queue.started_job_registry.key, time(), "+inf")
            queued, intermediate, deferred, started = pipe.execute()
        prefix = f"{job_id}:".encode()
        is_listed = any(place is not None for place in (queued, intermediate, deferred))
        return is_listed or any(entry.startswith(prefix) for entry in started)


def _job_id(kind: str, run_id: str, fence: int) -> str:
    if kind not in FUNCTIONS:
        msg = f"There is no kind of job {kind!r}; the kinds are {', '.join(FUNCTIONS)}."
        raise InvalidError(msg, code="bad-job-kind")
    return f"{kind}-{run_id}-{fence}"


def _connection(redis_url: str) -> Redis:
    try:
        return Redis.from_url(
            redis_url,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            # redis-py would try for seconds; one more try is for a connection that the server had closed.
            retry=Retry(NoBackoff(), 1),
        )
    except ValueError as error:
        msg = f"The Redis URL is not usable: {error}"
        raise InvalidError(
            msg,
            code="bad-redis-url",
            next_step="Set AUDITION_REDIS_URL to redis://host:port/0 or unix:///path/to/socket.",
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        msg = f"The queue does not answer: {error}"
        raise UnavailableError(
            msg,
            code="queue-unavailable",
            next_step="Nothing is lost: work that waits is stored and goes on when the queue is back.",
        ) from error
