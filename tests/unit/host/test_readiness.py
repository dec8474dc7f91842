"""Whether a host may take a job."""

from pathlib import Path

from audition.domain.errors import UnavailableError
from audition.host.readiness import Readiness


def answers() -> None:
    """An engine that is there."""


def is_away() -> None:
    message = "The Docker engine does not answer: gone"
    raise UnavailableError(message)


def test_a_host_with_an_engine_and_room_is_ready(tmp_path: Path) -> None:
    assert Readiness(answers, [tmp_path], 1).trouble() == ""


def test_an_engine_that_is_away_is_named(tmp_path: Path) -> None:
    assert "does not answer" in Readiness(is_away, [tmp_path], 1).trouble()


def test_a_full_disk_is_named_with_the_folder_and_what_to_do(tmp_path: Path) -> None:
    trouble = Readiness(answers, [tmp_path], 1 << 60).trouble()

    assert str(tmp_path) in trouble
    assert "AUDITION_MIN_FREE_BYTES" in trouble


def test_nothing_is_wanted_where_the_operator_wants_nothing(tmp_path: Path) -> None:
    assert Readiness(answers, [tmp_path], 0).trouble() == ""


def test_a_folder_that_cannot_be_seen_from_here_is_not_looked_at(tmp_path: Path) -> None:
    assert Readiness(answers, [tmp_path / "of-another-machine"], 1 << 60).trouble() == ""
