"""What a service posts is heard, counted by requests, and nothing that it sends does harm."""

import asyncio
import socket

import pytest

from audition.domain.contract import Contract
from audition.domain.monitoring import Monitoring
from audition.domain.serving import Serving
from audition.domain.sink import sink_environment, sink_port
from audition.probing.sink import Sink, listening
from tests.ports import free_port

POST = b"POST /retrain HTTP/1.1\r\nHost: a\r\ncontent-length: 2\r\n\r\n{}"


async def said(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    try:
        return (await reader.read(100)).partition(b"\r\n")[0]
    except ConnectionError:
        return b""
    finally:
        writer.close()


def heard(*sent: bytes, at: int = 150) -> tuple[list[int], list[bytes]]:
    async def listen() -> tuple[list[int], list[bytes]]:
        port = free_port()
        async with listening(port) as sink:
            assert isinstance(sink, Sink)
            sink.sent = at
            answers = [await said(port, one) for one in sent]
            return sink.calls, answers

    return asyncio.run(listen())


def test_a_post_is_written_down_with_the_requests_that_were_sent() -> None:
    assert heard(POST, POST) == ([150, 150], [b"HTTP/1.1 202 Accepted"] * 2)


@pytest.mark.parametrize(
    "sent",
    [
        POST.replace(b"POST", b"GET"),
        POST.replace(b"/retrain", b"/"),
        POST.replace(b"length: 2", b"length: 0"),
        POST.replace(b"length: 2", b"length: 999999999"),
        POST.replace(b"length: 2", b"length: -1"),
        POST.replace(b"length: 2", b"length: x"),
        POST.replace(b"length: 2", b"length: 5"),
        b"POST /retrain HTTP/1.1\r\n" + b"a: b\r\n" * 10_000,
        b"\x00\xff\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_whole_post_to_the_address_is_nothing(sent: bytes) -> None:
    calls, answers = heard(sent, POST)
    assert calls == [150]
    assert answers[0] in {b"", b"HTTP/1.1 400 Bad Request"}


def test_a_flood_is_written_down_up_to_a_bound() -> None:
    calls, answers = heard(*[POST] * 110)
    assert (len(calls), len(answers)) == (100, 110)


def test_a_port_that_is_taken_is_our_limit() -> None:
    async def listen(port: int) -> Sink | None:
        async with listening(port) as sink:
            return sink

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert asyncio.run(listen(taken.getsockname()[1])) is None


def test_the_address_is_never_one_of_the_services_own() -> None:
    plain = Contract(monitoring=Monitoring(trigger_variable="RETRAIN_URL"))
    port = sink_port(plain)
    assert sink_environment(plain) == {"RETRAIN_URL": f"http://127.0.0.1:{port}/retrain"}
    assert sink_environment(Contract()) == {}
    same = Contract(serving=Serving(port=port), monitoring=Monitoring(port=39193))
    assert sink_port(same) not in {port, 39193}
