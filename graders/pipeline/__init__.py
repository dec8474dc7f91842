"""Does the pipeline take a model from training to service, safely, and only when it is good enough?"""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.pipeline import flow, lint, rollback, valid

grader = CheckList(
    name="pipeline",
    version=content_version("1", __file__),
    dimension=Dimension.PIPELINE,
    needs=frozenset({Need.SUBMISSION, Need.TOOLS}),
    is_static=True,
    checks=(valid.present, valid.sound, lint.safe, flow.stages, flow.order, flow.triggers, rollback.rollback),
)
