"""A failed build is told as a class of cause, a place and a next step; nothing else is guessed."""

import pytest

from audition.domain.build import BuildCause, BuildLimits, BuildPlan, BuildResult, PlannedStep
from audition.domain.build_failure import BuildFailure, FailureKind, diagnose

PLAN = BuildPlan(
    file="docker/Dockerfile",
    bases=("python-slim",),
    instructions=(
        PlannedStep(line=0, text="ARG OURS"),
        PlannedStep(line=2, text="FROM ${OURS}"),
        PlannedStep(line=9, text="RUN make"),
    ),
)


def failure(result: BuildResult, plan: BuildPlan = PLAN) -> BuildFailure:
    found = diagnose(plan, result, BuildLimits(memory_bytes=64 << 20))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (BuildCause.NETWORK, FailureKind.NETWORK),
        (BuildCause.STEP_FAILED, FailureKind.COMMAND_FAILED),
        (BuildCause.MEMORY_LIMIT, FailureKind.OUT_OF_MEMORY),
        (BuildCause.TIME_LIMIT, FailureKind.TIME),
        (BuildCause.TOO_LARGE, FailureKind.DISK),
        (BuildCause.POLICY, FailureKind.REFUSED),
    ],
)
def test_every_cause_has_a_class_and_a_next_step(cause: BuildCause, kind: FailureKind) -> None:
    found = failure(BuildResult(cause=cause, detail="the engine's words", failed_step=3))

    assert found.kind == kind
    assert "the engine's words" in found.sentence
    assert len(found.next_step) > 20


def test_the_place_is_the_line_of_the_candidates_own_file() -> None:
    found = failure(BuildResult(cause=BuildCause.STEP_FAILED, failed_step=3))

    assert (found.file, found.line, found.instruction) == ("docker/Dockerfile", 9, "RUN make")
    assert "in docker/Dockerfile, line 9 (RUN make)" in found.sentence


@pytest.mark.parametrize("number", [0, 1, 4])
def test_no_line_is_named_that_is_not_known_to_be_the_candidates(number: int) -> None:
    assert failure(BuildResult(cause=BuildCause.STEP_FAILED, failed_step=number)).line == 0


def test_a_package_that_is_missing_is_named() -> None:
    result = BuildResult(cause=BuildCause.NETWORK, refused_packages=("pandas", "torch"))

    assert failure(result).kind == FailureKind.PACKAGE_NOT_ON_MIRROR
    assert "at least not in that version: pandas, torch." in failure(result).sentence


def test_how_much_memory_there_was_is_said() -> None:
    assert "64 MiB" in failure(BuildResult(cause=BuildCause.MEMORY_LIMIT)).sentence


def test_only_a_dockerfile_whose_bases_are_all_that_is_wrong_failed_for_our_limit() -> None:
    result = BuildResult(cause=BuildCause.POLICY, detail="the base image 'x' is not on this host.")
    base = BuildPlan(file="Dockerfile", unknown_bases=("x",), refusals=("a base",))
    more = BuildPlan(file="Dockerfile", unknown_bases=("x",), refusals=("a base", "VOLUME"))

    assert failure(result, base).kind == FailureKind.BASE_NOT_APPROVED
    assert failure(result, more).kind == FailureKind.REFUSED
    assert failure(result, BuildPlan(refusals=("There is no Dockerfile.",))).kind == FailureKind.NO_RECIPE


@pytest.mark.parametrize("cause", [BuildCause.OK, BuildCause.STOPPED])
def test_what_did_not_fail_has_no_diagnosis(cause: BuildCause) -> None:
    assert diagnose(PLAN, BuildResult(cause=cause), BuildLimits()) is None
