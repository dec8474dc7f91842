"""`audition submit`: what is sent of a folder, and of one file."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audition.cli import candidate
from tests.notebooks import book, code

LINK = "https://audition.example/i/token"


class Sent:
    """In the place of the client: keeps what is sent."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked = ""
        self.is_practice = False

    def submit(self, archive: bytes, name: str, key: str, *, is_practice: bool) -> dict[str, Any]:
        assert key
        self.files[name] = archive
        self.is_practice = is_practice
        return {"id": "sub_1"}

    def post(self, path: str) -> dict[str, Any]:
        self.asked = path
        return {"attempt_number": 2}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    made = Sent()
    monkeypatch.setattr(candidate, "_client", lambda _link: made)
    return made


def submit(source: Path, *options: str) -> None:
    result = CliRunner().invoke(candidate.submit, [LINK, str(source), "--no-watch", *options])
    assert result.exit_code == 0, result.output
    assert "sub_1" in result.output


def test_a_folder_is_packed(tmp_path: Path, sent: Sent) -> None:
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "predict.py").write_text("print(1)")
    submit(tmp_path / "solution")
    assert zipfile.ZipFile(io.BytesIO(sent.files["solution.zip"])).namelist() == ["predict.py"]


def test_a_notebook_is_sent_as_it_is(tmp_path: Path, sent: Sent) -> None:
    (tmp_path / "a.ipynb").write_bytes(book(code("1")))
    submit(tmp_path / "a.ipynb")
    assert sent.files == {"a.ipynb": book(code("1"))}
    assert not sent.is_practice


def test_practice_is_asked_for_by_name(tmp_path: Path, sent: Sent) -> None:
    (tmp_path / "a.ipynb").write_bytes(book(code("1")))
    submit(tmp_path / "a.ipynb", "--practice")
    assert sent.is_practice


def test_the_attempt_that_counts_is_picked(sent: Sent) -> None:
    result = CliRunner().invoke(candidate.pick, [LINK, "sub_2"])
    assert (result.exit_code, sent.asked) == (0, "/submissions/sub_2/pick")
    assert "Attempt 2 counts." in result.output
