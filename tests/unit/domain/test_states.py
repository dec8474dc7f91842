"""The life of a submission, every pair of states."""

import itertools

import pytest

from audition.domain.errors import ConflictError
from audition.domain.submission import (
    END_STATES,
    FREE_STATES,
    LEASED_STATES,
    SETTLED_STATES,
    TRANSITIONS,
    State,
    check_transition,
)

S = State
#: Written out once more on purpose: a change of the table is a change of the design.
ARROWS = {
    (S.RECEIVED, S.QUEUED), (S.RECEIVED, S.REJECTED),
    (S.QUEUED, S.RUNNING), (S.QUEUED, S.ERRORED), (S.QUEUED, S.CANCELLED),
    (S.RUNNING, S.GRADING), (S.RUNNING, S.QUEUED), (S.RUNNING, S.ERRORED), (S.RUNNING, S.CANCELLED),
    (S.RUNNING, S.REJECTED),
    (S.GRADING, S.GRADED), (S.GRADING, S.GRADING), (S.GRADING, S.ERRORED),
    (S.GRADED, S.RELEASED), (S.GRADED, S.GRADING), (S.GRADED, S.QUEUED),
    (S.ERRORED, S.QUEUED), (S.ERRORED, S.GRADING), (S.ERRORED, S.CANCELLED),
}  # fmt: skip
PAIRS = list(itertools.product(State, State))


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=[f"{a}->{b}" for a, b in PAIRS])
def test_a_move_is_possible_exactly_when_it_is_an_arrow(old: State, new: State) -> None:
    if (old, new) in ARROWS:
        check_transition("sub_1", old, new)
        return
    with pytest.raises(ConflictError, match=f"sub_1 is {old} and cannot become {new}") as caught:
        check_transition("sub_1", old, new)
    assert caught.value.code == "state-conflict"


def test_every_state_can_be_reached_and_left_or_is_an_end() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {new for _, new in ARROWS} == set(State) - {S.RECEIVED}
    assert {S.REJECTED, S.RELEASED, S.CANCELLED} == END_STATES


def test_every_state_leads_to_an_end() -> None:
    for start in State:
        seen, todo = {start}, [start]
        while todo:
            for new in TRANSITIONS[todo.pop()] - seen:
                seen.add(new)
                todo.append(new)
        assert seen & END_STATES


def test_what_ours_is_or_never_ran_costs_no_attempt() -> None:
    assert {S.REJECTED, S.ERRORED, S.CANCELLED} == FREE_STATES


def test_a_worker_is_needed_exactly_where_nothing_else_can_move_on() -> None:
    assert {S.RUNNING, S.GRADING} == LEASED_STATES
    assert set(State) - SETTLED_STATES == {S.RECEIVED, S.QUEUED, S.RUNNING, S.GRADING}
