"""`audition challenge stats` and `pull`: what a published version does, and its files, out of the database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from audition import bootstrap
from audition.cli.author import challenge
from audition.domain.challenge import Area, DataFile
from audition.domain.errors import ConflictError, NotFoundError
from audition.settings import Settings
from tests import factories


@pytest.fixture(autouse=True)
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with one version."""
    monkeypatch.setenv("AUDITION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("AUDITION_DATABASE_URL", raising=False)
    settings = Settings.from_env()
    settings.data_dir.mkdir(parents=True)
    bootstrap.migrate(settings)
    ports = bootstrap.control_plane(settings)
    contents = {Area.PUBLIC: b"id\n1\n", Area.PRIVATE: b"id,target\n1,0\n"}
    files = tuple(
        DataFile(area=area, name="test.csv", digest=ports.blobs.put(data), bytes=len(data))
        for area, data in contents.items()
    )
    version = factories.make_version(files=files, kit_digest=ports.blobs.put(b"kit"), brief="# It\n")
    with ports.unit_of_work() as uow:
        uow.challenges.add(version)
        uow.commit()


def run(*words: str) -> str:
    result = CliRunner().invoke(challenge, words, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_version_is_written_into_a_new_folder_and_over_nothing(tmp_path: Path) -> None:
    out = tmp_path / "pulled"
    run("pull", "credit-scoring", str(out))
    assert (out / "brief.md").read_text() == "# It\n"
    assert (out / "private" / "test.csv").read_bytes() == b"id,target\n1,0\n"
    assert (out / "credit-scoring-kit.zip").read_bytes() == b"kit"
    assert json.loads((out / "manifest.json").read_text())["slug"] == "credit-scoring"
    with pytest.raises(ConflictError):
        run("pull", "credit-scoring", str(out))
    with pytest.raises(NotFoundError):
        run("pull", "credit-scoring", str(tmp_path / "other"), "--version", "7")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_version_that_nobody_took_has_its_stats(form: str) -> None:
    said = run("stats", "credit-scoring", "--format", form)
    assert said.startswith({"table": "Credit scoring, version 1", "json": "{", "csv": "check,counted"}[form])
