"""What the checks of this grader share: the pod, what was seen of it, and whose fault it is that it was not."""

from dataclasses import dataclass

from audition.domain.grade import Dimension
from audition.domain.pod import Pod, PodEvidence
from audition.domain.run import Stage
from audition.grading import Result, Workspace, blocked, failed, not_applicable, not_assessed
from audition.grading.manifests import find_manifests
from graders.chain import MANIFESTS, is_asked
from graders.probed import why_missing

NO_POD = "No manifest that can be read describes a pod that serves."
READY = "pods.ready.reached"
"""The check that is to blame when a pod never predicted."""
_SILENT = "The pod answered no prediction."


@dataclass(frozen=True, slots=True)
class Seen:
    """A pod and its start."""

    pod: Pod
    start: PodEvidence

    def fault(self, sentence: str) -> Result:
        """A failure; not assessed where the pod relies on something that it was not given here."""
        if not self.pod.unmet:
            return failed(sentence)
        lacks = "; ".join(self.pod.unmet[:3])
        return not_assessed(f"{sentence} This may be ours: the pod relies on {lacks}.")

    def blocked(self) -> Result:
        """What comes after a prediction, where none came."""
        if self.start.refused:
            return blocked("a cluster would not start it.", READY)
        return (
            blocked("the pod answered no prediction.", READY) if not self.pod.unmet else self.fault(_SILENT)
        )


def no_pod(workspace: Workspace) -> Result:
    """Whose fault it is that no pod could be started."""
    is_started = Stage.SERVE in workspace.manifest.stages and is_asked(workspace, Dimension.KUBERNETES)
    # What we do not render may well describe one.
    if not is_started or find_manifests(workspace.submission).unrendered:
        return not_applicable(NO_POD)
    return blocked("no manifest that can be read describes a pod that serves.", MANIFESTS)


def seen_of(workspace: Workspace) -> Seen | Result:
    """The pod with what was seen of it, or why there is nothing to judge."""
    pod = workspace.evidence.inventory.pod
    if pod is None:
        return no_pod(workspace)
    start = workspace.service.pod if workspace.service else None
    return why_missing(workspace, "pod") if start is None else Seen(pod, start)
