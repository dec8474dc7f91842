"""Can one tell what the model was made of, and what it is good for? Read from what the submission records."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.lineage import card, dvc, memo, tracking, training

grader = CheckList(
    name="lineage",
    version=content_version("1", __file__),
    dimension=Dimension.LINEAGE,
    needs=frozenset({Need.SUBMISSION}),
    is_static=True,
    checks=(
        dvc.verified,
        tracking.complete,
        tracking.signature,
        training.pinned,
        card.structure,
        memo.structure,
    ),
)
