"""Is the code sound, and does the submission keep its secrets? From what linters said, suppressions without effect."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.code import lint, secrets, suppressions

grader = CheckList(
    name="code",
    version=content_version("1", __file__),
    dimension=Dimension.DEPLOYMENT,
    needs=frozenset({Need.SUBMISSION, Need.TOOLS}),
    is_static=True,
    checks=(lint.sound, lint.scripts, secrets.kept, suppressions.looked_away),
)
