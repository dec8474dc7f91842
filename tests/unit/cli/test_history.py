"""`audition challenge stats`, `pull` and `verify`: how a version does, its files, whether they are still the same."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from audition import bootstrap, codec
from audition.cli.author import challenge
from audition.domain.challenge import Area, DataFile
from audition.domain.errors import ConflictError, NotFoundError
from audition.services.seal_version import seal
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
    manifest = factories.make_manifest()
    version = factories.make_version(
        files=files,
        kit_digest=ports.blobs.put(b"kit"),
        brief="# It\n",
        manifest=manifest,
        manifest_digest=ports.blobs.put(codec.to_json(manifest)),
    )
    with ports.unit_of_work() as uow:
        uow.challenges.add(version)
        uow.audit.add(seal(bootstrap.variant_key(settings), version, factories.NOW, "cli"))
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
    digests = {
        file["name"]: file["digest"] for file in json.loads((out / "digests.json").read_text())["files"]
    }
    for name in ("manifest.json", "private/test.csv", "brief.md"):
        assert digests[name] == hashlib.sha256((out / name).read_bytes()).hexdigest()
    with pytest.raises(ConflictError):
        run("pull", "credit-scoring", str(out))
    with pytest.raises(NotFoundError):
        run("pull", "credit-scoring", str(tmp_path / "other"), "--version", "7")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_version_that_nobody_took_has_its_stats(form: str) -> None:
    said = run("stats", "credit-scoring", "--format", form)
    assert said.startswith({"table": "Credit scoring, version 1", "json": "{", "csv": "check,counted"}[form])


@dataclass(frozen=True)
class Intruder:
    """Somebody who can write where database and blobs are, and has no key."""

    data: Path

    def blob(self, content: bytes) -> Path:
        """Where it is kept."""
        digest = hashlib.sha256(content).hexdigest()
        [path] = (self.data / "blobs").rglob(f"*{digest[4:]}*")
        path.chmod(0o644)
        return path

    def sql(self, text: str) -> None:
        """Change the database."""
        with sqlite3.connect(self.data / "audition.db") as database:
            assert database.execute(text).rowcount > 0
        database.close()


def other_answers(intruder: Intruder) -> None:
    intruder.blob(b"id,target\n1,0\n").write_bytes(b"id,target\n1,1\n")


def no_answers(intruder: Intruder) -> None:
    intruder.blob(b"id,target\n1,0\n").unlink()


def answers_of_a_stored_file(intruder: Intruder) -> None:
    old, new = (hashlib.sha256(data).hexdigest() for data in (b"id,target\n1,0\n", b"id\n1\n"))
    intruder.sql(f"UPDATE challenge_versions SET files = replace(files, '{old}', '{new}')")


def another_brief(intruder: Intruder) -> None:
    intruder.sql("UPDATE challenge_versions SET brief = 'Another.'")


def another_manifest(intruder: Intruder) -> None:
    intruder.sql("UPDATE challenge_versions SET manifest = replace(manifest, 'Credit scoring', 'Other')")


def no_seal(intruder: Intruder) -> None:
    intruder.sql("DELETE FROM audit_entries WHERE action = 'sealed'")


def sealed_with_another_key(intruder: Intruder) -> None:
    (intruder.data / "variant.key").unlink()


@pytest.mark.parametrize(
    ("intrude", "words"),
    [
        (other_answers, "private/test.csv is not what was published."),
        (no_answers, "private/test.csv is lost: "),
        (answers_of_a_stored_file, "The seal does not fit"),
        (another_brief, "The seal does not fit"),
        (another_manifest, "The manifest in the database is another one"),
        (no_seal, "There is no seal"),
        (sealed_with_another_key, "It was sealed with the key "),
    ],
)
def test_a_version_that_somebody_changed_is_found(
    tmp_path: Path, intrude: Callable[[Intruder], None], words: str
) -> None:
    assert "is as it was published: 7 digests, seal fits" in run("verify", "credit-scoring")
    intrude(Intruder(tmp_path / "data"))
    result = CliRunner().invoke(challenge, ("verify", "credit-scoring"), catch_exceptions=False)
    assert result.exit_code == 1
    assert words in result.stdout
