"""Have the challenge's own models predict when it is published, so that candidates' predictions have a measure.

They run as candidates' programs do, from the archive that a candidate would upload, under the same limits. What they
predict stays private: only the container that has the answers gets it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from audition import codec
from audition.catalog.read import ChallengeFolder
from audition.domain.challenge import Area, ChallengeVersion, DataFile, Manifest
from audition.domain.contract import Contract, Inventory
from audition.domain.errors import InvalidError
from audition.domain.execution import ContainerSpec, Ownership
from audition.domain.run import Stage, Verdict, judge_exit
from audition.ports import Served
from audition.services import containers
from audition.services.discard import discard
from audition.services.explain import explain
from audition.services.receive import COLLECT_SIGNAL, receive
from audition.services.runner import Runner

_MAX_DOCUMENT = 2 << 20
UNPACK_SECONDS = 90.0
"""What unpacking a sample may take."""
_GROUP = "accepted"
Before = Callable[[Contract, ContainerSpec], None]
"""What is done in a sample's own files before it predicts."""


def pack_samples(runner: Runner, folder: ChallengeFolder) -> dict[str, str]:
    """Digests of the archives of what `detail.samples` names, stored.

    A version is known by these and not by what they predict, whose last digits may differ between processors.

    Raises:
        InvalidError: A sample is not there.
    """
    known = {sample.name: sample for sample in folder.samples}
    packed = {}
    for name in folder.manifest.detail.samples:
        sample = known.get(f"{_GROUP}/{name}")
        if sample is None:
            msg = f"detail.samples names {name}, but submissions/{_GROUP}/{name} is not there."
            raise InvalidError(msg, code="no-sample")
        packed[name] = runner.ports.blobs.put(sample.pack())
    return packed


def predict_samples(
    runner: Runner,
    manifest: Manifest,
    files: tuple[DataFile, ...],
    samples: Mapping[str, str],
    say: Callable[[str], None],
) -> tuple[DataFile, ...]:
    """Run each sample, and keep what it predicts.

    Args:
        runner: Where it runs.
        manifest: Of the challenge.
        files: What `prepare` made.
        samples: From `pack_samples`.
        say: Told what happens.

    Raises:
        InvalidError: A program failed: the challenge's fault.
        UnavailableError: The engine failed.
    """
    made = []
    for name, archive in samples.items():
        say(f"letting the model of submissions/{_GROUP}/{name} predict")
        version = bare_version(runner, manifest, files, (Stage.UNPACK, Stage.PREDICT))
        made.append(predict_sample(runner, version, name, archive)[1])
    return tuple(made)


def bare_version(
    runner: Runner, manifest: Manifest, files: tuple[DataFile, ...], stages: tuple[Stage, ...]
) -> ChallengeVersion:
    """As much of a version as these stages need for a sample; it is never stored."""
    manifest = replace(manifest, stages=stages)
    return ChallengeVersion(
        id="",
        slug=manifest.slug,
        number=0,
        digest="",
        manifest=manifest,
        manifest_digest=runner.ports.blobs.put(codec.to_json(manifest)),
        brief="",
        datacard="",
        files=files,
        kit_digest="",
        kit_bytes=0,
        published_at=runner.ports.clock.now(),
    )


def read_inventory(keeper: Served) -> Inventory:
    """What a keeper says of the sample that it unpacks.

    Raises:
        UnavailableError: The keeper failed.
    """
    line = keeper.read_line(_MAX_DOCUMENT, UNPACK_SECONDS)
    return codec.from_json(Inventory, line, what="inventory", max_bytes=_MAX_DOCUMENT)


def predict_sample(
    runner: Runner, version: ChallengeVersion, name: str, archive: str, before: Before = lambda _c, _s: None
) -> tuple[Inventory, DataFile]:
    """Let a sample predict, and keep what it predicts.

    Args:
        runner: Where it runs.
        version: With what it reads.
        name: Of the sample, below submissions/accepted.
        archive: Digest of what a candidate would upload.
        before: Called with the sample's contract and the container that it will predict in, while its files are held.

    Raises:
        InvalidError: It failed: the challenge's fault.
        UnavailableError: The engine failed.
    """
    run_id = runner.ports.tokens.new_id("pub")
    seconds = UNPACK_SECONDS + version.manifest.limits_of(Stage.PREDICT).time_seconds
    deadline = int(runner.ports.clock.now().timestamp() + 2 * seconds)
    owner = Ownership(run_id=run_id, fence=0, deadline_epoch=deadline)
    try:
        return _run(runner, version, owner, archive, name, before)
    finally:
        discard(runner, run_id, 0)


def _run(  # noqa: PLR0913  a sample, and everything it runs with
    runner: Runner, version: ChallengeVersion, owner: Ownership, archive: str, name: str, before: Before
) -> tuple[Inventory, DataFile]:
    with runner.sandbox.serve(containers.keeper_spec(runner, version, owner, archive)) as keeper:
        inventory = read_inventory(keeper)
        if inventory.refusals:
            raise _failed(name, "is not accepted", inventory.refusals)
        spec = containers.predict_spec(runner, version, owner, inventory.contract)
        before(inventory.contract, spec)
        exit_ = runner.sandbox.run(spec)
        verdict = judge_exit(exit_)
        if verdict != Verdict.ACCEPTED:
            said = exit_.stderr[-2000:].decode(errors="replace").strip()
            raise _failed(name, "failed", (explain(verdict, Stage.PREDICT, exit_, spec.limits), said))
        keeper.signal(COLLECT_SIGNAL)
        collection, digests = receive(runner, keeper)
    found = {file.name: (file, digest) for file, digest in zip(collection.files, digests, strict=True)}
    wanted = next((n for n in version.manifest.output.names if n in found), None)
    if wanted is None:
        raise _failed(name, "left no predictions", collection.refusals)
    file, digest = found[wanted]
    suffix = PurePosixPath(wanted).suffix
    return inventory, DataFile(area=Area.MODELS, name=f"{name}{suffix}", digest=digest, bytes=file.bytes)


def _failed(name: str, what: str, problems: tuple[str, ...]) -> InvalidError:
    msg = f"submissions/{_GROUP}/{name} {what}, but detail.samples names it."
    step = "Mend the sample, or take its name out of detail.samples."
    return InvalidError(msg, code="sample-failed", next_step=step, problems=[p for p in problems if p])
