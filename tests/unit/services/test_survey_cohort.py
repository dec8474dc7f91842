"""A cohort as a whole, and submissions beside each other."""

import csv
import io
from dataclasses import replace

import pytest

from audition.domain.errors import DeniedError, InvalidError, NotFoundError
from audition.domain.grade import Dimension, Grade, Outcome
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.services.line_up import line_up
from audition.services.release import release
from audition.services.survey_cohort import export_cohort, survey_cohort
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, deployment_grade, model_grade
from tests.web.reviews import review

VERSION = "ver_1"


def tell_candidate(world: World, number: int, *grades: Grade, state: State = State.GRADED) -> str:
    """A candidate of their own with one submission."""
    with world.ports.unit_of_work() as uow:
        uow.people.add_candidate(
            factories.make_candidate(id=f"can_c{number}", email=f"c{number}@x.org", alias=f"=Heron {number}")
        )
        uow.people.add_invitation(
            factories.make_invitation(
                id=f"inv_c{number}",
                candidate_id=f"can_c{number}",
                token_digest=f"{number:064}",
                started_at=factories.NOW,
            )
        )
        uow.submissions.add(
            factories.make_submission(
                id=f"sub_c{number}",
                invitation_id=f"inv_c{number}",
                state=state,
                created_at=factories.later(number),
            )
        )
        run = factories.make_run(
            id=f"run_c{number}", submission_id=f"sub_c{number}", verdict=Verdict.ACCEPTED
        )
        uow.runs.add(run)
        uow.grades.publish(run.id, grades)
        uow.commit()
    return f"sub_c{number}"


def _deployment(outcome: Outcome) -> Grade:
    points = 3.0 if outcome == Outcome.PASSED else 0.0
    finding = factories.make_finding(check="x.y", outcome=outcome, points=points, max_points=3.0)
    return replace(deployment_grade(), findings=(finding,))


@pytest.fixture
def ids(world: World) -> tuple[str, ...]:
    """Two graded submissions, one of them better; one that waits; and the world's own candidate."""
    better = tell_candidate(world, 1, model_grade(), _deployment(Outcome.PASSED))
    worse = tell_candidate(world, 2, model_grade(), _deployment(Outcome.FAILED))
    waiting = tell_candidate(world, 3, state=State.QUEUED)
    return better, worse, waiting


def test_the_best_attempts_are_ranked_and_the_funnel_narrows(world: World, ids: tuple[str, ...]) -> None:
    release(world.ports, ALICE, ids[1])
    cohort = survey_cohort(world.ports, ALICE, VERSION)
    assert [attempt.submission_id for attempt in cohort.best] == list(ids[:2])
    assert [attempt.score for attempt in cohort.best] == pytest.approx([0.7 * 0.525 + 0.3, 0.7 * 0.525])
    steps = cohort.funnel
    assert (steps.submitted, steps.assessed, steps.released) == (3, 2, 1)
    assert steps.invited == steps.started + 1 == 4
    assert sum(cohort.bins) == 2
    assert cohort.dimensions[Dimension.DEPLOYMENT] == 0.5
    rate = next(rate for rate in cohort.checks if rate.check == "x.y")
    assert (rate.passed, rate.counted) == (1, 2)


def test_what_we_handed_in_ourselves_is_in_no_cohort(world: World, ids: tuple[str, ...]) -> None:
    with world.ports.unit_of_work() as uow:
        address = uow.challenges.get(VERSION).reference_address
        uow.people.add_candidate(factories.make_candidate(id="can_ours", email=address, alias="Ours"))
        ours = factories.make_invitation(id="inv_ours", candidate_id="can_ours", token_digest="0" * 64)
        uow.people.add_invitation(ours)
        uow.submissions.add(
            factories.make_submission(id="sub_ours", invitation_id="inv_ours", state=State.GRADED)
        )
        uow.runs.add(factories.make_run(id="run_ours", submission_id="sub_ours", verdict=Verdict.ACCEPTED))
        uow.grades.publish("run_ours", (model_grade(),))
        uow.commit()
    cohort = survey_cohort(world.ports, ALICE, VERSION)
    assert cohort.funnel.invited == 4
    assert {attempt.submission_id for attempt in cohort.attempts} == set(ids)


def test_each_check_and_item_has_its_statistics(world: World, ids: tuple[str, ...]) -> None:
    with world.ports.unit_of_work() as uow:
        for name in ("ann", "ben"):
            uow.people.add_staff(factories.make_staff(id=f"usr_{name}", email=f"{name}@example.org"))
        uow.commit()
    for name in ("ann", "ben"):
        review(world.ports, name, ids[0], (2, 1, 0))
    cohort = survey_cohort(world.ports, ALICE, VERSION)
    assert (cohort.items["x.y"].counted, cohort.items["x.y"].mean) == (2, 0.5)
    assert cohort.items["x.y"].discrimination is None, "two are too few"
    assert {item.item: item.mean for item in cohort.marked} == {
        "image": 0.5,
        "limits": 0.0,
        "validation": 1.0,
    }


