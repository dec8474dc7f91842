"""Verdicts from exits, and which stage records hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audition.domain.execution import Exit
from audition.domain.run import Stage, StageStatus, Verdict, current_stages, judge_exit
from tests.factories import later, make_stage


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0, Verdict.ACCEPTED),
        (1, Verdict.NONZERO_EXIT),
        (127, Verdict.NONZERO_EXIT),
        (128, Verdict.NONZERO_EXIT),
        (129, Verdict.SIGNALLED),
        (137, Verdict.SIGNALLED),
        (192, Verdict.SIGNALLED),
        (193, Verdict.NONZERO_EXIT),
        (255, Verdict.NONZERO_EXIT),
    ],
)
def test_an_exit_code_alone(code: int, verdict: Verdict) -> None:
    assert judge_exit(Exit(exit_code=code)) == verdict


def test_a_full_output_folder_is_the_cause_of_a_failure_and_of_nothing_else() -> None:
    assert judge_exit(Exit(exit_code=1, is_output_full=True)) == Verdict.OUTPUT_LIMIT
    assert judge_exit(Exit(exit_code=153, is_output_full=True)) == Verdict.OUTPUT_LIMIT
    assert judge_exit(Exit(exit_code=0, is_output_full=True)) == Verdict.ACCEPTED
    assert judge_exit(Exit(exit_code=137, is_output_full=True, is_past_deadline=True)) == Verdict.TIME_LIMIT
    assert judge_exit(Exit(exit_code=137, is_output_full=True, is_out_of_memory=True)) == Verdict.MEMORY_LIMIT


@given(code=st.integers(0, 255), late=st.booleans(), flood=st.booleans())
def test_memory_comes_before_everything(code: int, *, late: bool, flood: bool) -> None:
    exit_ = Exit(exit_code=code, is_out_of_memory=True, is_past_deadline=late, is_flooding=flood)
    assert judge_exit(exit_) == Verdict.MEMORY_LIMIT


@given(code=st.integers(0, 255), flood=st.booleans())
def test_then_the_deadline(code: int, *, flood: bool) -> None:
    exit_ = Exit(exit_code=code, is_past_deadline=True, is_flooding=flood)
    assert judge_exit(exit_) == Verdict.TIME_LIMIT


@given(code=st.integers(0, 255))
def test_then_the_flood(code: int) -> None:
    assert judge_exit(Exit(exit_code=code, is_flooding=True)) == Verdict.OUTPUT_LIMIT


@given(code=st.integers(0, 255), said=st.binary(max_size=50))
def test_what_is_printed_decides_nothing(code: int, said: bytes) -> None:
    assert judge_exit(Exit(exit_code=code, stdout=said, stderr=said)) == judge_exit(Exit(exit_code=code))


def test_a_run_without_records_has_no_stages() -> None:
    assert current_stages([]) == ()


def test_grading_again_leaves_the_record_of_the_prediction() -> None:
    predict = make_stage(fence=1, stage=Stage.PREDICT, started_at=later(1))
    old = make_stage(fence=1, stage=Stage.SCORE, started_at=later(2))
    new = make_stage(fence=2, stage=Stage.SCORE, started_at=later(90))

    assert current_stages([new, old, predict]) == (predict, new)


def test_a_stage_that_an_old_fence_left_running_does_not_count() -> None:
    abandoned = make_stage(fence=1, stage=Stage.PREDICT, status=StageStatus.RUNNING)
    unpack = make_stage(fence=2, stage=Stage.UNPACK, status=StageStatus.RUNNING)

    assert current_stages([abandoned, unpack]) == (unpack,)


def test_stages_that_started_together_come_in_their_usual_order() -> None:
    records = [make_stage(stage=stage) for stage in reversed(Stage)]

    assert [r.stage for r in current_stages(records)] == list(Stage)
