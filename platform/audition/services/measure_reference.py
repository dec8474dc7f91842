"""Measure a challenge's reference when it is published: its image, what a request costs it, how many a second it holds.

Theory of operation. The archive is unpacked, built and probed as a candidate's would be, by itself: nothing of it is
graded, no run is stored, and of the probes only those whose numbers others are compared with are made. A reference that
cannot be measured is the author's to mend and stops nothing: what would be compared with it is then not assessed.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace

from audition import codec
from audition.domain.build import BuildCause, BuildResult
from audition.domain.challenge import MEASURED_FILE, Area, ChallengeVersion, DataFile, Manifest
from audition.domain.contract import Inventory
from audition.domain.errors import UnavailableError
from audition.domain.execution import Ownership
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import MeasuredReference, Probe, ProbeTask, Reference
from audition.domain.run import Stage
from audition.ports import Served
from audition.services import containers
from audition.services.build_image import build_spec
from audition.services.discard import discard
from audition.services.inspect_image import inspect_image
from audition.services.predict_samples import UNPACK_SECONDS, bare_version, read_inventory
from audition.services.probe_service import Wanted, converse, service_spec
from audition.services.rebuild_image import receive_context
from audition.services.runner import Runner

_PROBES = (Probe.CONTRACT, Probe.COST, Probe.CAPACITY)
#: A start and what is sent takes two minutes; the stage's own limit is for a whole course.
_PROBE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Work:
    """The archive's owner, and the version as far as it needs one."""

    runner: Runner
    version: ChallengeVersion
    owner: Ownership


class _CannotMeasureError(Exception):
    """Why not, a sentence."""


def measure_reference(
    runner: Runner,
    manifest: Manifest,
    files: tuple[DataFile, ...],
    archive: DataFile,
    say: Callable[[str], None],
) -> tuple[DataFile, ...]:
    """Build and probe the reference; the file with what it was measured at, or nothing.

    Args:
        runner: Where it runs.
        manifest: Of the challenge.
        files: What `prepare` made.
        archive: Of the reference.
        say: Told what happens, and why nothing came of it.
    """
    version = bare_version(runner, manifest, files, (Stage.UNPACK, Stage.BUILD, Stage.SERVE))
    seconds = 2 * (UNPACK_SECONDS + manifest.build.time_seconds) + _PROBE_SECONDS
    deadline = int(runner.ports.clock.now().timestamp() + seconds)
    owner = Ownership(run_id=runner.ports.tokens.new_id("pub"), fence=0, deadline_epoch=deadline)
    say("building the reference submission and measuring its service")
    try:
        measured = _measure(_Work(runner, version, owner), archive.digest)
    except (_CannotMeasureError, UnavailableError) as reason:
        # An engine that fails now may be back in a moment; everything else of the version is there.
        say(f"the reference was not measured, so cost and capacity will not be assessed: {reason}")
        return ()
    finally:
        discard(runner, owner.run_id, owner.fence)
    say(_told(measured))
    data = codec.to_json(measured)
    digest = runner.ports.blobs.put(data)
    return (DataFile(area=Area.REFERENCE, name=MEASURED_FILE, digest=digest, bytes=len(data)),)


def _told(measured: MeasuredReference) -> str:
    cost, capacity = measured.service.cpu_ms_per_request, measured.service.capacity_per_second
    parts = [
        f"{cost:.1f} ms of processor time a request" if cost is not None else "",
        f"{capacity:.0f} requests a second" if capacity is not None else "",
        f"{measured.image_bytes / (1 << 20):.0f} MiB above its base" if measured.image_bytes else "",
    ]
    return f"the reference takes {', '.join(part for part in parts if part)}"


def _measure(work: _Work, archive: str) -> MeasuredReference:
    runner, limits = work.runner, work.version.manifest.build
    with runner.sandbox.serve(containers.keeper_spec(runner, work.version, work.owner, archive)) as keeper:
        inventory = read_inventory(keeper)
        if inventory.refusals:
            raise _CannotMeasureError(" ".join(inventory.refusals))
        built = _build(work, keeper, inventory)
        image = inspect_image(runner, work.owner, limits, inventory, built)
    seen = _probe(work, inventory, built)
    if seen.cost is None and seen.capacity is None:
        reasons = (item.reason for item in seen.unfinished)
        raise _CannotMeasureError(next(reasons, "The service was not measured."))
    return MeasuredReference(
        environment=dict(runner.facts),
        service=Reference.of(seen),
        image_bytes=image.payload_bytes if image.layers else None,
    )


def _build(work: _Work, keeper: Served, inventory: Inventory) -> BuildResult:
    plan = inventory.build
    if plan is None or plan.refusals or not plan.file:
        raise _CannotMeasureError(" ".join(plan.refusals) if plan else "It has no Dockerfile.")
    with tempfile.TemporaryFile() as context:
        size = receive_context(keeper, context).bytes
        spec = build_spec(work.runner, work.owner, plan, work.version.manifest.build, size)
        result = work.runner.sandbox.build(spec, context)
    if result.cause != BuildCause.OK:
        raise _CannotMeasureError(f"Its image could not be built ({result.cause}). {result.detail}")
    return result


def _probe(work: _Work, inventory: Inventory, built: BuildResult) -> ServiceEvidence:
    runner, manifest, contract = work.runner, work.version.manifest, inventory.contract
    task = ProbeTask(contract=contract, pace=manifest.pace, probes=_PROBES)
    service = service_spec(runner, work.owner, contract, manifest.limits_of(Stage.SERVE), built.image_id)
    wanted = Wanted(spec=service, models=(), grace_seconds=contract.serving.grace_seconds)
    spec = containers.prober_spec(runner, work.version, work.owner, ())
    spec = replace(spec, limits=replace(spec.limits, time_seconds=_PROBE_SECONDS))
    with runner.sandbox.probe(spec) as prober:
        seen = converse(prober, task, wanted, None, _PROBE_SECONDS).evidence
    if seen is None:
        msg = "The prober sent drift although it was not told to."
        raise UnavailableError(msg, code="prober-failed")
    return seen
