"""What the checks say when there is nothing to look at."""

from audition.domain.grade import Dimension
from audition.grading import Result, Workspace, failed, not_applicable
from audition.grading.manifests import Manifests

NO_SERVER = "No object makes pods that answer requests."


def absent(workspace: Workspace, found: Manifests) -> Result:
    """No objects: a fault where the challenge weighs Kubernetes, else nothing to speak of."""
    if found.unrendered:
        kinds = sorted({broken.reason.split(",")[0] for broken in found.unrendered})
        return not_applicable(
            f"Not assessed: {len(found.unrendered)} manifest file(s) are {' or '.join(kinds)}, which we do not render."
        )
    if workspace.manifest.weights.get(Dimension.KUBERNETES, 0) > 0:
        return failed("There are no Kubernetes manifests.")
    return not_applicable("There are no Kubernetes manifests, and the challenge asks for none.")
