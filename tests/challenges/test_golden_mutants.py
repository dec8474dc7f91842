"""The matrix: each fault in the golden submission is seen by the check that is there for it, and by no other."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from audition import codec
from audition.catalog.archive import pack_folder
from audition.catalog.read import read_challenge
from audition.domain.challenge import Manifest
from audition.domain.execution import ContainerSpec, FileMount, Limits, Ownership, Profile
from audition.domain.grade import Dimension, dimension_scores
from audition.services.runner import LINTERS_IMAGE
from tests.challenges import static_driver
from tests.challenges.conftest import PACK
from tests.challenges.mutants import GOLDEN, STATIC, Mutant
from tests.pipeline import Pipeline

READ = ("contract", "dockerfile", "code", "monitoring", "lineage", "manifests", "pipeline", "model-files")
#: Checks that judge what linters said.
TOLD = frozenset({"dockerfile.lint.clean", "code.lint.sound", "code.secrets.kept", "pipeline.valid", "pipeline.safe",
                  "model.file.safe"})  # fmt: skip
#: What linters speak about besides: whether they count a fault twice shows only with them.
LINTED = tuple(
    m for m in STATIC if m.drops & TOLD or any(check.startswith("dockerfile.") for check in m.drops)
)


def manifest() -> Manifest:
    """The challenge with every dimension asked for, and the graders of what can be read."""
    weights = dict.fromkeys(Dimension, 1 / len(Dimension))
    return replace(read_challenge(PACK).manifest, graders=READ, weights=weights)


def archive(folder: Path, to: Path) -> Path:
    """What a candidate would upload of a folder."""
    to.write_bytes(pack_folder(folder, leave_out={"expect.toml"}))
    return to


def dropped(golden: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Checks that earn another share than in the golden repository, with that share."""
    return {
        check: other.get(check, 1.0)
        for check in golden.keys() | other.keys()
        if abs(golden.get(check, 1.0) - other.get(check, 1.0)) > 1e-9
    }


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, float]:
    """What the golden repository earns without linters."""
    path = archive(GOLDEN, tmp_path_factory.mktemp("golden") / "golden.zip")
    return static_driver.grade(path, manifest(), has_tools=False)


def test_everything_that_can_be_read_of_the_golden_repository_is_right(golden: Mapping[str, float]) -> None:
    assert {check: share for check, share in golden.items() if share < 1} == {}
    assert len(golden) > 30


def test_reading_it_again_gives_the_same(golden: Mapping[str, float], tmp_path: Path) -> None:
    path = archive(GOLDEN, tmp_path / "again.zip")
    for _ in range(4):
        assert static_driver.grade(path, manifest(), has_tools=False) == golden


@pytest.mark.parametrize("broken", [m for m in STATIC if not m.drops & TOLD], ids=lambda m: m.name)
def test_a_fault_that_can_be_read_is_seen_by_its_check_alone(
    golden: Mapping[str, float], tmp_path: Path, broken: Mutant
) -> None:
    path = archive(broken.made(tmp_path / "repository"), tmp_path / "broken.zip")
    found = dropped(golden, static_driver.grade(path, manifest(), has_tools=False))
    assert set(found) == broken.drops, found
    assert all(share < golden[check] for check, share in found.items())


def test_mending_one_fault_after_the_other_lowers_no_dimension(tmp_path: Path) -> None:
    """The faults of running services and tried commands have such a test in `tests/graders/test_mending.py`."""
    left = random.Random(4).sample([m for m in STATIC if not m.drops & TOLD], k=12)
    before: Mapping[Dimension, float | None] = {}
    for number in range(len(left) + 1):
        folder = GOLDEN
        if still := left[number:]:
            folder = still[0].made(tmp_path / f"repository {number}")
            for other in still[1:]:
                other.change(folder)
        path = archive(folder, tmp_path / "mended.zip")
        after = dimension_scores(static_driver.graded(path, manifest(), has_tools=False))
        mended = left[number - 1].name if number else ""
        assert {name: score for name, score in before.items() if (after[name] or 0) < (score or 0)} == {}, (
            mended
        )
        before = after


@pytest.mark.docker
@pytest.mark.slow
def test_what_linters_say_costs_where_it_should_and_nowhere_else(pipeline: Pipeline, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "manifest.json").write_bytes(codec.to_json(manifest()))
    archive(GOLDEN, room / "golden.zip")
    archive(GOLDEN, room / "golden again.zip")
    for number, broken in enumerate(LINTED):
        archive(broken.made(tmp_path / f"repository {number}"), room / f"{broken.name}.zip")
    found = graded(pipeline, room)
    whole = found["golden"]
    assert {check: share for check, share in whole.items() if share < 1} == {}
    assert whole.keys() >= TOLD - {"code.lint.scripts"}
    assert found["golden again"] == whole
    matrix = {mutant.name: dropped(whole, found[mutant.name]) for mutant in LINTED}
    seen = {name: set(drops) for name, drops in matrix.items()}
    assert seen == {mutant.name: set(mutant.drops) for mutant in LINTED}, matrix


def graded(pipeline: Pipeline, room: Path) -> dict[str, dict[str, float]]:
    """Grade every archive of a folder in the container of the static stage."""
    room.chmod(0o755)
    driver = Path(static_driver.__file__)
    spec = ContainerSpec(
        stage="static",
        image=pipeline.runner.images[LINTERS_IMAGE],
        argv=("python", "/driver.py", "/room"),
        profile=Profile.GRADER,
        ownership=Ownership(run_id="mutants", fence=0, deadline_epoch=2**33),
        limits=Limits(
            time_seconds=600, memory_bytes=2 << 30, cpus=2.0, scratch_inodes=16384, log_bytes=4 << 20
        ),
        mounts=(
            FileMount(source=str(driver), target="/driver.py"),
            FileMount(source=str(room), target="/room"),
        ),
    )
    ended = pipeline.runner.sandbox.run(spec)
    assert ended.exit_code == 0, ended.stderr[-4000:].decode(errors="replace")
    document: dict[str, dict[str, float]] = json.loads(ended.stdout)
    return document
