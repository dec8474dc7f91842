"""Does the Dockerfile build here, and what is in the image? Judged from the engine's record and the image's layers."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.image import again, built, layers, user

grader = CheckList(
    name="image",
    version=content_version("2", __file__),
    dimension=Dimension.DEPLOYMENT,
    needs=frozenset({Need.SERVICE}),
    checks=(
        built.builds,
        user.without_root,
        layers.size,
        layers.waste,
        layers.clean,
        layers.secrets,
        again.cached,
        again.reproducible,
    ),
)
