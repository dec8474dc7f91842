"""Each framework that a challenge can name an image of: a submission in it is run and graded as anybody's is."""

import io
import zipfile
from pathlib import Path

import pytest

from audition.domain.evidence import ArtifactKind
from audition.domain.grade import Dimension, dimension_scores
from audition.domain.notebook import NOTEBOOK_IMAGES
from audition.domain.report import Report
from audition.domain.run import Stage, Verdict
from audition.host.images import ensure_images, images_of_challenge
from audition.host.recipes import read_recipes
from audition.host.steps import Steps
from audition.settings import Settings
from tests import tiny
from tests.frameworks.loans import BASELINE_SCORE, make_loans, make_manifest, store_loans
from tests.notebooks import book, code
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SUBMISSIONS = Path(__file__).parent / "submissions"
#: Submission to the image that its challenge names. Those in pandas and scikit-learn are the samples of credit-scoring.
LIGHT = {
    "numpy": "tabular",
    "xgboost": "boosting",
    "lightgbm": "boosting",
    "polars": "sql",
    "duckdb-sql": "sql",
    "postgresql": "sql-postgres",
    "onnx": "onnx",
}
#: Images of a gigabyte and more, and minutes to build: `./audition test -m heavy tests/frameworks` runs these.
HEAVY = {"torch": "torch", "tensorflow": "tensorflow", "r": "r", "spark": "spark"}
#: Submissions that are sent as notebooks besides, each of which takes an image of its own: one here, the others there.
BOOK, HEAVY_BOOKS = "lightgbm", ("onnx", "polars", "torch", "tensorflow", "spark")


def pack(files: dict[str, bytes]) -> bytes:
    """A submission as it is uploaded."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in sorted(files.items()):
            made.writestr(name, content)
    return buffer.getvalue()


def files_of(name: str) -> dict[str, bytes]:
    """A submission in its framework."""
    return {file.name: file.read_bytes() for file in (SUBMISSIONS / name).iterdir()}


def as_notebook(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same with its program as the only cell of a notebook."""
    rest = {name: content for name, content in files.items() if name != "predict.py"}
    notebook = book(code(files["predict.py"].decode()))
    return {**rest, "predict.ipynb": notebook, "audition.toml": b'[notebook]\npath = "predict.ipynb"\n'}


def grade(pipeline: Pipeline, image: str, files: dict[str, bytes], *, used: str = "") -> Report:
    """Build the images if need be, publish the challenge on it, submit, and return the report.

    Args:
        pipeline: The whole way.
        image: That the challenge names.
        files: Of the submission.
        used: The image that it predicts on, where that is another one.
    """
    wanted = images_of_challenge(image) if used else {image}
    built = ensure_images(Steps(), Settings.from_env(), wanted)
    assert built[used or image] == pipeline.runner.images[used or image]
    loans = make_loans()
    limits = pipeline.runner.image_limits.get(image)
    store_loans(pipeline.ports, loans, make_manifest(image, loans.baseline, limits))
    _, report = pipeline.run(tiny.principal(), pack(files))
    return report


def assert_good(report: Report) -> None:
    """It ran, and is better than what anybody would think of first."""
    said = "\n".join(stage.message for stage in report.stages)
    assert report.verdict == Verdict.ACCEPTED, said
    assert report.provenance.images[Stage.PREDICT]
    score = dimension_scores(report.grades)[Dimension.MODEL_QUALITY]
    assert score is not None
    assert score > BASELINE_SCORE


@pytest.mark.parametrize("name", LIGHT)
def test_a_submission_in_this_framework_is_graded_above_the_baseline(pipeline: Pipeline, name: str) -> None:
    assert_good(grade(pipeline, LIGHT[name], files_of(name)))


@pytest.mark.heavy
@pytest.mark.parametrize("name", HEAVY)
def test_a_submission_in_a_heavy_framework_is_graded_above_the_baseline(
    pipeline: Pipeline, name: str
) -> None:
    assert_good(grade(pipeline, HEAVY[name], files_of(name)))


@pytest.mark.parametrize(
    "name", [BOOK, *(pytest.param(name, marks=pytest.mark.heavy) for name in HEAVY_BOOKS)]
)
def test_a_notebook_with_this_framework_is_graded_above_the_baseline(pipeline: Pipeline, name: str) -> None:
    image = {**LIGHT, **HEAVY}[name]
    assert_good(grade(pipeline, image, as_notebook(files_of(name)), used=NOTEBOOK_IMAGES[image]))


def test_sql_that_asks_for_a_program_ends_as_the_candidates_failure(pipeline: Pipeline) -> None:
    files = {**files_of("postgresql"), "answer.sql": b"SELECT 1;\nCOPY train FROM PROGRAM 'id';\n"}
    report = grade(pipeline, "sql-postgres", files)
    assert report.verdict == Verdict.NONZERO_EXIT
    [log] = [a for a in report.artifacts if (a.stage, a.kind) == (Stage.PREDICT, ArtifactKind.STDERR)]
    said = pipeline.ports.blobs.get(log.digest).decode()
    assert "answer.sql: must be superuser or have privileges of the pg_execute_server_program role" in said


def test_every_image_that_challenges_may_name_has_a_submission() -> None:
    used = {**LIGHT, **HEAVY}
    assert {folder.name for folder in SUBMISSIONS.iterdir()} == set(used)
    recipes = read_recipes(Settings.from_env().images_dir).values()
    assert set(used.values()) - {"tabular"} == {r.name for r in recipes if "challenges" in r.used_by}
    kernels = {used[name] for name in (BOOK, *HEAVY_BOOKS)}
    assert kernels == set(NOTEBOOK_IMAGES) - {"tabular"}
    assert {NOTEBOOK_IMAGES[name] for name in kernels} == {
        r.name for r in recipes if "notebooks" in r.used_by
    }
