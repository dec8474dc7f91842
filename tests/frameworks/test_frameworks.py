"""Each framework that a challenge can name an image of: a submission in it is run and graded as anybody's is."""

import io
import zipfile
from pathlib import Path

import pytest

from audition.domain.grade import Dimension, dimension_scores
from audition.domain.run import Stage, Verdict
from audition.host.images import ensure_images, image_names
from audition.host.steps import Steps
from audition.settings import Settings
from tests import tiny
from tests.frameworks.loans import BASELINE_SCORE, make_loans, make_manifest, store_loans
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
    "onnx": "onnx",
}
#: Images of a gigabyte and more, and minutes to build: `./audition test -m heavy tests/frameworks` runs these.
HEAVY = {"torch": "torch", "tensorflow": "tensorflow", "r": "r"}


def pack(name: str) -> bytes:
    """A submission as it is uploaded."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for file in sorted((SUBMISSIONS / name).iterdir()):
            made.writestr(file.name, file.read_bytes())
    return buffer.getvalue()


def grade(pipeline: Pipeline, name: str, image: str) -> None:
    """Build the image if need be, publish the challenge on it, submit, and look at the report."""
    settings = Settings.from_env()
    built = ensure_images(Steps(), settings, [image])
    assert built[image] == pipeline.runner.images[image]
    loans = make_loans()
    limits = pipeline.runner.image_limits.get(image)
    manifest = make_manifest(image, loans.baseline, limits)
    store_loans(pipeline.ports, loans, manifest)

    _, report = pipeline.run(tiny.principal(), pack(name))

    said = "\n".join(stage.message for stage in report.stages)
    assert report.verdict == Verdict.ACCEPTED, said
    assert report.provenance.images[Stage.PREDICT]
    score = dimension_scores(report.grades)[Dimension.MODEL_QUALITY]
    assert score is not None
    assert score > BASELINE_SCORE


@pytest.mark.parametrize("name", LIGHT)
def test_a_submission_in_this_framework_is_graded_above_the_baseline(pipeline: Pipeline, name: str) -> None:
    grade(pipeline, name, LIGHT[name])


@pytest.mark.heavy
@pytest.mark.parametrize("name", HEAVY)
def test_a_submission_in_a_heavy_framework_is_graded_above_the_baseline(
    pipeline: Pipeline, name: str
) -> None:
    grade(pipeline, name, HEAVY[name])


def test_every_image_that_challenges_may_name_has_a_submission() -> None:
    used = {**LIGHT, **HEAVY}
    assert {folder.name for folder in SUBMISSIONS.iterdir()} == set(used)
    assert set(used.values()) - {"tabular"} == set(image_names(Settings.from_env(), "challenges"))
