"""Submissions are compared over the traces that graders left: for reviewers, across candidates, never for points."""

from dataclasses import replace

import pytest

from audition.domain.errors import DeniedError
from audition.domain.evidence import ArtifactKind
from audition.domain.people import Principal, PrincipalKind
from audition.domain.submission import Submission
from audition.domain.traces import TracedFile, Traces, compare, together
from audition.services.compare_submissions import Comparison, compare_submissions
from audition.services.compose_report import compose_report, for_candidate
from audition.services.retry import regrade
from audition.services.submit import submit
from tests import factories
from tests.unit.services.world import World, deployment_grade, grades, upload_of

MODEL = TracedFile(path="model.bin", digest="d" * 64, bytes=1000)
MINE = Traces(prints=tuple(range(100)))


def hand_in(world: World, name: str, traces: Traces | None) -> Submission:
    """A candidate of this name hands in something with these traces."""
    with world.ports.unit_of_work() as uow:
        uow.people.add_candidate(
            factories.make_candidate(id=f"can_{name}", email=f"{name}@example.org", alias=f"Alias {name}")
        )
        uow.people.add_invitation(
            factories.make_invitation(id=f"inv_{name}", candidate_id=f"can_{name}", token_digest=name * 8)
        )
        uow.commit()
    return hand_in_again(world, name, traces)


def hand_in_again(world: World, name: str, traces: Traces | None) -> Submission:
    """The same candidate once more."""
    asker = Principal(
        kind=PrincipalKind.CANDIDATE, subject_id=f"inv_{name}", name=name, session_id=f"ses_{name}"
    )
    world.sandbox.programs["judge"] = grades(replace(deployment_grade(), traces=traces))
    submission = submit(world.ports, asker, upload_of(f"PK {name}{traces}".encode()))
    world.work()
    return world.submission(submission.id)


def compared(world: World, submission: Submission) -> Comparison:
    found = compare_submissions(world.ports, world.alice, submission.id)
    assert found is not None
    return found


@pytest.fixture
def world() -> World:
    return World()


def test_traces_are_kept_apart_from_grades_and_once(world: World) -> None:
    submission = hand_in(world, "dave", MINE)
    assert [grade.traces for grade in world.grades(submission)] == [None, None]
    regrade(world.ports, world.alice, submission.id, "again")
    world.work()
    assert [a.kind for a in world.artifacts(submission)].count(ArtifactKind.TRACES) == 1


def test_a_copy_by_another_candidate_is_shown_under_an_alias(world: World) -> None:
    hand_in(world, "dave", MINE)
    own = hand_in(world, "erin", Traces(prints=tuple(range(10, 100)), files=(MODEL,)))
    found = compared(world, own)
    assert found.compared == 1
    assert [likeness.alias for likeness in found.likenesses] == ["Alias dave"]
    assert found.likenesses[0].resemblance.share == 1


def test_an_equal_file_is_enough(world: World) -> None:
    hand_in(world, "dave", Traces(files=(replace(MODEL, path="other.bin"),)))
    own = hand_in(world, "erin", Traces(files=(MODEL,)))
    assert compared(world, own).likenesses[0].resemblance.files == (MODEL,)


def test_predictions_that_agree_in_their_last_digits_are_shown(world: World) -> None:
    digits = "01" * 128
    hand_in(world, "dave", Traces(digits=digits))
    hand_in(world, "finn", Traces(digits="0011" * 64))
    own = hand_in(world, "erin", Traces(digits="11" + digits[2:]))
    found = compared(world, own)
    assert [likeness.alias for likeness in found.likenesses] == ["Alias dave"]
    assert found.likenesses[0].resemblance.digits == 255 / 256


def test_traces_of_several_graders_are_one() -> None:
    parts = (Traces(files=(MODEL,)), Traces(digits="01" * 64), MINE)
    assert together(parts) == Traces(prints=MINE.prints, files=(MODEL,), digits="01" * 64)
    assert compare(MINE, MINE).digits is None


def test_little_in_common_and_ones_own_attempts_are_not_shown(world: World) -> None:
    hand_in(world, "dave", Traces(prints=tuple(range(90, 190))))
    hand_in(world, "erin", MINE)
    own = hand_in_again(world, "erin", replace(MINE, files=(MODEL,)))
    found = compared(world, own)
    assert (found.compared, found.likenesses) == (1, ())


def test_what_most_others_have_is_common_ground(world: World) -> None:
    for name in ("dave", "erin", "finn", "gail"):
        hand_in(world, name, MINE)
    assert compared(world, hand_in(world, "hugo", MINE)).likenesses == ()


def test_what_was_not_traced_is_not_compared(world: World) -> None:
    other = hand_in(world, "dave", None)
    assert compare_submissions(world.ports, world.alice, other.id) is None
    assert compared(world, hand_in(world, "erin", MINE)).compared == 0


def test_candidates_learn_nothing_of_it(world: World) -> None:
    submission = hand_in(world, "dave", MINE)
    with pytest.raises(DeniedError):
        compare_submissions(world.ports, world.carol, submission.id)
    report = compose_report(world.ports, world.alice, submission.id)
    assert ArtifactKind.TRACES in {artifact.kind for artifact in report.artifacts}
    assert ArtifactKind.TRACES not in {artifact.kind for artifact in for_candidate(report).artifacts}
