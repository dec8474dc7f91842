"""What every job queue does, in memory and with RQ on a real server."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from audition.adapters.rq_queue import FAILURE_TTL_SECONDS, QUEUE_NAME, RqQueue
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.fleet import Place, WorkerReport
from tests.contract.queues import RqWorkplace, Workplace


def test_a_hint_is_live_until_it_is_worked_off(workplace: Workplace) -> None:
    queue = workplace.queue
    assert not queue.has_live_hint("execute", "run_1", 0)
    queue.enqueue("execute", "run_1", 0)
    assert queue.has_live_hint("execute", "run_1", 0)
    seen: list[tuple[str, str, int]] = []

    def work(kind: str, run_id: str, fence: int) -> None:
        seen.append((kind, run_id, fence))
        assert queue.has_live_hint("execute", "run_1", 0)
        assert queue.depth() == 0

    workplace.work_one(work)
    assert seen == [("execute", "run_1", 0)]
    assert not queue.has_live_hint("execute", "run_1", 0)


def _report(name: str, hours: float = 0.0) -> WorkerReport:
    place = Place(path="/srv", free_bytes=3, total_bytes=9)
    told_at = datetime(2030, 1, 2, tzinfo=UTC) + timedelta(hours=hours)
    return WorkerReport(name=name, told_at=told_at, places=(place,), facts={"engine": "29"})


def test_the_last_report_of_each_worker_is_there(workplace: Workplace) -> None:
    queue = workplace.queue
    assert queue.told() == ()
    for report in (_report("b/0"), _report("a/0"), _report("b/0", 1)):
        queue.tell(report)
    assert queue.told() == (_report("a/0"), _report("b/0", 1))
    queue.tell(_report("b/0", 24.5))
    assert queue.told() == (_report("b/0", 24.5),), "a/0 has been silent for a day"


def test_a_worker_drains_until_it_is_told_to_go_on(workplace: Workplace) -> None:
    queue = workplace.queue
    assert queue.draining() == frozenset()
    queue.set_draining("a/0", is_draining=True)
    queue.set_draining("b/1", is_draining=True)
    queue.set_draining("a/0", is_draining=False)
    assert queue.draining() == {"b/1"}
    workplace.lose_everything()
    assert queue.draining() == frozenset()
    assert queue.told() == ()


def test_hints_are_worked_off_in_order(workplace: Workplace) -> None:
    for number in range(3):
        workplace.queue.enqueue("execute", f"run_{number}", 0)
    assert workplace.queue.depth() == 3
    seen: list[str] = []
    for _ in range(3):
        workplace.work_one(lambda _kind, run_id, _fence: seen.append(run_id))
    assert seen == ["run_0", "run_1", "run_2"]


def test_a_second_hint_for_the_same_is_none(workplace: Workplace) -> None:
    workplace.queue.enqueue("execute", "run_1", 0)
    workplace.queue.enqueue("execute", "run_1", 0)
    assert workplace.queue.depth() == 1


def test_a_hint_for_what_is_being_worked_on_is_none(workplace: Workplace) -> None:
    workplace.queue.enqueue("grade", "run_1", 3)
    workplace.work_one(workplace.queue.enqueue)
    assert workplace.queue.depth() == 0


@pytest.mark.parametrize("other", [("grade", "run_1", 0), ("execute", "run_2", 0), ("execute", "run_1", 1)])
def test_kind_run_and_fence_tell_hints_apart(workplace: Workplace, other: tuple[str, str, int]) -> None:
    workplace.queue.enqueue("execute", "run_1", 0)
    assert not workplace.queue.has_live_hint(*other)
    workplace.queue.enqueue(*other)
    assert workplace.queue.depth() == 2


def test_a_finished_hint_can_be_given_again(workplace: Workplace) -> None:
    workplace.queue.enqueue("execute", "run_1", 0)
    workplace.work_one(lambda *_hint: None)
    workplace.queue.enqueue("execute", "run_1", 0)
    assert workplace.queue.has_live_hint("execute", "run_1", 0)
    assert workplace.queue.depth() == 1


def test_a_failed_hint_is_not_live_and_can_be_given_again(workplace: Workplace) -> None:
    def fail(_kind: str, _run_id: str, _fence: int) -> None:
        msg = "a bug"
        raise RuntimeError(msg)

    workplace.queue.enqueue("execute", "run_1", 0)
    workplace.work_one(fail)
    assert not workplace.queue.has_live_hint("execute", "run_1", 0)
    workplace.queue.enqueue("execute", "run_1", 0)
    assert workplace.queue.has_live_hint("execute", "run_1", 0)
    assert workplace.queue.depth() == 1


def test_hints_can_be_lost_and_given_again(workplace: Workplace) -> None:
    workplace.queue.enqueue("execute", "run_1", 0)
    workplace.lose_everything()
    assert not workplace.queue.has_live_hint("execute", "run_1", 0)
    workplace.queue.enqueue("execute", "run_1", 0)
    assert workplace.queue.depth() == 1


def test_an_unknown_kind_is_refused(workplace: Workplace) -> None:
    with pytest.raises(InvalidError, match="execute, grade"):
        workplace.queue.enqueue("dance", "run_1", 0)


# What follows is about RQ alone: facts of its storage that `RqQueue` relies on.


@pytest.fixture
def rq_workplace(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> RqWorkplace:
    client = Redis.from_url(redis_url)
    client.flushall()
    return RqWorkplace(RqQueue(redis_url, 60), client, monkeypatch)


@pytest.mark.redis
def test_a_job_is_ids_in_json_with_bounded_lives(rq_workplace: RqWorkplace) -> None:
    rq_workplace.queue.enqueue("execute", "run_1", 4)
    job = Job.fetch("execute-run_1-4", connection=rq_workplace.client, serializer=JSONSerializer)
    assert job.func_name == "audition.worker.jobs.execute_run"
    assert (list(job.args), job.kwargs) == (["run_1", 4], {})
    assert job.timeout == 90
    assert job.failure_ttl == FAILURE_TTL_SECONDS
    assert job.result_ttl == 60
    assert not job.retries_left


@pytest.mark.redis
def test_a_hint_between_queue_and_work_is_live(rq_workplace: RqWorkplace) -> None:
    rq_workplace.queue.enqueue("execute", "run_1", 0)
    rq = rq_workplace.rq
    rq_workplace.client.lmove(rq.key, rq.intermediate_queue_key)
    assert rq_workplace.queue.depth() == 0
    assert rq_workplace.queue.has_live_hint("execute", "run_1", 0)
    rq_workplace.queue.enqueue("execute", "run_1", 0)
    assert rq_workplace.queue.depth() == 0


@pytest.mark.redis
def test_a_job_that_is_on_no_list_is_lost_whatever_its_status_says(rq_workplace: RqWorkplace) -> None:
    rq_workplace.queue.enqueue("execute", "run_1", 0)
    rq_workplace.client.delete(rq_workplace.rq.key)
    assert not rq_workplace.queue.has_live_hint("execute", "run_1", 0)
    rq_workplace.queue.enqueue("execute", "run_1", 0)
    assert rq_workplace.queue.depth() == 1


@pytest.mark.redis
@pytest.mark.parametrize(("age_seconds", "is_live"), [(-60, True), (60, False)])
def test_started_work_is_live_until_its_worker_stops_saying_so(
    rq_workplace: RqWorkplace, *, age_seconds: float, is_live: bool
) -> None:
    registry = rq_workplace.rq.started_job_registry
    entries = {"execute-run_1-0:abc": time.time() - age_seconds, "execute-run_1-00:abc": time.time() + 60}
    rq_workplace.client.zadd(registry.key, entries)
    assert rq_workplace.queue.has_live_hint("execute", "run_1", 0) is is_live


@pytest.mark.redis
def test_two_processes_that_replace_a_stale_job_leave_one_that_works(rq_workplace: RqWorkplace) -> None:
    rq_workplace.queue.enqueue("execute", "run_1", 0)
    rq_workplace.client.lpush(rq_workplace.rq.key, "execute-run_1-0")
    seen: list[str] = []
    for _ in range(2):
        rq_workplace.work_one(lambda _kind, run_id, _fence: seen.append(run_id))
    assert seen[0] == "run_1"
    assert rq_workplace.queue.depth() == 0


def test_a_server_that_is_down_is_unavailable_at_once(tmp_path: Path) -> None:
    queue = RqQueue(f"unix://{tmp_path}/none.sock", 60)
    began = time.monotonic()
    for ask in (
        lambda: queue.enqueue("execute", "run_1", 0),
        lambda: queue.has_live_hint("execute", "run_1", 0),
        queue.depth,
    ):
        with pytest.raises(UnavailableError) as caught:
            ask()
        assert caught.value.transient
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("url", ["", "http://example.org", "redis"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InvalidError, match="Redis URL"):
        RqQueue(url, 60)


def test_the_queue_has_the_documented_name() -> None:
    assert QUEUE_NAME == "audition"
