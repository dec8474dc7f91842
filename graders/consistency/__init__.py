"""Do the parts of a submission speak of the same thing? Pairs of artifacts, each right or wrong (K1 to K9)."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.consistency import live, model, packages, readme, reference, tried_readme

grader = CheckList(
    name="consistency",
    version=content_version("1", __file__),
    dimension=Dimension.CONSISTENCY,
    needs=frozenset({Need.SUBMISSION, Need.SERVICE, Need.EXERCISE}),
    checks=(
        live.probes,
        live.ports,
        live.metrics,
        reference.reference,
        packages.packages,
        model.model,
        live.manifest,
        readme.readme,
        tried_readme.works,
    ),
)
