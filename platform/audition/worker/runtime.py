"""The worker process: takes hints from RQ, runs each in a process of its own, and reaps beside it.

Theory of operation. Three deadlines, each longer than the last, end work that does not end by itself: the one
in the container (`Limits.time_seconds`, enforced by us from outside), the one of the service (the job's own
time-out, an alarm in the job's process), and the one of this parent, which kills the job's process from outside
a minute later: an alarm can be swallowed, a SIGKILL cannot. The job's process renews the lease on its run; when
it dies, for whatever reason, the lease expires and the reconciler takes the run back. A reaper process removes
what dead jobs leave on the engine, from labels alone; it ends when this process does.
"""

import logging
import multiprocessing
import os
import time

from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from audition import bootstrap
from audition.adapters.rq_queue import QUEUE_NAME
from audition.domain.errors import AuditionError
from audition.services.reconcile import is_over
from audition.settings import Settings
from audition.worker import jobs

_log = logging.getLogger(__name__)
#: Seconds between looks at a running job, hence the delay with which its death is noticed.
_MONITOR_SECONDS = 5
#: Seconds between RQ's own clean-ups; its default of ten minutes hides abandoned jobs for as long.
_MAINTENANCE_SECONDS = 30
_REAP_SECONDS = 5.0


def work(settings: Settings, slot: int, *, is_burst: bool = False) -> None:
    """Work until asked to stop (SIGTERM, SIGINT: the running job is finished first).

    Args:
        settings: The operator's choices; the same must be in the environment, which jobs read.
        slot: Number of this worker on its host, in [0, 999]; gives its containers a user id of their own.
        is_burst: Stop when the queue is empty.
    """
    jobs.Slot.number = slot
    jobs.equipment()
    reaper = multiprocessing.get_context("spawn").Process(
        target=reap_forever, args=(settings, os.getpid()), daemon=True, name="reaper"
    )
    reaper.start()
    connection = Redis.from_url(bootstrap.redis_url(settings))
    # One queue a worker: only then RQ takes a job atomically (BLMOVE).
    queue = Queue(QUEUE_NAME, connection=connection, serializer=JSONSerializer)
    worker = Worker(
        [queue],
        connection=connection,
        serializer=JSONSerializer,
        maintenance_interval=_MAINTENANCE_SECONDS,
        job_monitoring_interval=_MONITOR_SECONDS,
    )
    try:
        worker.work(burst=is_burst, logging_level="WARNING")
    finally:
        reaper.terminate()


def reap_forever(settings: Settings, parent: int) -> None:
    """Remove what is over from this host's engine, now and every few seconds, while the worker lives."""
    ports = bootstrap.control_plane(settings)
    while os.getppid() == parent:
        try:
            box = bootstrap.sandbox(settings)
            if removed := box.sweep(lambda run_id, fence: is_over(ports, run_id, fence)):
                _log.info("reaper removed %d things", removed)
        except AuditionError as error:
            _log.warning("reaper: %s", error.detail)
        time.sleep(_REAP_SECONDS)
