"""Reading an attach stream over a real socket pair: fragments, giants, silence and early ends."""

import io
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audition.adapters.docker.streams import Conversation, FrameReader, Tap
from audition.domain.errors import UnavailableError

OUT, ERR = 1, 2


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, FrameReader]]:
    theirs, ours = socket.socketpair()
    reader = FrameReader(ours)
    yield theirs, reader
    reader.close()
    theirs.close()


def frame(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(data)) + data


def everything(reader: FrameReader) -> list[tuple[int, bytes]]:
    pieces = []
    while piece := reader.read(5.0):
        pieces.append(piece)
    return pieces


@settings(max_examples=60, deadline=None)
@given(
    frames=st.lists(st.tuples(st.sampled_from([OUT, ERR]), st.binary(max_size=300)), max_size=6),
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=20),
)
def test_however_the_stream_is_cut_the_bytes_are_the_same(
    frames: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    theirs, ours = socket.socketpair()
    data = b"".join(frame(kind, body) for kind, body in frames)

    def send() -> None:
        position = 0
        while position < len(data):
            size = cuts[position % len(cuts)]
            theirs.sendall(data[position : position + size])
            position += size
        theirs.close()

    sender = threading.Thread(target=send)
    sender.start()
    reader = FrameReader(ours)
    pieces = everything(reader)
    sender.join()
    reader.close()

    for kind in (OUT, ERR):
        expected = b"".join(body for k, body in frames if k == kind)
        assert b"".join(body for k, body in pieces if k == kind) == expected


def test_a_giant_frame_comes_in_pieces_of_bounded_size(pair: tuple[socket.socket, FrameReader]) -> None:
    theirs, reader = pair
    body = b"x" * 500_000

    def send() -> None:
        theirs.sendall(frame(OUT, body))
        theirs.close()

    sender = threading.Thread(target=send)
    sender.start()
    pieces = everything(reader)
    sender.join()

    assert max(len(data) for _, data in pieces) <= 1 << 16
    assert b"".join(data for _, data in pieces) == body


@pytest.mark.parametrize(
    "data", [b"", b"\x01\0\0", frame(OUT, b"whole")[:-2]], ids=["none", "header", "body"]
)
def test_an_early_end_is_an_end(pair: tuple[socket.socket, FrameReader], data: bytes) -> None:
    theirs, reader = pair
    theirs.sendall(data)
    theirs.close()

    assert b"".join(body for _, body in everything(reader)) == data[8:]


@pytest.mark.parametrize("data", [b"", b"\x01\0\0"])
def test_silence_is_a_timeout(pair: tuple[socket.socket, FrameReader], data: bytes) -> None:
    theirs, reader = pair
    theirs.sendall(data)

    with pytest.raises(TimeoutError):
        reader.read(0.05)


def test_closing_twice_does_no_harm(pair: tuple[socket.socket, FrameReader]) -> None:
    _, reader = pair
    reader.close()
    reader.close()


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_tap_keeps_the_start_of_each_stream_and_counts_all(
    pair: tuple[socket.socket, FrameReader],
) -> None:
    theirs, reader = pair
    tap = Tap(reader, cap=10, flood=1000)
    theirs.sendall(frame(OUT, b"a" * 8) + frame(ERR, b"e" * 10) + frame(OUT, b"b" * 8))
    theirs.close()

    captured = tap.finish()

    assert bytes(captured.stdout) == b"a" * 8 + b"b" * 2
    assert bytes(captured.stderr) == b"e" * 10
    assert captured.total == 26
    assert captured.is_truncated
    assert not tap.is_flooding.is_set()


def test_a_tap_notices_a_flood_across_both_streams_and_goes_on_reading(
    pair: tuple[socket.socket, FrameReader],
) -> None:
    theirs, reader = pair
    tap = Tap(reader, cap=10, flood=100)
    theirs.sendall(frame(OUT, b"a" * 60) + frame(ERR, b"e" * 40))
    wait_for(lambda: tap.captured.total == 100)
    assert not tap.is_flooding.is_set(), "the limit itself is allowed"

    theirs.sendall(frame(OUT, b"a"))
    assert tap.is_flooding.wait(60)
    theirs.sendall(frame(OUT, b"a" * 5000))
    wait_for(lambda: tap.captured.total == 5101)
    assert len(tap.captured.stdout) == 10


def test_a_tap_on_a_stream_that_never_ends_gives_up_and_closes(
    pair: tuple[socket.socket, FrameReader],
) -> None:
    theirs, reader = pair
    tap = Tap(reader, cap=10, flood=100)
    theirs.sendall(frame(OUT, b"half"))
    wait_for(lambda: tap.captured.total == 4)
    began = time.monotonic()

    captured = tap.finish(timeout_seconds=0.05)

    assert bytes(captured.stdout) == b"half"
    assert time.monotonic() - began < 10
    assert theirs.recv(1) == b""


def talk(reader: FrameReader) -> Conversation:
    return Conversation(reader, what="unpack", stderr_cap=20)


def test_lines_may_come_in_fragments_and_together(pair: tuple[socket.socket, FrameReader]) -> None:
    theirs, reader = pair
    theirs.sendall(
        frame(OUT, b"fir") + frame(ERR, b"noise") + frame(OUT, b"st\nsecond\nth") + frame(OUT, b"ird\n")
    )
    conversation = talk(reader)

    lines = [conversation.read_line(20, 1.0) for _ in range(3)]

    assert lines == [b"first", b"second", b"third"]
    assert bytes(conversation.captured.stderr) == b"noise"


def test_bytes_follow_a_line_on_the_same_stream(pair: tuple[socket.socket, FrameReader]) -> None:
    theirs, reader = pair
    theirs.sendall(frame(OUT, b"line\n\x00\n") + frame(OUT, b"\x01tail") + frame(OUT, b"next\n"))
    conversation, sink = talk(reader), io.BytesIO()

    assert conversation.read_line(20, 1.0) == b"line"
    conversation.read_into(sink, 7, 1.0)

    assert sink.getvalue() == b"\x00\n\x01tail"
    assert conversation.read_line(20, 1.0) == b"next"


@pytest.mark.parametrize("data", [b"x" * 21, b"x" * 21 + b"\n"], ids=["without end", "with end"])
def test_a_line_may_have_its_limit_and_not_a_byte_more(
    pair: tuple[socket.socket, FrameReader], data: bytes
) -> None:
    theirs, reader = pair
    theirs.sendall(frame(OUT, b"y" * 20 + b"\n") + frame(OUT, data))
    conversation = talk(reader)
    assert conversation.read_line(20, 1.0) == b"y" * 20

    with pytest.raises(UnavailableError, match=r"unpack container said more than 20 bytes"):
        conversation.read_line(20, 1.0)


def test_silence_is_ours_and_quotes_what_was_said_on_stderr(
    pair: tuple[socket.socket, FrameReader],
) -> None:
    theirs, reader = pair
    theirs.sendall(frame(ERR, b"out of breath"))
    began = time.monotonic()

    with pytest.raises(UnavailableError, match=r"did not answer in time. out of breath"):
        talk(reader).read_line(20, 0.1)
    assert time.monotonic() - began < 10


def test_dripping_bytes_does_not_stretch_the_time(pair: tuple[socket.socket, FrameReader]) -> None:
    theirs, reader = pair
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.02):
            theirs.sendall(frame(ERR, b"."))

    dripper = threading.Thread(target=drip)
    dripper.start()
    began = time.monotonic()
    try:
        with pytest.raises(UnavailableError, match="in time"):
            talk(reader).read_line(20, 0.2)
    finally:
        stop.set()
        dripper.join()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("how", ["line", "bytes"])
