"""Have a trusted container look at the layers of a built image: the worker passes bytes on and reads none."""

import logging
from collections.abc import Sequence

from audition import codec
from audition.domain.build import BuildLimits, BuildResult
from audition.domain.contract import Inventory
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.execution import Exit, Ownership
from audition.domain.image import ImageEvidence, ImageTask
from audition.services import containers
from audition.services.lease import Lease, check_lease
from audition.services.runner import Runner

_log = logging.getLogger(__name__)
_MAX_EVIDENCE = 1 << 20
_LIMIT = "The layers of the image were not looked at. That is our limit, and costs nothing."


def inspect_image(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    owner: Ownership,
    limits: BuildLimits,
    inventory: Inventory,
    first: BuildResult,
    again: str = "",
    lease: Lease | None = None,
) -> ImageEvidence:
    """What is in an image, and how far a second one is the same; trouble of ours is said in the evidence.

    Args:
        runner: The worker.
        owner: The run.
        limits: Of the build.
        inventory: Of the submission.
        first: The build whose image is looked at.
        again: Name of the same image, built again; empty without one.
        lease: Of the run; None where nobody else could take the work.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
    """
    images = (first.reference, again) if again else (first.reference,)
    task = ImageTask(
        base_layers=first.base_layers,
        model_path=inventory.contract.model.path,
        images=len(images),
    )
    digest = runner.ports.blobs.put(codec.to_json(task))
    spec = containers.image_spec(runner, owner, digest)
    should_stop = lease.should_stop if lease is not None else None
    try:
        exit_: Exit | None = runner.sandbox.show(images, spec, _most_bytes(limits, images), should_stop)
    except UnavailableError as error:
        _log.warning("run %s: an image was not looked at: %s", owner.run_id, error.detail)
        exit_ = None
    if lease is not None:
        check_lease(lease)
    return _read(exit_) if exit_ is not None else ImageEvidence(limit=_LIMIT)


def _most_bytes(limits: BuildLimits, images: Sequence[str]) -> int:
    """What images of the allowed size take as a tar: layers hold what later ones hide, and each file is padded."""
    return len(images) * (limits.image_bytes + limits.written_bytes)


def _read(exit_: Exit) -> ImageEvidence:
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        said = exit_.stderr[-500:].decode(errors="replace").strip()
        _log.warning("looking at an image ended with %s: %s", exit_.exit_code, said)
        return ImageEvidence(limit=_LIMIT)
    try:
        return codec.from_json(ImageEvidence, exit_.stdout, what="image evidence", max_bytes=_MAX_EVIDENCE)
    except InvalidError as error:
        _log.warning("what was said of an image cannot be read: %s", error.detail)
        return ImageEvidence(limit=_LIMIT)
