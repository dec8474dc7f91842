"""A queue together with a worker, so that one suite can speak of hints being worked on."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import pytest
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from audition.adapters.memory import MemoryQueue
from audition.adapters.rq_queue import QUEUE_NAME, RqQueue
from audition.ports import JobQueue

if TYPE_CHECKING:
    from redis import Redis

Work = Callable[[str, str, int], None]


class Workplace(Protocol):
    """Somebody works off the queue, on request."""

    queue: JobQueue

    def work_one(self, work: Work) -> None:
        """Take the oldest hint and work on it; an exception fails the job."""
        ...

    def lose_everything(self) -> None:
        """Empty the queue's store."""
        ...


class MemoryWorkplace:
    """Implements `Workplace`."""

    def __init__(self) -> None:
        """Begin with an empty queue."""
        self.queue: JobQueue = MemoryQueue()

    def work_one(self, work: Work) -> None:
        """Take the oldest hint and work on it."""
        assert isinstance(self.queue, MemoryQueue)
        hint = self.queue.take()
        if hint is None:
            return
        try:
            work(*hint)
        except RuntimeError:
            pass
        finally:
            self.queue.done(hint)

    def lose_everything(self) -> None:
        """Forget all hints."""
        assert isinstance(self.queue, MemoryQueue)
        self.queue.lose_everything()


class InProcessWorker(SimpleWorker):
    """RQ's own worker without a child process; signals are left to pytest."""

    death_penalty_class = TimerDeathPenalty

    def _install_signal_handlers(self) -> None:
        """Leave them."""


class RqWorkplace:
    """Implements `Workplace` with RQ's worker; the job's functions are found where RQ looks for them."""

    def __init__(self, queue: RqQueue, client: "Redis", monkeypatch: pytest.MonkeyPatch) -> None:
        """Work on a queue of which the Redis is empty."""
        self.queue: JobQueue = queue
        self.client = client
        self.rq = Queue(QUEUE_NAME, connection=client, serializer=JSONSerializer)
        self._monkeypatch = monkeypatch

    def work_one(self, work: Work) -> None:
        """Take the oldest hint and work on it."""
        module = ModuleType("audition.worker.jobs")
        module.execute_run = lambda run_id, fence: work("execute", run_id, fence)  # type: ignore[attr-defined]
        module.grade_run = lambda run_id, fence: work("grade", run_id, fence)  # type: ignore[attr-defined]
        self._monkeypatch.setitem(sys.modules, "audition.worker.jobs", module)
        worker = InProcessWorker([self.rq], connection=self.client, serializer=JSONSerializer)
        worker.work(burst=True, max_jobs=1, logging_level="ERROR")

    def lose_everything(self) -> None:
        """Empty Redis."""
        self.client.flushall()
