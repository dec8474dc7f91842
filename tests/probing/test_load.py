"""Open-loop traffic keeps its schedule, and says when it could not."""

import asyncio
import time

from audition.probing.client import Reply
from audition.probing.load import Sample, open_loop, quantile, summarize
from audition.probing.loading import calibrate


def run(rate: float, count: int, takes: float, most_waiting: int = 256) -> list[Sample]:
    async def send(_number: int) -> Reply:
        await asyncio.sleep(takes)
        return Reply(status=200)

    return asyncio.run(open_loop(send, rate=rate, count=count, most_waiting=most_waiting))


def test_requests_leave_on_schedule_however_long_answers_take() -> None:
    samples = run(rate=100, count=30, takes=0.5)
    assert [round(sample.due, 3) for sample in sorted(samples, key=lambda s: s.due)] == [
        n / 100 for n in range(30)
    ]
    # One after the other they would take thirty times as long as one.
    assert max(sample.done for sample in samples) < 10 * 0.5
    assert all(sample.latency_ms >= 499 for sample in samples)


def test_latency_counts_from_when_a_request_was_due() -> None:
    late = Sample(due=1.0, sent=1.3, done=1.4, reply="good")
    assert round(late.latency_ms) == 400
    assert round(late.slip_ms) == 300
    assert round(summarize([late], 1.0).slip_max_ms) == 300


def test_a_stalled_prober_shows_as_slip_and_not_as_a_fast_service() -> None:
    async def send(number: int) -> Reply:
        if number == 5:
            time.sleep(0.3)  # noqa: ASYNC251  the stall
        return Reply(status=200)

    summary = summarize(asyncio.run(open_loop(send, rate=100, count=20)), 100)
    assert summary.slip_max_ms > 200
    assert summary.max_ms is not None
    assert summary.max_ms > 200


def test_requests_beyond_the_most_that_may_wait_count_against_the_service() -> None:
    summary = summarize(run(rate=200, count=20, takes=0.5, most_waiting=4), 200)
    assert summary.good == 4
    assert summary.failures == {"not_sent": 16}


def test_a_growing_queue_shows_between_the_first_third_and_the_last() -> None:
    samples = [Sample(due=n / 10, sent=n / 10, done=n / 10 + 0.01 * n, reply="good") for n in range(30)]
    summary = summarize(samples, 10)
    assert summary.early_p50_ms is not None
    assert summary.late_p50_ms is not None
    assert summary.late_p50_ms > summary.early_p50_ms * 3
    assert sum(summary.histogram) == sum(summary.series) == 30


def test_nothing_answered_has_no_quantiles() -> None:
    summary = summarize([Sample(due=0, sent=0, done=1, reply="503")], 1)
    assert (summary.p50_ms, summary.failures) == (None, {"503": 1})
    assert quantile([], 0.5) is None


def test_a_server_that_does_nothing_is_measured() -> None:
    assert 0 < asyncio.run(calibrate(rate=200, count=40)) < 1000
