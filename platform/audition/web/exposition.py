"""Write counts in the text format of Prometheus.

Everything is read from the database and the queue when it is asked for, and is the same whichever web process answers.
So there is nothing to add up between processes, and a restart resets nothing: all of it are gauges.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

from audition.domain.fleet import WorkerReport
from audition.services.oversee import Overview, Queue

__all__ = ["CONTENT_TYPE", "expose"]


def expose(overview: Overview) -> bytes:
    """All metrics of an installation."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(overview))
    return generate_latest(registry)


class _Snapshot(Collector):
    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    def collect(self) -> Iterable[Metric]:
        yield from _work(self._overview)
        yield _gauge("queue_up", "1 while the queue answers.", [((), self._overview.queue is not None)])
        if self._overview.queue is not None:
            yield from _queue(self._overview, self._overview.queue)


def _work(overview: Overview) -> Iterator[Metric]:
    states = [((state.value,), count) for state, count in overview.states.items()]
    yield _gauge("submissions", "Submissions by state, practice included.", states, "state")
    faults = [((fault.value if fault else "none",), count) for fault, count in overview.faults.items()]
    yield _gauge("runs_30d", "Runs that ended within 30 days, by whose fault.", faults, "fault")
    oldest = overview.oldest_waiting_at
    waited = max(0.0, (overview.seen_at - oldest).total_seconds()) if oldest else 0.0
    yield _gauge("oldest_waiting_seconds", "How long the oldest submission has waited.", [((), waited)])


def _queue(overview: Overview, queue: Queue) -> Iterator[Metric]:
    yield _gauge("queue_depth", "Hints that no worker has taken.", [((), queue.depth)])
    ages = [((r.name,), max(0.0, (overview.seen_at - r.told_at).total_seconds())) for r in queue.reports]
    yield _gauge("worker_silent_seconds", "Since a worker last told of itself.", ages, "worker")
    able = [((r.name,), not (r.trouble or r.missing_images)) for r in queue.reports]
    yield _gauge("worker_able", "1 while its host can do jobs.", able, "worker")
    drained = [((r.name,), r.name in queue.draining) for r in queue.reports]
    yield _gauge("worker_draining", "1 while an operator has it take no jobs.", drained, "worker")
    missing = [((r.name,), len(r.missing_images)) for r in queue.reports]
    yield _gauge("worker_missing_images", "Images that its host needs and has not.", missing, "worker")
    yield _gauge("disk_free_bytes", "Room where work writes.", list(_free(queue.reports)), "worker", "path")


def _free(reports: Iterable[WorkerReport]) -> Iterator[tuple[tuple[str, str], float]]:
    yield from (((r.name, place.path), place.free_bytes) for r in reports for place in r.places)


def _gauge(
    name: str, about: str, samples: Iterable[tuple[tuple[str, ...], float]], *labels: str
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"audition_{name}", about, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
