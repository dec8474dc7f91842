"""`audition challenge new` and `validate`: a folder at once, and every problem with its place."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from audition.catalog.templates import TEMPLATES_FOLDER
from audition.cli.author import challenge
from audition.domain.errors import NotFoundError
from tests.architecture.tree import REPO


@pytest.fixture
def challenges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An author's own folder of challenges."""
    shutil.copytree(REPO / "challenges" / TEMPLATES_FOLDER, tmp_path / TEMPLATES_FOLDER)
    monkeypatch.setenv("AUDITION_CHALLENGES_DIR", str(tmp_path))
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(challenge, words, catch_exceptions=False)
    return result.exit_code, result.stdout


def test_a_new_challenge_validates_at_once(challenges: Path) -> None:
    assert run("new", "late-orders", "--title", "Late orders") == (0, f"{challenges / 'late-orders'}\n")
    code, said = run("validate", "late-orders", "--strict")
    assert (code, said) == (0, "late-orders: no problems; 7 sample submissions.\n")


def test_problems_are_told_with_their_lines_and_end_with_one(challenges: Path) -> None:
    run("new", "late-orders")
    path = challenges / "late-orders" / "challenge.toml"
    path.write_text(path.read_text().replace("attempts = 5", "attempts = 0"))
    line = path.read_text().splitlines().index("attempts = 0") + 1
    told = "is 0; it must be more than 0."
    assert run("validate", "late-orders") == (1, f"challenge.toml:{line}: attempts: {told}\n")
    code, said = run("validate", "late-orders", "--format", "json")
    document = json.loads(said)
    assert (code, document["is_good"], document["advice"]) == (1, False, [])
    assert document["problems"] == [{"file": "challenge.toml", "line": line, "key": "attempts", "what": told}]


def test_what_is_missing_to_prove_it_counts_when_asked(challenges: Path) -> None:
    run("new", "late-orders")
    shutil.rmtree(challenges / "late-orders" / "submissions" / "attack")
    code, said = run("validate", "late-orders")
    assert code == 0
    assert "to be proved: submissions/: add attack/constant" in said
    assert run("validate", "late-orders", "--strict")[0] == 1


def test_a_name_that_is_not_there_lists_those_that_are(challenges: Path) -> None:
    run("new", "late-orders")
    with pytest.raises(NotFoundError) as caught:
        run("validate", "late-order")
    assert challenges.is_dir()
    assert "late-orders" in caught.value.next_step


def test_a_time_without_its_zone_is_refused() -> None:
    asked = ["publish", "late-orders", "--at", "2026-03-01T09:00"]
    refused = CliRunner().invoke(challenge, asked)
    assert refused.exit_code == 2
    assert "write date, time and zone" in refused.stderr
