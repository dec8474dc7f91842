"""Every challenge whose raw data is fetched is in order as it stands in the repository, without its raw data.

What runs is proved by `audition challenge test NAME`, which fetches and takes minutes for each.
"""

import ast
import hashlib
import shutil
from pathlib import Path

import pytest

from audition.catalog.advice import advise
from audition.catalog.read import ChallengeFolder, check_challenge
from audition.catalog.shape import Problems
from audition.catalog.sources import RAW_FOLDER, SOURCES_FILE, read_sources
from tests.architecture.tree import REPO

CHALLENGES = REPO / "challenges"
FETCHED = sorted(
    path.parent.name
    for path in CHALLENGES.glob("*/challenge.toml")
    if any(source.fetch for source in read_sources(path.parent, Problems()).values())
)


@pytest.fixture(params=FETCHED)
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> ChallengeFolder:
    """A challenge as it stands, with empty files in the place of what would be fetched."""
    folder = tmp_path / request.param
    shutil.copytree(CHALLENGES / request.param, folder, ignore=shutil.ignore_patterns("raw", "__pycache__"))
    (folder / RAW_FOLDER).mkdir()
    text = (folder / SOURCES_FILE).read_text(encoding="utf-8")
    for source in read_sources(folder, Problems()).values():
        (folder / RAW_FOLDER / source.file).touch()
        text = text.replace(source.sha256, hashlib.sha256(b"").hexdigest())
    (folder / SOURCES_FILE).write_text(text, encoding="utf-8")
    challenge, problems = check_challenge(folder)
    assert challenge, [str(problem) for problem in problems]
    return challenge


def test_a_pack_lacks_nothing_that_the_gate_asks_for(pack: ChallengeFolder) -> None:
    assert advise(pack) == ()
    names = {sample.name for sample in pack.samples}
    assert {"accepted/baseline", "attack/constant", "attack/forged_score"} <= names
    assert len(pack.rubric) in range(2, 7)


def test_what_a_pack_promises_has_intervals(pack: ChallengeFolder) -> None:
    """A sample that is accepted whatever it scores proves nothing."""
    for sample in pack.samples:
        low, high = sample.expectation.score_low, sample.expectation.score_high
        assert high - low <= 0.3, sample.name


def test_programs_of_a_pack_can_be_read(pack: ChallengeFolder) -> None:
    for program in pack.path.rglob("*.py"):
        ast.parse(program.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FETCHED)
def test_a_pack_is_on_the_list(name: str) -> None:
    for readme in (REPO / "README.md", CHALLENGES / "README.md"):
        assert f"[{name}]" in readme.read_text(encoding="utf-8"), readme
