"""What the narration looks like."""

import io

import pytest

from audition.domain.errors import AuditionError
from audition.host.steps import HostError, Steps


def test_a_step_says_its_title_before_it_works_and_its_outcome_after() -> None:
    stream = io.StringIO()
    with Steps(stream).step("image base"):
        assert stream.getvalue() == "→ image base … "
    assert stream.getvalue() == "→ image base … done\n"


def test_a_skipped_step_says_why() -> None:
    stream = io.StringIO()
    with Steps(stream).step("Redis") as step:
        step.skip("answers already")
    assert stream.getvalue() == "→ Redis … answers already\n"


def test_notes_get_lines_of_their_own_and_the_end_names_the_step_again() -> None:
    stream = io.StringIO()
    with Steps(stream).step("engine") as step:
        step.note("apt-get update")
        step.note("starting dockerd")
    assert stream.getvalue() == ("→ engine … \n    apt-get update\n    starting dockerd\n  engine: done\n")


def test_a_failing_step_says_so_and_lets_the_error_through() -> None:
    stream = io.StringIO()
    failure = HostError("No engine", "/var/run/docker.sock", fix="Start it.")
    with pytest.raises(HostError) as caught, Steps(stream).step("engine"):
        raise failure
    assert stream.getvalue().endswith("failed\n")
    assert isinstance(caught.value, AuditionError)
    assert caught.value.detail == "No engine (/var/run/docker.sock)"
    assert caught.value.next_step == "Start it."
    assert not caught.value.transient
