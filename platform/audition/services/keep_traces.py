"""Keep what graders traced of a submission apart from their grades, for reviewers to compare."""

from audition import codec
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import Grade
from audition.domain.run import Stage
from audition.domain.traces import together
from audition.ports import UnitOfWork
from audition.services.claim import Claimed
from audition.services.runner import Runner

TRACES_FILE = "traces.json"


def keep_traces(runner: Runner, uow: UnitOfWork, claimed: Claimed, grades: tuple[Grade, ...]) -> None:
    """Publish the traces that came with grades, unless the same were published before."""
    left = [grade.traces for grade in grades if grade.traces is not None]
    found = together(left) if left else None
    if found is None:
        return
    data = codec.to_json(found)
    digest = runner.ports.blobs.put(data)
    kept = uow.runs.artifacts(claimed.run.id)
    if any(artifact.kind == ArtifactKind.TRACES and artifact.digest == digest for artifact in kept):
        return
    artifact = Artifact(
        run_id=claimed.run.id,
        fence=claimed.fence,
        stage=Stage.JUDGE,
        kind=ArtifactKind.TRACES,
        name=TRACES_FILE,
        digest=digest,
        bytes=len(data),
    )
    uow.runs.add_artifacts([artifact])
