"""What the narration looks like."""

import io
import logging

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


def test_what_is_logged_while_a_step_runs_gets_a_line_of_its_own() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, steps = logging.getLogger(), Steps(stream)
    root.addHandler(handler)
    try:
        with steps.step("publishing"):
            logging.getLogger("audition.bootstrap").warning("older than the fixes: %s", "runc")
        logging.getLogger("audition.bootstrap").warning("afterwards as ever")
    finally:
        root.removeHandler(handler)
    assert stream.getvalue() == (
        "→ publishing … \n    warning: older than the fixes: runc\n  publishing: done\nafterwards as ever\n"
    )


def test_what_is_logged_elsewhere_stays_there() -> None:
    stream, elsewhere = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(elsewhere)
    logging.getLogger().addHandler(handler)
    try:
        with Steps(stream).step("publishing"):
            logging.getLogger("audition.bootstrap").warning("old")
    finally:
        logging.getLogger().removeHandler(handler)
    assert (stream.getvalue(), elsewhere.getvalue()) == ("→ publishing … done\n", "old\n")
