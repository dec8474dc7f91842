"""A hostile server ends as a value, in time, and with bounded memory."""

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audition.domain.probe_api import Failure
from audition.domain.probe_plan import Probe
from audition.probing.client import Caps, Client, Reply, Request
from tests.ports import free_port
from tests.probing.sessions import probe
from tests.services.hostile import TRICKS
from tests.services.start import hostile_service

CAPS = Caps(seconds=2.0, header_bytes=32 << 10, body_bytes=1 << 20)
ENDS = {
    "slowloris": Failure.TIMEOUT,
    "slow_body": Failure.TIMEOUT,
    "flood": Failure.TOO_LARGE,
    "gzip_bomb": Failure.TOO_LARGE,
    "header_bomb": Failure.TOO_LARGE,
    "interim_flood": Failure.NOT_HTTP,
    "redirect": Failure.NONE,
    "liar_long": Failure.CLOSED,
    "liar_short": Failure.NONE,
    "not_http": Failure.NOT_HTTP,
    "silent": Failure.TIMEOUT,
    "nested": Failure.NONE,
    "huge_number": Failure.NONE,
    "metrics_bomb": Failure.TOO_LARGE,
}


def ask(port: int, *requests: Request, caps: Caps = CAPS) -> list[Reply]:
    async def run() -> list[Reply]:
        client = Client("127.0.0.1", port, caps)
        try:
            return [await client.ask(request) for request in requests]
        finally:
            client.close()

    return asyncio.run(run())


@contextmanager
def small_growth(most_bytes: int) -> Iterator[None]:
    """The process's highest memory use grows by no more than this."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert grown <= most_bytes


def test_every_trick_has_its_expected_end() -> None:
    assert ENDS.keys() == TRICKS.keys()


@pytest.mark.parametrize("trick", TRICKS)
def test_a_hostile_answer_ends_as_a_value_in_time_and_bounded(trick: str) -> None:
    with hostile_service(trick) as running:
        began = time.monotonic()
        with small_growth(24 << 20):
            reply = ask(running.port, Request(path="/predict", method="POST", body=b"{}"))[0]
        assert reply.failure is ENDS[trick]
        assert time.monotonic() - began < CAPS.seconds + 10.0
        assert len(reply.body) <= CAPS.body_bytes


def test_a_redirect_is_not_followed() -> None:
    with hostile_service("redirect") as running:
        reply = ask(running.port, Request(path="/predict"))[0]
    assert (reply.status, reply.is_good) == (302, False)


def test_bytes_behind_the_announced_end_are_not_the_next_answer() -> None:
    with hostile_service("liar_short") as running:
        first, second = ask(running.port, Request(path="/a"), Request(path="/b"))
    assert (first.body, second.body) == (b"{}", b"{}")


def test_nobody_listening_is_refused() -> None:
    assert ask(free_port(), Request(path="/"))[0].failure is Failure.REFUSED


def test_a_path_that_is_none_is_no_exception() -> None:
    with hostile_service("redirect") as running:
        assert ask(running.port, Request(path="/a b\n"))[0].failure is Failure.NOT_HTTP


@pytest.mark.parametrize("trick", ["redirect", "nested", "huge_number", "liar_short", "not_http"])
def test_a_whole_session_with_a_hostile_service_ends_with_evidence(trick: str) -> None:
    with hostile_service(trick) as running:
        evidence = probe(
            running,
            Probe.START,
            Probe.CONTRACT,
            Probe.PARITY,
            Probe.EXPOSITION,
            Probe.BINDING,
            startup_seconds=2.0,
        )
    assert evidence.contract is not None
    assert not evidence.contract.is_usable
    assert evidence.contract.trouble
    assert evidence.exposition is not None
    assert not evidence.exposition.is_parsed
    assert evidence.binding is not None
    assert evidence.binding.is_loopback_only
    assert {item.probe for item in evidence.unfinished} == {"parity"}


def test_a_metrics_page_of_a_million_series_is_not_read() -> None:
    with hostile_service("metrics_bomb") as running, small_growth(64 << 20):
        evidence = probe(running, Probe.EXPOSITION, startup_seconds=1.0)
    assert evidence.exposition is not None
    assert evidence.exposition.failure is Failure.TOO_LARGE
