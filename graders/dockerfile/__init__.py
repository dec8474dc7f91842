"""Is the Dockerfile one that a team would want to run in production? Parsed, never searched as text."""

from audition.domain.grade import Dimension
from audition.grading import CheckList, Need
from audition.grading.versions import content_version
from graders.dockerfile import build, context, lint, packages, runtime

grader = CheckList(
    name="dockerfile",
    version=content_version("4", __file__),
    dimension=Dimension.DEPLOYMENT,
    needs=frozenset({Need.SUBMISSION, Need.TOOLS}),
    is_static=True,
    checks=(
        build.present,
        build.base_pinned,
        packages.dependencies_pinned,
        packages.dependencies_hashed,
        packages.layer_order,
        build.copy_not_add,
        build.no_secrets,
        build.context_ignored,
        context.context_lean,
        runtime.non_root,
        runtime.exec_form,
        runtime.health,
        runtime.one_command,
        lint.lint_clean,
    ),
)
