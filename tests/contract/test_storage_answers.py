"""What every storage does with kept answers: in memory, on SQLite and on PostgreSQL."""

from dataclasses import replace
from typing import Any

from audition.domain.kept_answer import KeptAnswer
from tests import factories as make
from tests.contract.conftest import Storage
from tests.factories import NOW, later


def make_answer(**overrides: Any) -> KeptAnswer:
    """A key of the default account whose request is at work."""
    answer = KeptAnswer(actor="staff:usr_1", key="first", fingerprint="6" * 64, created_at=NOW)
    return replace(answer, **overrides)


def test_a_key_is_taken_once_by_each_actor(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        assert unit.answers.reserve(make_answer()) is None
        assert unit.answers.reserve(make_answer(actor="staff:usr_2")) is None
        assert unit.answers.reserve(make_answer(key="second")) is None
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.answers.reserve(make_answer(fingerprint="8" * 64, created_at=later(1))) == make_answer()


def test_an_answer_comes_back_equal_and_is_put_nowhere_without_a_key(storage: Storage) -> None:
    settled = make_answer(status=201, body='{"id": "shr_1"}')
    with storage.unit_of_work() as unit:
        unit.answers.reserve(make_answer())
        unit.answers.settle(settled)
        unit.answers.settle(replace(settled, key="second"))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.answers.reserve(make_answer()) == settled
        assert unit.answers.reserve(make_answer(key="second")) is None


def test_a_key_that_was_given_back_or_is_old_can_be_taken_again(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        for number, key in enumerate(("back", "old", "young")):
            unit.answers.reserve(make_answer(key=key, created_at=later(number)))
        unit.answers.give_back("staff:usr_1", "back")
        unit.answers.forget_before(later(2))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.answers.reserve(make_answer(key="back")) is None
        assert unit.answers.reserve(make_answer(key="old")) is None
        assert unit.answers.reserve(make_answer(key="young")) == make_answer(key="young", created_at=later(2))


def test_erasing_a_candidate_leaves_no_answer_that_could_tell_of_them(storage: Storage) -> None:
    theirs = make_answer(actor="candidate:inv_1", status=200, body="{}")
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        unit.answers.reserve(theirs)
        unit.answers.reserve(make_answer(status=201, body='{"name": "Cleo Candidate"}'))
        unit.people.erase("can_1")
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.answers.reserve(theirs) is None
        assert unit.answers.reserve(make_answer()) == make_answer(status=201)
