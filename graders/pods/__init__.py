"""Would the pods work? Judged from a start of the image as its manifest has it: probes, limits, user, volumes."""

from audition.domain import pod, pod_fate
from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.pods import limits, start

grader = CheckList(
    name="pods",
    version=content_version("1", __file__, pod.__file__, pod_fate.__file__),
    dimension=Dimension.KUBERNETES,
    needs=frozenset({Need.SERVICE}),
    checks=(
        start.ready,
        start.kept,
        limits.predicts,
        limits.true_limits,
        limits.true_processors,
        start.scraped,
        start.wishes,
    ),
)
