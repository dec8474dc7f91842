"""The reference submission: submitted like any other, measured like any other, and what others are compared with.

Theory of operation. What a request costs and how many a service holds are facts of a host as much as of a service. So
the challenge's reference sample is measured on the host that publishes it (see `measure_reference`). Where workers are
elsewhere, or the host has changed since, its bytes are submitted once, by nobody in particular; a worker serves them as
it serves everybody's; and what the prober measured then is what services on the same host are compared with. Where the
reference was not yet looked at, nothing is compared, and the checks that would are not assessed.
"""

from collections.abc import Mapping
from io import BytesIO

from audition import codec
from audition.domain.challenge import MEASURED_FILE, ChallengeVersion
from audition.domain.errors import ConflictError, InvalidError, NotFoundError
from audition.domain.evidence import Artifact, ArtifactKind, RunEvidence
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import MeasuredReference, Reference
from audition.domain.submission import Submission
from audition.ports import Ports, UnitOfWork
from audition.services.claim import Claimed
from audition.services.invite import invite
from audition.services.runner import Runner
from audition.services.sign_in import identify, sign_in_candidate
from audition.services.submit import Upload, submit

_MAX_SERVICE = 8 << 20
_NAME = "Reference submission"


def submit_reference(ports: Ports, actor: str, version: ChallengeVersion) -> Submission | None:
    """Submit the reference of the newest version of a challenge.

    Returns:
        The submission; None when there is no reference, or it was submitted before.

    Raises:
        ConflictError: The version is not the newest that is open: nobody can be invited to it.
    """
    file = version.reference
    if file is None:
        return None
    with ports.unit_of_work() as uow:
        if uow.submissions.of_archive(version.id, file.digest):
            return None
        if uow.challenges.latest(version.slug, ports.clock.now()).id != version.id:
            msg = f"Version {version.number} of {version.slug} is not the newest that is open."
            raise ConflictError(msg, code="old-version")
    _, secret = invite(ports, actor, slug=version.slug, email=version.reference_address, name=_NAME)
    principal = identify(ports, sign_in_candidate(ports, secret), is_api=False)
    if principal is None:
        msg = "The session of the reference ended at once."
        raise ConflictError(msg, code="no-session")
    return submit(ports, principal, Upload(stream=BytesIO(ports.blobs.get(file.digest)), name=file.name))


def reference_of(runner: Runner, claimed: Claimed) -> Reference:
    """What this host measured of the challenge's reference; empty when it did not yet."""
    at_publish = _at_publish(runner, claimed.version)
    if at_publish is not None and at_publish.environment == dict(runner.facts):
        return at_publish.service
    for artifacts in _runs(runner, claimed):
        found = _measured_here(runner, artifacts)
        if found.cpu_ms_per_request is not None or found.capacity_per_second is not None:
            return found
    return Reference()


def reference_image_bytes(runner: Runner, claimed: Claimed) -> int | None:
    """What the reference's image has above its base, on whichever host it was built; None when none was built yet."""
    at_publish = _at_publish(runner, claimed.version)
    if at_publish is not None and at_publish.image_bytes is not None:
        return at_publish.image_bytes
    for artifacts in _runs(runner, claimed):
        evidence = _evidence(runner, artifacts)
        image = evidence.build.image if evidence is not None and evidence.build is not None else None
        if image is not None and image.layers:
            return image.payload_bytes
    return None


def is_measured_here(runner: Runner, version: ChallengeVersion) -> bool:
    """Whether the reference of a version was measured on this host when it was published."""
    found = _at_publish(runner, version)
    return found is not None and found.environment == dict(runner.facts)


def _at_publish(runner: Runner, version: ChallengeVersion) -> MeasuredReference | None:
    """What the reference was measured at when the version was published; None when it was not."""
    file = version.measured
    try:
        data = runner.ports.blobs.get(file.digest) if file is not None else b""
        return codec.from_json(MeasuredReference, data, what=MEASURED_FILE) if data else None
    except (InvalidError, NotFoundError):
        return None


def _runs(runner: Runner, claimed: Claimed) -> list[Mapping[ArtifactKind, Artifact]]:
    """What the last runs of the reference left, newest first."""
    file = claimed.version.reference
    if file is None:
        return []
    with runner.ports.unit_of_work() as uow:
        twins = uow.submissions.of_archive(claimed.version.id, file.digest)
        return [_artifacts(uow, twin.id) for twin in reversed(twins) if twin.id != claimed.submission.id]


def _evidence(runner: Runner, artifacts: Mapping[ArtifactKind, Artifact]) -> RunEvidence | None:
    """What a run recorded; None of another release, or pruned: as if it had not been looked at."""
    kept = artifacts.get(ArtifactKind.EVIDENCE)
    try:
        data = runner.ports.blobs.get(kept.digest) if kept is not None else b""
        return codec.from_json(RunEvidence, data, what="evidence.json") if data else None
    except (InvalidError, NotFoundError):
        return None


def _artifacts(uow: UnitOfWork, submission_id: str) -> Mapping[ArtifactKind, Artifact]:
    """What the last run of a submission left, by kind."""
    try:
        run = uow.runs.latest(submission_id)
    except NotFoundError:
        return {}
    return {artifact.kind: artifact for artifact in uow.runs.artifacts(run.id)}


def _measured_here(runner: Runner, artifacts: Mapping[ArtifactKind, Artifact]) -> Reference:
    """What a prober measured in a run; nothing when that was on another host, or under another runtime."""
    where, service = _evidence(runner, artifacts), artifacts.get(ArtifactKind.SERVICE)
    if where is None or service is None:
        return Reference()
    try:
        data = runner.ports.blobs.get(service.digest)
        seen = codec.from_json(ServiceEvidence, data, what="service.json", max_bytes=_MAX_SERVICE)
    except (InvalidError, NotFoundError):
        return Reference()
    if where.environment != dict(runner.facts):
        return Reference()
    return Reference.of(seen)
