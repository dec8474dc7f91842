"""A practice run on the real engine: whether it works here is told, and nothing else."""

import io
import zipfile

import pytest

from audition.domain.run import Stage, Verdict
from audition.domain.submission import State
from audition.services import look_up
from audition.services.submit import Upload, submit
from tests import tiny
from tests.e2e.test_serving import CONTRACT, RECIPE, SERVE, STAGES
from tests.pipeline import Pipeline

pytestmark = pytest.mark.docker

#: Writes the header and no row.
_NO_ROWS = 'open("/out/predictions.csv", "w").write("id,probability\\n")\n'


def _archive() -> io.BytesIO:
    buffer = io.BytesIO()
    files = {
        "predict.py": _NO_ROWS,
        "serve.py": SERVE,
        "model.json": '{"weight": 0.01}',
        "Dockerfile": RECIPE,
        "audition.toml": CONTRACT,
    }
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    buffer.seek(0)
    return buffer


def test_a_service_is_started_and_predictions_of_a_wrong_form_are_explained_at_no_cost(
    pipeline: Pipeline,
) -> None:
    tiny.store_tiny(pipeline.ports, attempts=1, stages=STAGES)
    carol = tiny.principal()
    practised = submit(pipeline.ports, carol, Upload(stream=_archive(), name="a.zip", is_practice=True))
    pipeline.work()

    status = look_up.status(pipeline.ports, carol, practised.id)
    assert (status.submission.state, status.run.verdict) == (State.GRADED, Verdict.INVALID_OUTPUT)
    assert "ids are missing" in {f.check: f.sentence for f in status.practised}["output.ids.complete"]
    assert not any(finding.check.startswith(("model.", "dockerfile.")) for finding in status.practised)
    assert [record.stage.value for record in status.stages] == [
        "unpack",
        "build",
        "predict",
        "serve",
        "score",
    ]
    served = next(record for record in status.stages if record.stage == Stage.SERVE)
    assert "answered its first prediction after" in served.message
    assert b"/predict" in look_up.log_text(pipeline.ports, carol, practised.id, "serve-stdout")
    assert look_up.candidate_home(pipeline.ports, carol).attempts_left == 1
