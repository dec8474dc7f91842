"""A practice run on the real engine: the form of its predictions is told, and nothing else of them."""

from io import BytesIO

import pytest

from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.services import look_up
from audition.services.submit import Upload, submit
from tests import tiny
from tests.pipeline import Pipeline

pytestmark = pytest.mark.docker

#: Writes the header and no row.
_NO_ROWS = 'open("/out/predictions.csv", "w").write("id,probability\\n")\n'


def test_predictions_of_a_wrong_form_are_explained_and_cost_nothing(pipeline: Pipeline) -> None:
    tiny.store_tiny(pipeline.ports, attempts=1)
    carol = tiny.principal()
    archive = BytesIO(tiny.archive(_NO_ROWS))
    practised = submit(pipeline.ports, carol, Upload(stream=archive, name="a.zip", is_practice=True))
    pipeline.work()

    status = look_up.status(pipeline.ports, carol, practised.id)
    assert (status.submission.state, status.run.verdict) == (State.GRADED, Verdict.INVALID_OUTPUT)
    assert "ids are missing" in {f.check: f.sentence for f in status.practised}["output.ids.complete"]
    assert not any(finding.check.startswith(("model.", "dockerfile.")) for finding in status.practised)
    assert [record.stage.value for record in status.stages] == ["unpack", "predict", "score"]
    assert look_up.candidate_home(pipeline.ports, carol).attempts_left == 1
