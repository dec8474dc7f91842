"""Whom a service wants to reach: lookups are heard and answered with nobody, lost packets are counted."""

import asyncio
import socket
from pathlib import Path

import pytest

from audition.domain.probe_runtime import NetworkEvidence
from audition.probing.reaching import Reaching

HERE = ("127.0.0.1", 0)
ASKS = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
SNMP = """Ip: Forwarding OutRequests OutNoRoutes
Ip: 1 20 {lost}
Udp: InDatagrams NoPorts
Udp: 5 4
"""


def question(*labels: bytes) -> bytes:
    return ASKS + b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\x01\0\x01"


async def heard(*packets: bytes) -> tuple[NetworkEvidence, list[bytes]]:
    """What was seen of some packets, and the answers to them."""
    answers = []
    async with Reaching(HERE, ()) as reaching:
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.connect(reaching.address)
            loop = asyncio.get_running_loop()
            for packet in packets:
                await loop.sock_sendall(client, packet)
            # The last is answered in any case, and packets on the loopback keep their order.
            await loop.sock_sendall(client, question(b"end"))
            while not answers or b"end" not in answers[-1]:
                answers.append(await loop.sock_recv(client, 600))
        return reaching.seen(), answers[:-1]


def test_a_name_is_heard_once_however_often_it_is_asked_for_and_does_not_exist() -> None:
    asked = question(b"Hub", b"example", b"org")
    seen, answers = asyncio.run(heard(asked, asked))
    assert seen.names == ("hub.example.org", "end")
    assert seen.is_heard
    assert [answer[:4] for answer in answers] == [b"\x12\x34\x81\x83"] * 2
    assert answers[0][12:] == asked[12:]


@pytest.mark.parametrize(
    "packet", [b"", b"x", ASKS, ASKS + b"\xff" * 40, ASKS + b"\x05abc", question(b"a")[:-3], question()]
)
def test_what_is_no_question_is_passed_over(packet: bytes) -> None:
    seen, answers = asyncio.run(heard(packet))
    assert (seen.names, answers) == (("end",), [])


def test_names_are_bounded_and_hold_nothing_that_steers_a_terminal() -> None:
    many = [question(b"h%d" % number) for number in range(200)]
    seen, _ = asyncio.run(heard(question(b"\x1b[1m" + b"a" * 50, b"\xff"), *many))
    assert len(seen.names) == 50
    assert seen.names[0] == f"?[1m{'a' * 50}.\ufffd"


def test_packets_without_a_route_are_counted_from_the_beginning_on(tmp_path: Path) -> None:
    old, new = tmp_path / "snmp", tmp_path / "snmp6"
    old.write_text(SNMP.format(lost=3))
    new.write_text("Ip6InReceives 7\nIp6OutNoRoutes 1\n")

    async def look() -> NetworkEvidence:
        async with Reaching(HERE, (old, new, tmp_path / "none")) as reaching:
            old.write_text(SNMP.format(lost=5))
            new.write_text("Ip6InReceives 9\nIp6OutNoRoutes 2\n")
            return reaching.seen()

    assert asyncio.run(look()).unreachable == 3


def test_where_it_may_not_listen_it_says_so() -> None:
    async def look() -> NetworkEvidence:
        async with Reaching(HERE, ()) as first, Reaching(first.address, ()) as second:
            return second.seen()

    assert not asyncio.run(look()).is_heard
