"""Do the parts of a submission speak of the same thing? Pairs of artifacts, each right or wrong (K1 to K9)."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need, yaml_files
from audition.grading import readme as grading_readme
from audition.grading.versions import content_version
from graders import exercised, probed
from graders.consistency import live, model, packages, readme, reference, tried_readme
from graders.dockerfile import installs, instructions
from graders.lineage import dvc
from graders.monitoring import promql, rules
from graders.pods import seen

grader = CheckList(
    name="consistency",
    version=content_version(
        "1",
        __file__,
        probed.__file__,
        exercised.__file__,
        grading_readme.__file__,
        seen.__file__,
        dvc.__file__,
        promql.__file__,
        rules.__file__,
        yaml_files.__file__,
        installs.__file__,
        instructions.__file__,
    ),
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
