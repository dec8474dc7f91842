"""What a candidate may upload, and what an upload becomes."""

import io
from dataclasses import replace

import pytest

from audition.adapters.memory import MemoryBlobs
from audition.domain.errors import ConflictError, DeniedError, InvalidError
from audition.domain.run import Run
from audition.domain.submission import FREE_STATES, State
from audition.services.submit import Upload, attempts_left, submit
from tests import factories
from tests.unit.services.world import World


def upload(data: bytes, key: str | None = None) -> Upload:
    return Upload(stream=io.BytesIO(data), name="x.zip", idempotency_key=key)


def test_an_upload_waits_with_one_run_and_one_hint(world: World) -> None:
    submission = world.submit(b"PK bytes")

    assert submission.state == State.QUEUED
    assert submission.attempt_number == 1
    assert world.blobs.get(submission.archive_digest) == b"PK bytes"
    assert submission.archive_bytes == 8
    run = world.run(submission)
    assert (run.number, run.fence, run.lease_until) == (1, 0, None)
    assert world.queue.waiting == [("execute", run.id, 0)]
    assert world.history(submission) == ["received->queued"]


def test_it_is_accepted_while_the_queue_is_down_and_found_later(world: World) -> None:
    world.queue.is_down = True
    submission = world.submit()
    assert submission.state == State.QUEUED

    world.queue.is_down = False
    assert world.reconcile() == (1, 0)
    world.work()
    assert world.state(submission) == State.GRADED


def test_the_same_key_again_is_the_same_submission(world: World) -> None:
    first = world.submit(b"PK 1", key="k1")
    again = world.submit(b"PK other bytes", key="k1")

    assert again == first
    assert len(world.database.tables.submissions) == 1


def test_a_twin_that_was_faster_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests with one key at once: the second sees the first only after its bytes came."""
    original = MemoryBlobs.put_stream

    def slow(self: MemoryBlobs, stream: io.BytesIO, max_bytes: int) -> tuple[str, int]:
        monkeypatch.setattr(MemoryBlobs, "put_stream", original)
        world.submit(b"PK twin", key="k1")
        return original(self, stream, max_bytes)

    monkeypatch.setattr(MemoryBlobs, "put_stream", slow)

    submission = world.submit(b"PK me", key="k1")

    assert world.blobs.get(submission.archive_digest) == b"PK twin"
    assert len(world.database.tables.submissions) == 1


@pytest.mark.parametrize("key", ["", "k" * 129])
def test_a_key_has_1_to_128_characters(world: World, key: str) -> None:
    with pytest.raises(InvalidError) as caught:
        world.submit(key=key)
    assert caught.value.code == "bad-idempotency-key"


def test_an_empty_upload_is_refused_and_costs_nothing(world: World) -> None:
    with pytest.raises(InvalidError, match="0 bytes") as caught:
        world.submit(b"")
    assert caught.value.code == "upload-empty"
    assert "No attempt was used" in caught.value.next_step
    assert world.database.tables.submissions == {}


def test_the_limit_is_the_challenges_and_one_byte_more_is_refused(world: World) -> None:
    world.set_version(upload_bytes=1 << 20)

    with pytest.raises(InvalidError, match="larger than the 1 MiB") as caught:
        world.submit(b"x" * ((1 << 20) + 1))
    assert caught.value.code == "upload-too-large"
    assert world.submit(b"x" * (1 << 20)).state == State.QUEUED


def test_one_runs_at_a_time(world: World) -> None:
    world.submit()

    with pytest.raises(ConflictError, match="Attempt 1 is still queued") as caught:
        world.submit()
    assert caught.value.code == "attempt-in-progress"


def test_attempts_are_numbered_and_end(world: World) -> None:
    numbers = [world.graded().attempt_number for _ in range(3)]
    assert numbers == [1, 2, 3]

    with pytest.raises(ConflictError, match="All 3 attempts are used") as caught:
        world.submit()
    assert caught.value.code == "no-attempts-left"


@pytest.mark.parametrize("state", list(State))
def test_only_states_that_are_the_candidates_use_an_attempt_up(state: State) -> None:
    submissions = (factories.make_submission(state=state),)

    left = attempts_left(factories.make_invitation(attempts=3), submissions)

    assert left == (3 if state in FREE_STATES else 2)


def test_attempts_left_is_never_negative() -> None:
    submissions = tuple(factories.make_submission(state=State.GRADED) for _ in range(5))
    assert attempts_left(factories.make_invitation(attempts=3), submissions) == 0


def test_the_window_ends_to_the_second(world: World) -> None:
    world.clock.advance(7 * 86_400 - 1)
    world.submit()
    world.work()
    world.clock.advance(1)

    with pytest.raises(ConflictError) as caught:
        world.submit()
    assert caught.value.code == "invitation-over"


def test_a_withdrawn_invitation_takes_nothing(world: World) -> None:
    with world.ports.unit_of_work() as uow:
        uow.people.save_invitation(factories.make_invitation(revoked_at=factories.NOW))
        uow.commit()

    with pytest.raises(ConflictError):
        world.submit()


def test_staff_have_no_invitation(world: World) -> None:
    with pytest.raises(DeniedError, match="Only candidates"):
        submit(world.ports, world.alice, upload(b"PK"))


def test_a_long_name_is_cut_for_display(world: World) -> None:
    made = submit(world.ports, world.carol, replace(upload(b"PK"), name="n" * 500))
    assert len(made.archive_name) == 200


def test_bytes_come_in_while_no_transaction_is_open(world: World) -> None:
    """A slow upload must not hold the database."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            with world.ports.unit_of_work() as uow:
                uow.submissions.recent()
            return super().read(size)

    made = submit(world.ports, world.carol, Upload(stream=Slow(b"PK"), name="x"))

    assert isinstance(world.run(made), Run)
