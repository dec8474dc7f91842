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

    def submit(self, archive: bytes, name: str, key: str) -> dict[str, Any]:
        assert key
        self.files[name] = archive
        return {"id": "sub_1"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    made = Sent()
    monkeypatch.setattr(candidate, "_client", lambda _link: made)
    return made


def submit(source: Path) -> None:
    result = CliRunner().invoke(candidate.submit, [LINK, str(source), "--no-watch"])
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
