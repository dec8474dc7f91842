"""Bytes that nothing names go after a week; whatever is named, or young, stays."""

import pytest

from audition.adapters.memory import MemoryBlobs
from audition.adapters.sql.tables import metadata
from audition.services.erase_data import erase_own_data
from audition.services.prune import GRACE, Waste, measure_waste, prune
from audition.services.release import release
from tests.unit.services.world import ALICE, CAROL, World

#: Columns that hold a digest of something else than stored bytes: of secrets, and of a challenge's whole content.
NOT_OF_BYTES = {"token_digest", "challenge_versions.digest"}


@pytest.fixture
def world() -> World:
    """Its blobs are as old as its clock says."""
    made = World(is_empty=True)
    made.blobs = MemoryBlobs(made.clock)
    made.is_empty = False
    made.__post_init__()
    return made


def a_week_later(world: World) -> None:
    world.clock.advance(GRACE.total_seconds() + 1)


def of_the_challenge(world: World) -> set[str]:
    with world.ports.unit_of_work() as uow:
        version = uow.challenges.get("ver_1")
    return {version.kit_digest, version.manifest_digest, *(file.digest for file in version.files)}


def test_what_a_submission_and_its_report_need_stays(world: World) -> None:
    submission = world.graded()
    release(world.ports, ALICE, submission.id)
    world.blobs.put(b"on its way")
    needed = {a.digest: world.blobs.get(a.digest) for a in world.artifacts(submission)}
    a_week_later(world)

    freed = prune(world.ports)

    assert freed == Waste(files=1, bytes=len(b"on its way"))
    assert {digest: world.blobs.get(digest) for digest in needed} == needed
    assert world.blobs.get(submission.archive_digest) == b"PK archive"
    for digest in of_the_challenge(world):
        assert world.blobs.get(digest)


def test_what_is_young_stays_and_is_not_counted(world: World) -> None:
    digest = world.blobs.put(b"of a run that goes on")
    world.clock.advance(GRACE.total_seconds() - 1)
    assert (measure_waste(world.ports), prune(world.ports)) == (Waste(), Waste())
    world.clock.advance(2)
    measured = measure_waste(world.ports)
    assert measured.bytes >= len(b"of a run that goes on")
    assert world.blobs.get(digest), "measuring takes nothing away"
    assert prune(world.ports) == measured
    assert measure_waste(world.ports) == Waste()


def test_what_is_stored_again_while_it_is_being_looked_for_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = world.blobs.put(b"twice")
    a_week_later(world)
    original = MemoryBlobs.delete_older

    def put_first(self: MemoryBlobs, name: str, at: object) -> bool:
        self.put(b"twice")
        return original(self, name, at)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryBlobs, "delete_older", put_first)
    prune(world.ports)
    assert world.blobs.get(digest) == b"twice"


def test_an_erased_candidate_leaves_nothing_after_it(world: World) -> None:
    submission = world.graded()
    practised = world.practise()
    erase_own_data(world.ports, CAROL)
    a_week_later(world)
    prune(world.ports)
    assert len(world.blobs) == len(of_the_challenge(world)), (submission.id, practised.id)


def test_every_column_that_names_stored_bytes_is_known() -> None:
    """A new column with a digest must be read by `named_digests`, or be listed here as something else."""
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if "digest" in column.name and not {column.name, f"{table.name}.{column.name}"} & NOT_OF_BYTES
    }
    assert columns == {
        "challenge_versions.manifest_digest",
        "challenge_versions.kit_digest",
        "submissions.archive_digest",
        "artifacts.digest",
    }
