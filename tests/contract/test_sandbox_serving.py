"""What every sandbox does with a container that lives while others work beside it."""

import io

import pytest

from audition.adapters.memory.inside import Inside
from audition.domain.errors import UnavailableError
from audition.domain.execution import Profile
from audition.ports import Served
from tests.contract.boxes import Box, Deed
from tests.contract.deeds import HOLDER, says, volume


def test_a_served_container_talks_in_lines_and_counted_bytes(box: Box) -> None:
    def play(inside: Inside) -> int:
        inside.print(b"first\nsec")
        inside.print(b"ond\n\x00\x01\n\x02third\n")
        inside.sleep(0)
        inside.await_signal()
        return 0

    script = r"""
import os, time
os.write(1, b"first\nsec"); time.sleep(0.05); os.write(1, b"ond\n\x00\x01\n\x02third\n"); time.sleep(1e6)
"""
    sink = io.BytesIO()
    with box.sandbox.serve(box.spec(Deed(script=script, play=play))) as served:
        lines = [served.read_line(100, 20.0), served.read_line(100, 20.0)]
        served.read_into(sink, 4, 20.0)
        lines.append(served.read_line(100, 20.0))
        exit_ = served.stop()

    assert lines == [b"first", b"second", b"third"]
    assert sink.getvalue() == b"\x00\x01\n\x02"
    assert exit_.exit_code == 137
    assert not exit_.is_past_deadline


def test_a_served_container_hears_signals(box: Box) -> None:
    spec = box.spec(HOLDER, mounts=(volume(),), profile=Profile.KEEPER)
    with box.sandbox.serve(spec) as served:
        assert served.read_line(100, 20.0) == b"ready"
        served.signal("SIGUSR1")
        assert served.read_line(100, 20.0) == b""


def test_leaving_the_context_ends_a_served_container(box: Box) -> None:
    spec = box.spec(HOLDER, mounts=(volume(),))
    with box.sandbox.serve(spec) as served:
        served.read_line(100, 20.0)

    with pytest.raises(UnavailableError):
        served.signal("SIGUSR1")


@pytest.mark.parametrize("amount", [1, 5000])
def test_a_served_container_that_says_too_much_or_nothing_is_given_up(box: Box, amount: int) -> None:
    def play(inside: Inside) -> int:
        inside.print(b"x" * amount)
        inside.await_signal()
        return 0

    deed = Deed(script=f"import os, time; os.write(1, b'x' * {amount}); time.sleep(1e6)", play=play)
    with box.sandbox.serve(box.spec(deed)) as served, pytest.raises(UnavailableError):
        served.read_line(100, 1.0)


@pytest.mark.parametrize("wants_bytes", [False, True])
def test_a_served_container_that_ends_early_is_noticed(box: Box, *, wants_bytes: bool) -> None:
    def read(served: Served) -> None:
        if wants_bytes:
            served.read_into(io.BytesIO(), 100, 20.0)
        else:
            served.read_line(100, 20.0)

    with box.sandbox.serve(box.spec(says(b"half a lin"))) as served, pytest.raises(UnavailableError):
        read(served)


def test_serving_a_command_that_does_not_exist_is_ours(box: Box) -> None:
    # Some engines notice at the start, some only when nothing is said.
    with pytest.raises(UnavailableError), box.sandbox.serve(box.spec(None)) as served:
        served.read_line(100, 20.0)
