"""What every storage does with reviews: in memory, on SQLite and on PostgreSQL."""

import pytest

from audition.domain.dispute import DisputeState
from audition.domain.errors import ConflictError
from audition.domain.submission import State
from audition.ports import UnitOfWork
from tests import factories as make
from tests.contract.conftest import Storage
from tests.factories import later


def _store(unit: UnitOfWork) -> None:
    """A graded submission, three reviewers, and the first one's review."""
    make.store_run(unit, State.GRADED)
    for number in (1, 2, 3):
        unit.people.add_staff(make.make_staff(id=f"usr_{number}", email=f"r{number}@example.org"))
    unit.reviews.add(make.make_review())


def test_reviews_and_marks_come_back_equal_and_in_order(storage: Storage) -> None:
    second = make.make_review(id="rev_0", reviewer_id="usr_2", seat=2, comment="Solid.", signed_at=later(9))
    marks = (make.make_mark(item="image", level=None), make.make_mark())
    with storage.unit_of_work() as unit:
        _store(unit)
        unit.reviews.add(second)
        assert all(unit.reviews.save_mark(mark) for mark in reversed(marks))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.reviews.of(["sub_1"]) == (make.make_review(), second)
        assert unit.reviews.marks(["rev_1", "rev_0"]) == marks
        assert unit.reviews.of(["sub_9"]) == unit.reviews.of([]) == ()
        assert unit.reviews.marks(["rev_0"]) == unit.reviews.marks([]) == ()
        assert unit.challenges.get("ver_1").rubric == make.make_rubric()


def test_a_seat_is_taken_once_and_nobody_has_two(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        _store(unit)
        for clash in (
            make.make_review(id="rev_2", reviewer_id="usr_2"),
            make.make_review(id="rev_2", seat=2),
            make.make_review(id="rev_2", reviewer_id="usr_9", seat=2),
            make.make_review(id="rev_2", submission_id="sub_9", reviewer_id="usr_2", seat=2),
        ):
            with pytest.raises(ConflictError):
                unit.reviews.add(clash)
        unit.reviews.add(make.make_review(id="rev_2", reviewer_id="usr_2", seat=2))


def test_a_mark_is_replaced_until_its_review_is_signed(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        _store(unit)
        assert unit.reviews.save_mark(make.make_mark(level=0))
        better = make.make_mark(level=2, note="Looked again.", saved_at=later(5))
        assert unit.reviews.save_mark(better)
        assert unit.reviews.sign("rev_1", "Good.", later(6))
        assert not unit.reviews.save_mark(make.make_mark(level=0))
        assert not unit.reviews.save_mark(make.make_mark(review_id="rev_9"))
        assert not unit.reviews.sign("rev_1", "Better.", later(7))
        assert not unit.reviews.sign("rev_9", "", later(7))
        assert unit.reviews.marks(["rev_1"]) == (better,)
        assert unit.reviews.of(["sub_1"]) == (make.make_review(signed_at=later(6), comment="Good."),)


def test_overrides_are_kept_in_order_and_withdrawn_once(storage: Storage) -> None:
    second = make.make_override(id="ovr_0", points=None, created_at=later(5))
    with storage.unit_of_work() as unit:
        _store(unit)
        unit.overrides.add(second)
        unit.overrides.add(make.make_override())
        with pytest.raises(ConflictError):
            unit.overrides.add(make.make_override(id="ovr_2", run_id="run_9"))
        assert unit.overrides.withdraw("ovr_1", later(7))
        assert not unit.overrides.withdraw("ovr_1", later(8))
        assert not unit.overrides.withdraw("ovr_9", later(8))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.overrides.of_run("run_1") == (make.make_override(withdrawn_at=later(7)), second)
        assert unit.overrides.of_run("run_9") == ()


def test_shares_are_found_by_their_token_and_ended_once(storage: Storage) -> None:
    second = make.make_share(id="shr_0", token_digest="5" * 64, created_at=later(5))
    with storage.unit_of_work() as unit:
        _store(unit)
        unit.shares.add(second)
        unit.shares.add(make.make_share())
        for clash in (make.make_share(id="shr_2"), make.make_share(id="shr_2", submission_id="sub_9")):
            with pytest.raises(ConflictError):
                unit.shares.add(clash)
        assert unit.shares.revoke("shr_1", later(7))
        assert not unit.shares.revoke("shr_1", later(8))
        assert not unit.shares.revoke("shr_9", later(8))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.shares.by_token("5" * 64) == second
        assert unit.shares.by_token("6" * 64) is None
        assert unit.shares.of_submission("sub_1") == (make.make_share(revoked_at=later(7)), second)
        assert unit.shares.of_submission("sub_9") == ()


def test_a_check_is_disputed_once_and_answered_once(storage: Storage) -> None:
    second = make.make_dispute(id="dsp_0", check="x.y", created_at=later(5))
    with storage.unit_of_work() as unit:
        _store(unit)
        unit.disputes.add(second)
        unit.disputes.add(make.make_dispute())
        for clash in (make.make_dispute(id="dsp_2"), make.make_dispute(id="dsp_2", submission_id="sub_9")):
            with pytest.raises(ConflictError):
                unit.disputes.add(clash)
        answered = make.make_dispute(
            state=DisputeState.REJECTED, answer="It is not.", reviewer_id="usr_1", answered_at=later(7)
        )
        assert unit.disputes.answer(answered)
        assert not unit.disputes.answer(make.make_dispute(state=DisputeState.UPHELD))
        assert not unit.disputes.answer(make.make_dispute(id="dsp_9"))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.disputes.of_submission("sub_1") == (answered, second)
        assert unit.disputes.in_state(DisputeState.OPEN) == (second,)
        assert unit.disputes.in_state(DisputeState.REJECTED, 0) == ()