def test_an_early_end_is_told(pair: tuple[socket.socket, FrameReader], how: str) -> None:
    theirs, reader = pair
    theirs.sendall(frame(OUT, b"half"))
    theirs.close()
    conversation = talk(reader)

    def read() -> None:
        if how == "line":
            conversation.read_line(20, 1.0)
        else:
            conversation.read_into(io.BytesIO(), 5, 1.0)

    with pytest.raises(UnavailableError, match="ended before it had answered"):
        read()


def test_a_closed_conversation_is_lost(pair: tuple[socket.socket, FrameReader]) -> None:
    _, reader = pair
    conversation = talk(reader)
    conversation.close()

    with pytest.raises(UnavailableError, match="lost its connection"):
        conversation.read_line(20, 1.0)


def test_a_tap_tells_of_the_first_whole_line_on_stdout(pair: tuple[socket.socket, FrameReader]) -> None:
    theirs, reader = pair
    told = threading.Event()
    tap = Tap(reader, cap=100, flood=1000, at_line=told.set)

    theirs.sendall(frame(ERR, b"no document\n") + frame(OUT, b"half"))
    assert not told.wait(0.1)
    theirs.sendall(frame(OUT, b" and half\n"))

    assert told.wait(60)
    assert tap.has_line
    assert tap.finish(0).stdout == b"half and half\n"
