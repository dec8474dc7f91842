"""Overrides: a person's decision beside the grader's, in every place that shows a score."""

from dataclasses import replace

import pytest

from audition.domain.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from audition.domain.grade import Outcome
from audition.services.compose_report import compose_report
from audition.services.list_inbox import inbox
from audition.services.override_check import override_check, withdraw_override
from audition.services.release import release
from audition.services.retry import regrade
from audition.services.survey_cohort import survey_cohort
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, deployment_grade, grades

CHECK = "x.user"


@pytest.fixture
def submission_id(world: World) -> str:
    """Graded: the model has 0.525 of 70 points, the deployment's only check failed."""
    _judge_as(world, deployment_grade().version)
    return world.graded().id


def _judge_as(world: World, version: str) -> None:
    failed = factories.make_finding(check=CHECK, outcome=Outcome.FAILED, points=0.0, max_points=2.0)
    world.sandbox.programs["judge"] = grades(replace(deployment_grade(), version=version, findings=(failed,)))


def _change(world: World, submission_id: str, points: float | None, reason: str = "I looked.") -> None:
    world.clock.advance(1)
    override_check(world.ports, ALICE, submission_id, CHECK, points=points, reason=reason)


def _scores(world: World, submission_id: str) -> set[float | None]:
    """What the report, the list and the cohort say; rounded, as they must be one number."""
    (row,) = inbox(world.ports, ALICE)
    (attempt,) = survey_cohort(world.ports, ALICE, "ver_1").attempts
    report = compose_report(world.ports, ALICE, submission_id)
    return {None if s is None else round(s, 9) for s in (report.score, row.score, attempt.score)}


def test_every_page_shows_the_changed_score_until_it_is_withdrawn(world: World, submission_id: str) -> None:
    measured = 0.7 * 0.525
    assert _scores(world, submission_id) == {round(measured, 9)}
    _change(world, submission_id, 1.0)
    assert _scores(world, submission_id) == {round(measured + 0.15, 9)}
    _change(world, submission_id, 2.0, "Looked again.")
    assert _scores(world, submission_id) == {round(measured + 0.3, 9)}
    _change(world, submission_id, None, "It does not apply.")
    assert _scores(world, submission_id) == {0.525}
    withdraw_override(world.ports, ALICE, submission_id, CHECK)
    assert _scores(world, submission_id) == {round(measured, 9)}
    history = compose_report(world.ports, ALICE, submission_id).overrides
    assert [(o.points, o.reason, o.withdrawn_at is None) for o in history] == [
        (1.0, "I looked.", False),
        (2.0, "Looked again.", False),
        (None, "It does not apply.", False),
    ]
    with pytest.raises(NotFoundError, match="Nobody has changed"):
        withdraw_override(world.ports, ALICE, submission_id, CHECK)


def test_what_the_grader_said_is_kept(world: World, submission_id: str) -> None:
    _change(world, submission_id, 2.0)
    with world.ports.unit_of_work() as uow:
        raw = uow.grades.of_run(uow.runs.latest(submission_id).id)
        said = [(e.actor, e.action, e.reason) for e in uow.audit.about(submission_id)][-1]
    assert next(f for g in raw for f in g.findings if f.check == CHECK).outcome == Outcome.FAILED
    assert said == ("staff:usr_1", "x.user: 2 of 2 points", "I looked.")
    (override,) = compose_report(world.ports, ALICE, submission_id).overrides
    assert (override.old_outcome, override.old_points) == (Outcome.FAILED, 0.0)


def test_candidates_read_the_reason_and_not_who_gave_it(world: World, submission_id: str) -> None:
    _change(world, submission_id, 1.0, "First thought.")
    _change(world, submission_id, 2.0, "The entry point drops its rights.")
    release(world.ports, ALICE, submission_id)
    report = compose_report(world.ports, CAROL, submission_id)
    assert [(o.reason, o.reviewer_id) for o in report.overrides] == [
        ("The entry point drops its rights.", "")
    ]
    assert next(f for f in report.findings if f.check == CHECK).outcome == Outcome.PASSED


@pytest.mark.parametrize(("version", "holds"), [("1", True), ("2", False)])
def test_a_change_outlives_grading_again_by_the_same_grader_only(
    world: World, submission_id: str, version: str, *, holds: bool
) -> None:
    _change(world, submission_id, 2.0)
    _judge_as(world, version)
    regrade(world.ports, ALICE, submission_id, "Again.")
    world.work()
    assert _scores(world, submission_id) == {round(0.7 * 0.525 + (0.3 if holds else 0.0), 9)}


def test_bad_changes_are_refused_with_their_reason(world: World, submission_id: str) -> None:
    for points, reason, said in (
        (1.0, "  ", "reason is needed"),
        (1.0, "x" * 501, "501 characters"),
        (2.5, "Why not.", "2.5 is not among them"),
        (-1.0, "Why not.", "-1 is not among them"),
        (float("nan"), "Why not.", "nan is not among them"),
    ):
        with pytest.raises(InvalidError) as caught:
            _change(world, submission_id, points, reason)
        assert said in " ".join(caught.value.problems)
    with pytest.raises(NotFoundError, match="no check"):
        override_check(world.ports, ALICE, submission_id, "x.absent", points=1.0, reason="So.")
    with pytest.raises(DeniedError):
        override_check(world.ports, CAROL, submission_id, CHECK, points=1.0, reason="So.")
    with pytest.raises(DeniedError):
        withdraw_override(world.ports, CAROL, submission_id, CHECK)
    with pytest.raises(ConflictError, match="only what is graded"):
        _change(world, world.submit(b"PK other").id, 1.0)
