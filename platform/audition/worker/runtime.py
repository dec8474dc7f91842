"""The worker process: takes hints from RQ, runs each in a process of its own, with an attendant beside it.

Theory of operation. Three deadlines, each longer than the last, end work that does not end by itself: the one
in the container (`Limits.time_seconds`, enforced by us from outside), the one of the service (the job's own
time-out, an alarm in the job's process), and the one of this parent, which kills the job's process from outside
a minute later: an alarm can be swallowed, a SIGKILL cannot. The job's process renews the lease on its run; when
it dies, for whatever reason, the lease expires and the reconciler takes the run back. A job's process is a copy of
this one, so what all jobs need is made and tried out here, before the first. While the host cannot do a job, for its
engine is away or its disk is full, none is taken. An attendant process takes away the
containers of jobs that are done, sweeps what dead ones leave on the engine, from labels alone, and keeps a bay of
containers waiting for the next run; it ends when this process does.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from contextlib import suppress
from functools import partial

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from audition import bootstrap, logs
from audition.adapters.rq_queue import QUEUE_NAME
from audition.domain.errors import AuditionError, UnavailableError
from audition.domain.fleet import held_by
from audition.host.readiness import Readiness
from audition.ports import JobQueue
from audition.services.reconcile import is_over
from audition.services.runner import Runner
from audition.services.stock import stock
from audition.settings import Settings
from audition.worker import jobs

_log = logging.getLogger(__name__)
#: Seconds between looks at a running job, hence the delay with which its death is noticed.
_MONITOR_SECONDS = 5
#: Seconds between RQ's own clean-ups; its default of ten minutes hides abandoned jobs for as long.
_MAINTENANCE_SECONDS = 30
_SWEEP_SECONDS = 5.0
_STOCK_SECONDS = 0.2
#: Seconds between reports to operators; far less than after which a worker counts as silent.
_TELL_SECONDS = 10.0
#: How long to listen for a job before the host is looked at again; and between looks at one that is not ready.
_LOOK_SECONDS, _PATIENCE_SECONDS = 5, 1.0
#: How long the attendant gets to finish; less than the supervisor gives this process.
_ATTENDANT_SECONDS = 12.0


def work(settings: Settings, slot: int, *, is_burst: bool = False) -> None:
    """Work until asked to stop (SIGTERM, SIGINT: the running job is finished first).

    Args:
        settings: The operator's choices; the same must be in the environment, which jobs read.
        slot: Number of this worker on its host, in [0, 999]; gives its containers a user id of their own.
        is_burst: Stop when the queue is empty.

    Raises:
        UnavailableError: The engine does not answer, or its containers do not keep candidates in.
    """
    logs.configure(settings.log_format)
    jobs.Slot.number = slot
    jobs.equipped()
    attendant = multiprocessing.get_context("spawn").Process(
        target=attend_forever, args=(settings, slot, os.getpid()), daemon=True, name="attendant"
    )
    attendant.start()
    connection = Redis.from_url(bootstrap.redis_url(settings))
    # One queue a worker: only then RQ takes a job atomically (BLMOVE).
    queue = Queue(QUEUE_NAME, connection=connection, serializer=JSONSerializer)
    worker = _PatientWorker(
        [queue],
        connection=connection,
        serializer=JSONSerializer,
        maintenance_interval=_MAINTENANCE_SECONDS,
        job_monitoring_interval=_MONITOR_SECONDS,
    )
    worker.readiness = bootstrap.readiness(settings)
    # Of its own: the runner's is for jobs, whose processes must not inherit an open connection.
    worker.orders = bootstrap.control_plane(settings).queue
    worker.place = held_by(bootstrap.worker_name(slot))
    try:
        worker.work(burst=is_burst, logging_level="WARNING")
    finally:
        # Who asks twice, as a supervisor does, must not keep what waits from being removed.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        attendant.terminate()
        # It first finishes the bay that it is making: the engine goes on starting what it was asked for, and nobody
        # would remove it.
        attendant.join(_ATTENDANT_SECONDS)
        attendant.kill()
        attendant.join()
        bootstrap.sandbox(settings, slot).clear()


class _PatientWorker(Worker):
    """Takes no job while this host cannot do one."""

    readiness: Readiness
    orders: JobQueue
    place: str

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """As RQ's own, which would listen for minutes: here it stops to look at the host from time to time."""
        while True:
            self._await_host()
            is_endless = timeout is not None and max_idle_time is None
            idle = _LOOK_SECONDS if is_endless else max_idle_time
            found = super().dequeue_job_and_maintain_ttl(timeout, idle)
            if found is not None or not is_endless:
                return found

    def _await_host(self) -> None:
        """Wait until it may; a request to stop ends this as it ends listening, by an exception."""
        is_waiting = False
        while trouble := self._order() or self.readiness.trouble():
            if not is_waiting:
                _log.warning("no jobs are taken: %s", trouble)
            is_waiting = True
            self.heartbeat()
            time.sleep(_PATIENCE_SECONDS)
        if is_waiting:
            _log.warning("jobs are taken again")

    def _order(self) -> str:
        """That an operator drains this worker; empty when nobody does, or nobody can say."""
        with suppress(UnavailableError):
            return "an operator drains this worker" if self.place in self.orders.draining() else ""
        return ""


def attend_forever(settings: Settings, slot: int, parent: int) -> None:
    """Sweep what is over from this host's engine and keep bays waiting, while the worker lives; SIGTERM ends it."""
    logs.configure(settings.log_format)
    is_ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: is_ending.set())
    runner: Runner | None = None
    swept_at = told_at = 0.0
    while os.getppid() == parent and not is_ending.is_set():
        try:
            if runner is None:
                runner = bootstrap.runner(settings, bootstrap.equipment(settings), slot)
                # What a worker that was killed in this slot had kept waiting.
                runner.sandbox.clear()
                readiness = bootstrap.readiness(settings)
            if time.monotonic() - told_at > _TELL_SECONDS:
                told_at = time.monotonic()
                runner.ports.queue.tell(bootstrap.worker_report(settings, runner, readiness))
            if time.monotonic() - swept_at > _SWEEP_SECONDS:
                swept_at = time.monotonic()
                runner.sandbox.sweep(partial(is_over, runner.ports))
            runner.sandbox.tidy()
            stock(runner, settings.warm_bays)
        except AuditionError as error:
            _log.warning("attendant: %s", error.detail)
        is_ending.wait(_STOCK_SECONDS)
