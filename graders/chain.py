"""The chain of prerequisites: image, service, contract, what needs them; and who is to blame for a missing link.

What the challenge does not ask for does not apply. What we could not look at is not assessed and counts for nothing.
What a fault of the submission left nothing to look at in is blocked: it earns nothing, and names the check that has
the fault, so that it is told once. What can be read from files is judged all the same. Source: the grader catalogue,
section 9.
"""

from audition.domain.build_failure import FailureKind
from audition.domain.grade import Dimension
from audition.domain.run import Stage
from audition.grading import Result, Workspace, blocked, failed, not_applicable, not_assessed

#: Checks that are told as causes.
IMAGE = "image.build.succeeds"
START = "runtime.start.ready"
CONTRACT = "service.contract.kept"
CAPACITY = "service.load.capacity"
PAGE = "metrics.exposition.parses"
RULES = "monitoring.rules.valid"
MANIFESTS = "manifests.schema.valid"
MODEL = "model.metric.primary"

NO_SERVICE = "No service was started in this run."
NO_BUILD = "This challenge builds no images."


def is_asked(workspace: Workspace, dimension: Dimension) -> bool:
    """Whether the challenge gives a dimension a weight."""
    return workspace.manifest.weights.get(dimension, 0) > 0


def missing(workspace: Workspace, dimension: Dimension, sentence: str) -> Result:
    """What a submission leaves out: it earns nothing where it is asked for, so that a bad one costs no more than none.

    Args:
        workspace: The evidence.
        dimension: What it counts for.
        sentence: What is not there.
    """
    return failed(sentence) if is_asked(workspace, dimension) else not_applicable(sentence)


def no_image(workspace: Workspace) -> Result | None:
    """Why there is no image to look at; None when there is one."""
    build = workspace.evidence.build
    if build is None and Stage.BUILD not in workspace.manifest.stages:
        return not_applicable(NO_BUILD)
    if build is not None and build.image_id:
        return None
    if build is not None and build.failure and build.failure.kind == FailureKind.BASE_NOT_APPROVED:
        return not_assessed("There is no image: it starts from one that this host does not have.")
    return blocked("there is no image, because it could not be built.", IMAGE)


def no_service(workspace: Workspace) -> Result | None:
    """Why no service predicted; None when one did."""
    service = workspace.service
    if service is None:
        if Stage.SERVE not in workspace.manifest.stages:
            return not_applicable(NO_SERVICE)
        return no_image(workspace) or not_assessed("The service could not be looked at in this run.")
    if service.starts and not service.has_predicted:
        return blocked("the service never answered a prediction.", START)
    return None


def no_page(workspace: Workspace, reason: str) -> Result:
    """What needs the metrics page, and there is none that can be read.

    Args:
        workspace: The evidence.
        reason: What is wrong with it, a sentence.
    """
    names_none = not workspace.evidence.inventory.contract.monitoring.path
    if names_none and not is_asked(workspace, Dimension.OBSERVABILITY):
        return not_applicable("The service has no metrics page, and the challenge asks for none.")
    return blocked(reason, PAGE)
