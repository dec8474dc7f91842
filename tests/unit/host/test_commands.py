"""A failing program becomes a sentence with a way out."""

import sys

import pytest

from audition.host.commands import advice, run
from audition.host.steps import HostError


def test_output_is_returned() -> None:
    assert run(["echo", "fine"], what="It failed") == "fine\n"


def test_failure_shows_the_last_lines_and_what_helps() -> None:
    program = "import sys; print('\\n'.join(f'line {i}' for i in range(50)), file=sys.stderr); "
    program += "print('OSError: No space left on device', file=sys.stderr); sys.exit(2)"
    with pytest.raises(HostError, match="The image failed") as caught:
        run([sys.executable, "-c", program], what="The image failed")
    assert "line 49" in caught.value.detail
    assert "line 3\n" not in caught.value.detail
    assert "disk is full" in caught.value.next_step


def test_a_missing_program_is_named() -> None:
    with pytest.raises(HostError, match="no-such-program"):
        run(["no-such-program"], what="It failed", fix="Install it.")


def test_an_unknown_complaint_has_no_advice() -> None:
    assert advice("the moon is in the wrong phase") == ""
