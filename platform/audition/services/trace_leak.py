"""Trace a leaked table to the candidates whose copy it was; parsed in a grader container, like all that is hostile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from audition import codec
from audition.domain import places
from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import InvalidError
from audition.domain.execution import FileMount
from audition.domain.people import Candidate
from audition.domain.variant import Suspect, Trace
from audition.services.make_variants import LIMITS, PROGRAM, version_key
from audition.services.run_program import run_program
from audition.services.runner import Runner

_MAX_TRACE = 4 << 20
#: Of a table that is looked at.
MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A copy that is a source, and who has it."""

    suspect: Suspect
    holders: tuple[Candidate, ...]
    """Nobody where the copy was given to nobody; several where there were fewer copies than candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What a leaked table says of candidates."""

    trace: Trace
    named: tuple[Named, ...]
    """The surest first."""


def trace_leak(runner: Runner, slug: str, number: int | None, leak: BinaryIO) -> Traced:
    """Say whose copy of a challenge's training data a table is.

    Args:
        runner: Where it is read.
        slug: Of the challenge.
        number: Of its version; the newest when None.
        leak: CSV or Parquet.

    Raises:
        NotFoundError: There is no such version.
        InvalidError: It has no variants, the table is too large, or nothing can be said of it.
        UnavailableError: The container failed; that is our fault.
    """
    version = _version(runner, slug, number)
    if version.manifest.variants is None:
        msg = f"{slug} version {version.number} gives everybody the same data."
        raise InvalidError(
            msg, code="no-variants", next_step="Add [variants] to challenge.toml for the next one."
        )
    digest, _ = runner.ports.blobs.put_stream(leak, MOST_BYTES)
    said = run_program(
        runner,
        version.manifest,
        version.files,
        stage="trace",
        program=PROGRAM,
        limits=LIMITS,
        arguments=("trace",),
        extra=(FileMount(source=str(runner.ports.blobs.path(digest)), target=str(places.LEAK_FILE)),),
        environment=version_key(runner, version.digest),
    )
    found = codec.from_json(Trace, said, what="trace", max_bytes=_MAX_TRACE)
    if found.refusals:
        msg = "Nothing can be said of this table."
        raise InvalidError(msg, code="not-traced", problems=found.refusals)
    holders = _holders(runner, version)
    named = (Named(suspect=suspect, holders=holders.get(suspect.number, ())) for suspect in found.accused)
    return Traced(trace=found, named=tuple(named))


def _version(runner: Runner, slug: str, number: int | None) -> ChallengeVersion:
    with runner.ports.unit_of_work() as uow:
        newest = uow.challenges.latest(slug)
        if number is None or number == newest.number:
            return newest
        known = [version for version in uow.challenges.all() if version.slug == slug]
    for version in known:
        if version.number == number:
            return version
    msg = f"{slug} has no version {number}."
    raise InvalidError(msg, code="no-version", next_step=f"Its newest is {newest.number}.")


def _holders(runner: Runner, version: ChallengeVersion) -> Mapping[int, tuple[Candidate, ...]]:
    """Who has which copy."""
    with runner.ports.unit_of_work() as uow:
        candidates = {candidate.id: candidate for candidate in uow.people.candidates_of(version.id)}
        given = {(i.variant, i.candidate_id) for i in uow.people.invitations_to(version.id) if i.variant}
    found: dict[int, tuple[Candidate, ...]] = {}
    for number, candidate_id in sorted(given):
        found[number] = (*found.get(number, ()), candidates[candidate_id])
    return found
