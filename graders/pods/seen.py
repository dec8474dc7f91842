"""What the checks of this grader share: the pod, what was seen of it, and whose fault it is that it was not."""

from dataclasses import dataclass

from audition.domain.pod import Pod, PodEvidence
from audition.grading import Result, Workspace, failed, not_applicable, not_assessed
from graders.probed import blocked

NO_POD = "No manifest that can be read describes a pod that serves."


@dataclass(frozen=True, slots=True)
class Seen:
    """A pod and its start."""

    pod: Pod
    start: PodEvidence

    def fault(self, sentence: str) -> Result:
        """A failure; not assessed where the pod relies on something that it was not given here."""
        if not self.pod.unmet:
            return failed(sentence)
        missing = "; ".join(self.pod.unmet[:3])
        return not_assessed(f"{sentence} This may be ours: the pod relies on {missing}.")


def seen_of(workspace: Workspace) -> Seen | Result:
    """The pod with what was seen of it, or why there is nothing to judge."""
    pod = workspace.evidence.inventory.pod
    if pod is None:
        return not_applicable(NO_POD)
    start = workspace.service.pod if workspace.service else None
    return blocked(workspace, "pod") if start is None else Seen(pod, start)
