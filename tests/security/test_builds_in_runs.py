"""A run that builds its candidate's image: whatever comes of the build, the run goes on and nothing is left."""

import pytest

from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.translate import LABEL_RUN
from audition.domain.grade import Outcome
from audition.domain.run import Stage, Verdict
from audition.domain.submission import State
from tests.building import FROM
from tests.pipeline import Pipeline
from tests.tiny import archive, principal, store_tiny

pytestmark = [pytest.mark.docker, pytest.mark.slow]

STAGES = (Stage.UNPACK, Stage.BUILD, Stage.PREDICT, Stage.SCORE, Stage.JUDGE)


@pytest.mark.parametrize(
    ("recipe", "verdict"),
    [
        (FROM + "COPY . /app\nRUN pip install flask && sleep 6\n", Verdict.ACCEPTED),
        (FROM + "RUN echo no such luck; exit 4\n", Verdict.BUILD_FAILED),
        (FROM + "VOLUME /data\n", Verdict.BUILD_FAILED),
    ],
    ids=["good", "fails", "refused"],
)
def test_a_run_builds_the_image_and_grades_whatever_comes_of_it(
    pipeline: Pipeline, recipe: str, verdict: Verdict
) -> None:
    store_tiny(pipeline.ports, stages=STAGES, graders=("model-quality", "image"))

    submission, report = pipeline.run(principal(), archive(recipe=recipe))

    assert submission.state == State.GRADED
    assert report.verdict == verdict
    assert [stage.stage for stage in report.stages] == list(STAGES)
    outcomes = {f.check: f.outcome for grade in report.grades for f in grade.findings}
    builds, looked_at = outcomes["image.build.succeeds"], outcomes["image.layers.clean"]
    assert builds == (Outcome.PASSED if verdict == Verdict.ACCEPTED else Outcome.FAILED)
    assert (looked_at == Outcome.BLOCKED) == (verdict != Verdict.ACCEPTED)
    if verdict == Verdict.ACCEPTED:
        # What takes seconds stands behind a COPY of the code: a cache saves none of them.
        assert outcomes["image.rebuild.cached"] == Outcome.FAILED
        assert outcomes["image.build.reproducible"] == Outcome.PASSED
    client = connect(usual_addresses()[0])
    try:
        mine = {"label": LABEL_RUN + "=" + report.stages[0].run_id}
        assert client.images(all=True, filters=mine) == []
        assert client.containers(filters=mine) == []
    finally:
        client.close()
