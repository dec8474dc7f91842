"""Publish a challenge folder as an immutable version: run `prepare` in a container, pack the kit, store it all."""

from collections.abc import Callable, Mapping
from datetime import datetime

from audition import codec
from audition.catalog.digest import version_digest
from audition.catalog.kit import build_kit
from audition.catalog.produced import check_produced
from audition.catalog.read import ChallengeFolder
from audition.catalog.samples import Sample
from audition.domain.challenge import METRIC_PROGRAM, Area, ChallengeVersion, DataFile
from audition.domain.errors import InvalidError, NotFoundError
from audition.domain.people import AuditEntry
from audition.domain.run import Stage
from audition.services.make_extra_rows import make_extra_rows
from audition.services.make_variants import make_variants
from audition.services.measure_reference import measure_reference
from audition.services.measure_variants import measure_variants
from audition.services.predict_samples import pack_samples, predict_samples
from audition.services.prepare_data import prepare_data, with_limits
from audition.services.prepare_traffic import prepare_traffic
from audition.services.runner import Runner
from audition.services.seal_version import seal

#: Samples that services may be compared with, the first that is there: the reference is what a good solution takes. A
#: golden one shows what is possible at all, and few would earn anything beside it.
_REFERENCES = ("accepted/reference", "accepted/golden")


def publish(  # noqa: PLR0913  each is a choice of whoever publishes
    runner: Runner,
    actor: str,
    folder: ChallengeFolder,
    say: Callable[[str], None] = lambda _: None,
    *,
    measures: bool = False,
    opens_at: datetime | None = None,
) -> ChallengeVersion:
    """Make a version of a challenge folder; the same content again is the same version.

    Args:
        runner: Where `prepare` runs.
        actor: Who publishes, for the audit log.
        folder: The folder, read and checked.
        say: Told what happens, for people who wait.
        measures: Whether the reference's image is built and its service measured on this host, which takes minutes.
        opens_at: From when on people are invited to it; at once without it. Until then the version before it holds.

    Raises:
        InvalidError: The time is over; or `prepare` failed or made other files than declared, or drift cannot be made
            of them: the challenge's fault.
        UnavailableError: The engine failed.
    """
    if opens_at is not None and opens_at <= runner.ports.clock.now():
        raise InvalidError(f"{opens_at:%Y-%m-%d %H:%M %Z} is over.", next_step="Name a later time, or none.")
    folder = with_limits(runner.image_limits, folder)
    say("running prepare in a container without network")
    files = prepare_data(runner, folder)
    check_produced(folder, files)
    if Stage.DRIFT in folder.manifest.stages:
        say("measuring the drift family and preparing its traffic")
        files = (*files, prepare_traffic(runner, folder.manifest, files, say))
    if Stage.REPEAT in folder.manifest.stages:
        say("making the rows that stand among the hidden ones")
        files = (*files, *make_extra_rows(runner, folder.manifest, files))
    reference = _reference(runner, folder)
    files = (*files, *reference)
    files = (*files, *_own_metric(runner, folder))
    samples = pack_samples(runner, folder)
    documents = _documents(folder, samples)
    # The grader image changes with every release of ours and says nothing about the challenge.
    image = folder.manifest.image
    images = {image: runner.sandbox.image_id(runner.images[image])}
    digest = version_digest(folder.manifest, documents, files, images)
    with runner.ports.unit_of_work() as uow:
        if known := uow.challenges.by_digest(digest):
            say(f"version {known.number} has exactly this content already")
            return known
    files = (*files, *predict_samples(runner, folder.manifest, files, samples, say))
    files = (*files, *make_variants(runner, folder.manifest, files, digest, say))
    for sample in _learner(folder) if measures else ():
        packed = runner.ports.blobs.put(sample.pack())
        files = (*files, *measure_variants(runner, folder.manifest, files, packed, say))
    for archive in reference if measures else ():
        files = (*files, *measure_reference(runner, folder.manifest, files, archive, say))
    say("packing the kit")
    return _store(runner, actor, folder, files, digest, opens_at)


def _documents(folder: ChallengeFolder, samples: Mapping[str, str]) -> dict[str, str]:
    """What a version's digest is taken of besides manifest and data."""
    return {
        "brief.md": folder.brief,
        "datacard.md": folder.datacard,
        "rubric.toml": "\n".join(codec.to_json(item).decode() for item in folder.rubric),
        **{f"submissions/{name}": digest for name, digest in samples.items()},
    }


def _store(  # noqa: PLR0913  each is a part of the version
    runner: Runner,
    actor: str,
    folder: ChallengeFolder,
    files: tuple[DataFile, ...],
    digest: str,
    opens_at: datetime | None,
) -> ChallengeVersion:
    blobs = runner.ports.blobs
    public = {f.name: blobs.get(f.digest) for f in files if f.area == Area.PUBLIC}
    kit = build_kit(folder, public)
    now = runner.ports.clock.now()
    with runner.ports.unit_of_work() as uow:
        version = ChallengeVersion(
            id=runner.ports.tokens.new_id("chv"),
            slug=folder.manifest.slug,
            number=_next_number(uow.challenges.latest, folder.manifest.slug),
            digest=digest,
            manifest=folder.manifest,
            manifest_digest=blobs.put(codec.to_json(folder.manifest)),
            brief=folder.brief,
            datacard=folder.datacard,
            files=files,
            kit_digest=blobs.put(kit),
            kit_bytes=len(kit),
            published_at=opens_at or now,
            rubric=folder.rubric,
        )
        uow.challenges.add(version)
        uow.audit.add(AuditEntry(at=now, actor=actor, action="published", subject=version.id, reason=digest))
        if runner.variant_key:
            uow.audit.add(seal(runner.variant_key, version, now, actor))
        uow.commit()
    return version


def _reference(runner: Runner, folder: ChallengeFolder) -> tuple[DataFile, ...]:
    """The sample whose service others are compared with, as a candidate would upload it."""
    if not {Stage.BUILD, Stage.SERVE} <= set(folder.manifest.stages):
        return ()
    by_name = {sample.name: sample for sample in folder.samples}
    for name in _REFERENCES:
        if name in by_name:
            data = by_name[name].pack()
            digest = runner.ports.blobs.put(data)
            return (DataFile(area=Area.REFERENCE, name="reference.zip", digest=digest, bytes=len(data)),)
    return ()


def _own_metric(runner: Runner, folder: ChallengeFolder) -> tuple[DataFile, ...]:
    """The author's `metric.py`, which the score container calls."""
    if folder.metric is None:
        return ()
    data = folder.metric.read_bytes()
    digest = runner.ports.blobs.put(data)
    return (DataFile(area=Area.METRIC, name=METRIC_PROGRAM, digest=digest, bytes=len(data)),)


def _learner(folder: ChallengeFolder) -> tuple[Sample, ...]:
    """The sample that is trained anew on candidates' copies, where there are some."""
    if folder.manifest.variants is None:
        return ()
    return tuple(sample for sample in folder.samples if sample.name == "accepted/reference")


def _next_number(latest: Callable[[str], ChallengeVersion], slug: str) -> int:
    try:
        return latest(slug).number + 1
    except NotFoundError:
        return 1
