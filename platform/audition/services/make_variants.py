"""Make candidates' copies of the training data when a challenge is published, in a grader container."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from audition import codec
from audition.domain import places
from audition.domain.challenge import Area, DataFile, Manifest
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.execution import Limits, Ownership, Profile
from audition.domain.variant import (
    CANARIES_FILE,
    KEY_VARIABLE,
    MAX_CANARIES_BYTES,
    RANGE_VARIABLE,
    Canary,
    VariantFacts,
    VariantSpec,
)
from audition.services.discard import discard
from audition.services.hold_volumes import VOLUME_BYTES, held_volumes, volumes
from audition.services.run_program import run_program
from audition.services.runner import Runner

PROGRAM = "audition.variants"
LIMITS = Limits(
    time_seconds=900.0,
    memory_bytes=4 << 30,
    cpus=2.0,
    log_bytes=MAX_CANARIES_BYTES,
    output_bytes=VOLUME_BYTES,
)
#: Of a volume, which is memory: what copies of one batch may take together.
_BATCH_BYTES = 256 << 20


def make_variants(
    runner: Runner,
    manifest: Manifest,
    files: tuple[DataFile, ...],
    digest: str,
    say: Callable[[str], None],
) -> tuple[DataFile, ...]:
    """Make every copy, and the list of their canaries; nothing where the challenge has no variants.

    Args:
        runner: Where they are made.
        manifest: Of the challenge.
        files: What `prepare` made.
        digest: Of the version; with the installation's key it decides every copy.
        say: Told what happens.

    Raises:
        InvalidError: They cannot be made of these data; `problems` has every reason.
        UnavailableError: The container failed; that is our fault.
    """
    spec = manifest.variants
    if spec is None:
        return ()
    say(f"making {spec.copies} copies of {spec.file}")
    copies: list[DataFile] = []
    canaries: list[Canary] = []
    for first, last in _batches(spec, files):
        facts, made = _batch(runner, manifest, files, version_key(runner, digest), (first, last))
        if facts.refusals:
            msg = f"Copies of {spec.file} cannot be made."
            step = "Change [variants] in challenge.toml and publish again."
            raise InvalidError(msg, code="variants", next_step=step, problems=facts.refusals)
        if first == 1:
            say(told(facts, spec))
        copies.extend(replace(file, area=Area.VARIANT) for file in made)
        canaries.extend(facts.canaries)
    listed = codec.to_json(VariantFacts(canaries=tuple(canaries)))
    kept = DataFile(
        area=Area.CANARIES, name=CANARIES_FILE, digest=runner.ports.blobs.put(listed), bytes=len(listed)
    )
    return (*copies, kept)


def version_key(runner: Runner, digest: str) -> Mapping[str, str]:
    """The key of a version's copies, as its programs get it; no container of a candidate has it.

    Raises:
        UnavailableError: This host has no key.
    """
    if not runner.variant_key:
        msg = "This host has no key for copies of training data."
        raise UnavailableError(msg, code="no-variant-key")
    return {
        KEY_VARIABLE: hmac.digest(runner.variant_key, f"variants {digest}".encode(), hashlib.sha256).hex()
    }


def told(facts: VariantFacts, spec: VariantSpec) -> str:
    """What was made, for authors."""
    return (
        f"each copy has {facts.copy_rows:,} rows; {facts.code_rows:,} rows and {facts.code_values:,} numbers of code"
        f" are long enough for {facts.withstands} of {spec.copies} candidates mixing theirs"
        f" (false accusation below {spec.false_accusation:g})"
    )


def _batches(spec: VariantSpec, files: tuple[DataFile, ...]) -> Iterator[tuple[int, int]]:
    sizes = [file.bytes for file in files if file.area == Area.PUBLIC and file.name == spec.file]
    step = max(1, _BATCH_BYTES // max(1, 2 * sum(sizes)))
    for first in range(1, spec.copies + 1, step):
        yield first, min(spec.copies, first + step - 1)


def _batch(
    runner: Runner,
    manifest: Manifest,
    files: tuple[DataFile, ...],
    key: Mapping[str, str],
    numbers: tuple[int, int],
) -> tuple[VariantFacts, tuple[DataFile, ...]]:
    """Some of the copies."""
    run_id = runner.ports.tokens.new_id("pub")
    deadline = int(runner.ports.clock.now().timestamp() + 2 * LIMITS.time_seconds)
    owner = Ownership(run_id=run_id, fence=0, deadline_epoch=deadline)
    out = replace(volumes(is_writable=True, writer=Profile.GRADER)[0], target=str(places.OUT))
    try:
        with held_volumes(runner, owner, LIMITS, Profile.GRADER) as held:
            said = run_program(
                runner,
                manifest,
                files,
                stage="variants",
                program=PROGRAM,
                limits=LIMITS,
                arguments=("make",),
                extra=(out,),
                environment={**key, RANGE_VARIABLE: f"{numbers[0]}-{numbers[1]}"},
                owner=owner,
            )
            facts = codec.from_json(VariantFacts, said, what="variants", max_bytes=MAX_CANARIES_BYTES)
            return facts, () if facts.refusals else held.collect(PROGRAM)
    finally:
        discard(runner, run_id, 0)
