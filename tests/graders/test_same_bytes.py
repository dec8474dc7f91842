"""Equal evidence gives equal grades to the last digit: in another process, with other hashes, in another order."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audition import codec
from audition.domain import places
from audition.domain.challenge import DetailSpec
from audition.domain.grade import GradeSheet, GradeStatus
from tests.graders.model_world import asked, world
from tests.graders.workspaces import with_output

GRADERS = ("model-quality", "output-format", "model-detail", "model-honesty")
PROGRAM = (
    "import sys; from pathlib import Path; from audition.grading.__main__ import main;"
    "sys.exit(main(['score'], Path(sys.argv[1])))"
)
Lines = Callable[[list[str]], list[str]]


def as_written(lines: list[str]) -> list[str]:
    return lines


def shuffled(lines: list[str]) -> list[str]:
    return random.Random(3).sample(lines, len(lines))


def laid_out(root: Path, order: Lines) -> Path:
    """What the score container would see; rows of answers and predictions in some order."""
    truth, probability, columns = world()
    detail = DetailSpec(slices=("region", "age"), groups=("sex",), false_alarm_cost=1, miss_cost=5)
    made = asked(root, truth, columns, detail=detail)
    said = [f"r{n},{value:.17g}" for n, value in enumerate(probability)]
    ready = with_output(made, "\n".join(["id,probability", *order(said)]) + "\n")
    manifest = replace(ready.manifest, graders=GRADERS)
    evidence = root / "evidence"
    evidence.mkdir()
    (root / str(places.MANIFEST_FILE)[1:]).write_bytes(codec.to_json(manifest))
    (root / str(places.EVIDENCE_FILE)[1:]).write_bytes(codec.to_json(ready.evidence))
    ready.outputs.rename(evidence / "outputs")
    ready.inputs.rename(root / "in")
    head, *answers = (root / "answers" / "answers.csv").read_text().splitlines()
    (root / "answers" / "answers.csv").write_text("\n".join([head, *order(answers)]) + "\n")
    return root


def graded(root: Path, **environment: str) -> bytes:
    """The grades that a process of its own gives; the times beside them are other ones each time."""
    argv = [sys.executable, "-c", PROGRAM, str(root)]
    done = subprocess.run(argv, env={**os.environ, **environment}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    sheet = codec.from_json(GradeSheet, done.stdout, what="grades")
    assert set(sheet.seconds) == set(GRADERS)
    return codec.to_json(replace(sheet, seconds={}))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = laid_out(tmp_path_factory.mktemp("first"), as_written)
    return graded(root, PYTHONHASHSEED="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def test_another_process_with_other_hashes_and_threads_says_the_same_bytes(
    tmp_path: Path, first: bytes
) -> None:
    sheet = codec.from_json(GradeSheet, first, what="grades")
    assert [grade.status for grade in sheet.grades] == [GradeStatus.OK] * len(GRADERS)
    root = laid_out(tmp_path, as_written)
    assert graded(root, PYTHONHASHSEED="2", OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2") == first


def test_rows_in_another_order_say_the_same_bytes(tmp_path: Path, first: bytes) -> None:
    assert graded(laid_out(tmp_path, shuffled)) == first
