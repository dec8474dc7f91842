"""A worker on a host that does not keep candidates in."""

from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result

from audition.cli.main import cli
from audition.domain.errors import UnavailableError
from audition.host.posture import UNFIT, UNFIT_EXIT
from audition.worker import jobs


def end_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: UnavailableError) -> Result:
    def look() -> NoReturn:
        raise error

    monkeypatch.setattr(jobs, "equipment", look)
    monkeypatch.setenv("AUDITION_DATA_DIR", str(tmp_path))
    return CliRunner().invoke(cli, ["worker"])


def test_it_ends_with_a_code_of_its_own_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    msg = "This host does not keep candidates in, so it takes no jobs:\n  rights: CapEff is 1"
    error = UnavailableError(msg, transient=False, code=UNFIT, next_step="See the doctor.")
    ended = end_with(monkeypatch, tmp_path, error)
    assert ended.exit_code == UNFIT_EXIT == 78
    assert "CapEff is 1" in ended.output


def test_other_trouble_is_not_taken_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = end_with(monkeypatch, tmp_path, UnavailableError("The engine does not answer."))
    assert isinstance(ended.exception, UnavailableError)
