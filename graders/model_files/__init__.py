"""Can the model be loaded without running what somebody else wrote? From file names and a scanner of pickles."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.model_files import safety

grader = CheckList(
    name="model-files",
    version=content_version("1", __file__),
    dimension=Dimension.LINEAGE,
    needs=frozenset({Need.SUBMISSION, Need.TOOLS}),
    is_static=True,
    checks=(safety.safe,),
)
