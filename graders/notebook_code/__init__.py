"""A notebook as it was sent: would it run for anybody else, and would they find their way?

Source: the grader catalogue, J2.
"""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.notebook_code import hygiene, state

grader = CheckList(
    name="notebook-code",
    version=content_version("1", __file__),
    dimension=Dimension.DEPLOYMENT,
    needs=frozenset({Need.SUBMISSION}),
    is_static=True,
    checks=(
        state.in_order,
        state.no_hidden_state,
        hygiene.relative_paths,
        hygiene.seeded,
        hygiene.modules,
        hygiene.tidy,
    ),
)