def test_a_candidate_counts_once_with_the_best_of_their_attempts(world: World) -> None:
    first, second = (world.graded().id for _ in range(2))
    cohort = survey_cohort(world.ports, ALICE, VERSION)
    assert {attempt.submission_id for attempt in cohort.attempts} == {first, second}
    assert [attempt.submission_id for attempt in cohort.best] == [second], "the later one of equals"


def test_reviewers_agreement_is_counted_without_the_third(world: World, ids: tuple[str, ...]) -> None:
    with world.ports.unit_of_work() as uow:
        for name in ("ann", "ben", "cyd"):
            uow.people.add_staff(factories.make_staff(id=f"usr_{name}", email=f"{name}@example.org"))
        uow.commit()
    for submission_id, given in ((ids[0], (0, 1, 1)), (ids[1], (2, 1, 1))):
        review(world.ports, "ann", submission_id, given)
        review(world.ports, "ben", submission_id, (2, 1, 1))
    review(world.ports, "cyd", ids[0], (2, 1, 1))
    validation, image, _ = survey_cohort(world.ports, ALICE, VERSION).agreements
    assert (validation.item, validation.pairs, validation.same) == ("validation", 2, 1)
    assert (image.same, image.kappa) == (2, None)


def test_the_table_has_every_attempt_and_no_formula(world: World, ids: tuple[str, ...]) -> None:
    data = export_cohort(survey_cohort(world.ports, ALICE, VERSION)).decode("utf-8-sig")
    rows = {row["submission"]: row for row in csv.DictReader(io.StringIO(data))}
    assert set(rows) == set(ids)
    assert (rows[ids[0]]["candidate"], rows[ids[0]]["score"]) == ("'=Heron 1", "66.75")
    assert (rows[ids[2]]["score"], rows[ids[2]]["deployment"]) == ("", "")


def test_a_cohort_is_for_reviewers(world: World) -> None:
    with pytest.raises(DeniedError):
        survey_cohort(world.ports, CAROL, VERSION)
    with pytest.raises(NotFoundError):
        survey_cohort(world.ports, ALICE, "ver_9")


def test_what_differs_comes_first(world: World, ids: tuple[str, ...]) -> None:
    lineup = line_up(world.ports, ALICE, [ids[1], ids[0], ids[1]])
    assert [report.submission_id for report in lineup.reports] == [ids[1], ids[0]]
    first, *others = lineup.checks
    assert (first.check, first.is_same, first.lost) == ("x.y", False, (pytest.approx(30.0), 0.0))
    assert first.difference == pytest.approx(30.0)
    assert all(row.is_same for row in others)
    assert [d for d, _ in lineup.gauges] == [Dimension.MODEL_QUALITY, Dimension.DEPLOYMENT]


def test_only_a_few_of_one_challenge_can_be_compared(world: World, ids: tuple[str, ...]) -> None:
    for chosen in ([], [ids[0]], [ids[0], ids[0]], ["a", "b", "c", "d", "e"]):
        with pytest.raises(InvalidError, match="two to 4"):
            line_up(world.ports, ALICE, chosen)
    with pytest.raises(NotFoundError):
        line_up(world.ports, ALICE, [ids[0], "sub_absent"])
    with pytest.raises(DeniedError):
        line_up(world.ports, CAROL, list(ids[:2]))
    with world.ports.unit_of_work() as uow:
        other = factories.make_version(id="ver_o", slug="other", digest="o" * 64)
        uow.challenges.add(other)
        uow.submissions.add(
            factories.make_submission(
                id="sub_o", invitation_id="inv_c1", challenge_version_id="ver_o", attempt_number=2
            )
        )
        uow.runs.add(factories.make_run(id="run_o", submission_id="sub_o"))
        uow.commit()
    with pytest.raises(InvalidError, match="different challenges"):
        line_up(world.ports, ALICE, [ids[0], "sub_o"])


def test_a_submission_that_names_another_version_than_its_invitation_spoils_no_cohort(world: World) -> None:
    """`submit` takes the version from the invitation, so only a row from elsewhere can be like that."""
    submission_id = tell_candidate(world, 1, model_grade())
    invitation = world.submission(submission_id).invitation_id
    with world.ports.unit_of_work() as uow:
        uow.challenges.add(factories.make_version(id="ver_2", number=2, digest="e" * 64))
        uow.submissions.add(
            factories.make_submission(
                id="sub_astray", invitation_id=invitation, challenge_version_id="ver_2", attempt_number=9
            )
        )
        uow.runs.add(factories.make_run(id="run_astray", submission_id="sub_astray"))
        uow.commit()
    assert "sub_astray" not in {a.submission_id for a in survey_cohort(world.ports, ALICE, "ver_1").attempts}
    assert survey_cohort(world.ports, ALICE, "ver_2").attempts == ()
