"""Two that take turns, as two processes of the tests do: a lock is held by who opened the file, not by a process."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.turns import Turns

_SOON, _LONG = 0.2, 60.0


class Measurement(threading.Thread):
    """Wants to be alone, and says when it is; goes on when told."""

    def __init__(self, turns: Turns) -> None:
        """It begins at once."""
        super().__init__(daemon=True)
        self.turns, self.is_alone, self.may_end = turns, threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        """Be alone until told."""
        with self.turns.alone():
            self.is_alone.set()
            self.may_end.wait(_LONG)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Turns, Turns]]:
    with closing(Turns(tmp_path)) as one, closing(Turns(tmp_path)) as other:
        yield one, other


def test_two_can_have_a_share(pair: tuple[Turns, Turns]) -> None:
    with pair[0].shared(), pair[1].shared():
        pass


def test_who_measures_waits_for_a_share_to_end(pair: tuple[Turns, Turns]) -> None:
    with pair[0].shared():
        measurement = Measurement(pair[1])
        assert not measurement.is_alone.wait(_SOON)
    assert measurement.is_alone.wait(_LONG)
    measurement.may_end.set()
    measurement.join(_LONG)


def test_nobody_begins_beside_a_measurement(pair: tuple[Turns, Turns]) -> None:
    measurement = Measurement(pair[1])
    assert measurement.is_alone.wait(_LONG)
    threading.Timer(_SOON, measurement.may_end.set).start()
    with pair[0].shared():
        assert measurement.may_end.is_set()


def test_who_has_measured_goes_on_at_once_and_others_wait_for_the_rest_of_it(
    pair: tuple[Turns, Turns],
) -> None:
    with pair[0].shared():
        with pair[0].alone():
            measurement = Measurement(pair[1])
            assert not measurement.is_alone.wait(_SOON)
        assert not measurement.is_alone.wait(_SOON)
    assert measurement.is_alone.wait(_LONG)
    measurement.may_end.set()
    measurement.join(_LONG)
    assert pair[1].waited_seconds > _SOON
    assert pair[0].waited_seconds < pair[1].waited_seconds


def test_who_steps_aside_lets_a_measurement_pass(pair: tuple[Turns, Turns]) -> None:
    with pair[0].shared():
        measurement = Measurement(pair[1])
        assert not measurement.is_alone.wait(_SOON)
        measurement.may_end.set()
        while measurement.is_alive():
            pair[0].step_aside()
        assert measurement.is_alone.is_set()


def test_two_that_want_to_be_alone_within_their_shares_follow_each_other(pair: tuple[Turns, Turns]) -> None:
    with pair[0].shared():
        measurement = Measurement(pair[1])
        threading.Timer(_SOON, measurement.may_end.set).start()
        with pair[0].alone(), pair[0].alone():
            assert not measurement.is_alone.is_set() or measurement.may_end.is_set()
        assert measurement.may_end.wait(_LONG)
    measurement.join(_LONG)
    assert measurement.is_alone.is_set()
