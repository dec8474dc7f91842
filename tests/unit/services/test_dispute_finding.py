"""Disputes: said once, in time, and answered once, by somebody whose own change it is not."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from audition.domain.dispute import WINDOW, DisputeState
from audition.domain.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from audition.domain.grade import Outcome
from audition.domain.people import Principal, Role
from audition.domain.webhook import Topic
from audition.services.compose_report import compose_report
from audition.services.dispute_finding import (
    MOST_TEXT,
    answer_dispute,
    dispute_finding,
    disputes_of,
    open_disputes,
)
from audition.services.manage_webhooks import add_webhook, read_deliveries
from audition.services.override_check import override_check
from audition.services.release import release
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, deployment_grade, grades

CHECK = "x.user"
RITA = replace(ALICE, subject_id="usr_rita", name="Rita")


@pytest.fixture
def released(world: World) -> str:
    """A released report in which a check of two points failed."""
    failed = factories.make_finding(check=CHECK, outcome=Outcome.FAILED, points=0.0, max_points=2.0)
    world.sandbox.programs["judge"] = grades(replace(deployment_grade(), findings=(failed,)))
    with world.ports.unit_of_work() as uow:
        uow.people.add_staff(factories.make_staff(id=RITA.subject_id, email="other@example.org"))
        uow.commit()
    submission_id = world.graded().id
    release(world.ports, ALICE, submission_id)
    return submission_id


def _answer(world: World, submission_id: str, who: Principal = RITA, **more: object) -> DisputeState:
    said: dict[str, object] = {"is_upheld": True, "points": 2.0, "answer": "You are right.", **more}
    return answer_dispute(world.ports, who, submission_id, CHECK, **said).state  # type: ignore[arg-type]


def test_who_is_right_gets_the_points_and_both_read_why(world: World, released: str) -> None:
    before = compose_report(world.ports, CAROL, released).score or 0.0
    dispute_finding(world.ports, CAROL, released, CHECK, "  The entry point sets it. ")
    (waiting,) = open_disputes(world.ports, RITA)
    assert (waiting.dispute.text, waiting.dispute.state) == ("The entry point sets it.", DisputeState.OPEN)
    assert _answer(world, released) == DisputeState.UPHELD
    assert open_disputes(world.ports, RITA) == ()
    for who in (CAROL, ALICE):
        dispute = disputes_of(world.ports, who, released).by_check[CHECK]
        assert (dispute.state, dispute.answer) == (DisputeState.UPHELD, "You are right.")
        assert (compose_report(world.ports, who, released).score or 0.0) > before
    with world.ports.unit_of_work() as uow:
        actions = [entry.action for entry in uow.audit.about(released)]
    assert actions[-3:] == [f"{CHECK}: disputed", f"{CHECK}: 2 of 2 points", f"{CHECK}: dispute upheld"]


def test_a_rejected_dispute_changes_nothing_but_is_answered(world: World, released: str) -> None:
    before = compose_report(world.ports, CAROL, released).score
    dispute_finding(world.ports, CAROL, released, CHECK, "No.")
    assert _answer(world, released, is_upheld=False, points=None) == DisputeState.REJECTED
    report = compose_report(world.ports, CAROL, released)
    assert (report.score, report.overrides) == (before, ())


def test_a_finding_is_disputed_once_and_answered_once(world: World, released: str) -> None:
    dispute_finding(world.ports, CAROL, released, CHECK, "No.")
    with pytest.raises(ConflictError):
        dispute_finding(world.ports, CAROL, released, CHECK, "Still no.")
    _answer(world, released, is_upheld=False)
    with pytest.raises(ConflictError):
        _answer(world, released)
    assert compose_report(world.ports, CAROL, released).overrides == (), "the second answer changed nothing"


def test_the_time_for_it_is_from_the_release_to_the_end_of_its_window(world: World, released: str) -> None:
    assert disputes_of(world.ports, CAROL, released).until == world.clock.now() + WINDOW
    world.clock.advance((WINDOW - timedelta(seconds=1)).total_seconds())
    dispute_finding(world.ports, CAROL, released, CHECK, "Just in time.")
    world.clock.advance(1)
    assert disputes_of(world.ports, CAROL, released).until is None
    with pytest.raises(ConflictError, match="could be disputed until"):
        dispute_finding(world.ports, CAROL, released, "x.other", "Too late.")
    assert _answer(world, released) == DisputeState.UPHELD, "reviewers may answer later"


def test_before_the_release_there_is_nothing_to_dispute(world: World) -> None:
    submission_id = world.graded().id
    with pytest.raises(ConflictError, match="released"):
        dispute_finding(world.ports, CAROL, submission_id, CHECK, "No.")


@pytest.mark.parametrize("text", ["", "  ", "x" * (MOST_TEXT + 1)])
def test_a_dispute_has_a_text_of_bounded_length(world: World, released: str, text: str) -> None:
    with pytest.raises(InvalidError):
        dispute_finding(world.ports, CAROL, released, CHECK, text)


@pytest.mark.parametrize("points", [0.0, -1.0, 3.0, float("nan")])
def test_who_is_right_gets_more_than_before_and_no_more_than_there_is(
    world: World, released: str, points: float
) -> None:
    dispute_finding(world.ports, CAROL, released, CHECK, "No.")
    with pytest.raises(InvalidError):
        _answer(world, released, points=points)
    assert disputes_of(world.ports, CAROL, released).by_check[CHECK].state == DisputeState.OPEN


def test_nobody_judges_their_own_change(world: World, released: str) -> None:
    override_check(world.ports, RITA, released, CHECK, points=1.0, reason="Half of it.")
    dispute_finding(world.ports, CAROL, released, CHECK, "All of it.")
    with pytest.raises(ConflictError, match="your own change"):
        _answer(world, released)
    assert _answer(world, released, ALICE) == DisputeState.UPHELD


def test_candidates_dispute_their_own_and_reviewers_answer(world: World, released: str) -> None:
    with pytest.raises(DeniedError):
        dispute_finding(world.ports, ALICE, released, CHECK, "No.")
    with pytest.raises(NotFoundError):
        dispute_finding(world.ports, replace(CAROL, subject_id="inv_9"), released, CHECK, "No.")
    with pytest.raises(NotFoundError):
        dispute_finding(world.ports, CAROL, released, "x.nothing", "No.")
    with pytest.raises(DeniedError):
        _answer(world, released, CAROL)
    with pytest.raises(NotFoundError):
        _answer(world, released)


def test_webhooks_are_told_of_a_dispute_and_of_its_answer_without_their_words(
    world: World, released: str
) -> None:
    olga = replace(RITA, roles=frozenset({Role.OPERATOR}))
    hook = add_webhook(world.ports, olga, "https://example.org/hook", frozenset(Topic))
    dispute_finding(world.ports, CAROL, released, CHECK, "The entry point sets it.")
    _answer(world, released)
    told = {message.topic: message.body for message in read_deliveries(world.ports, olga, hook.id)[1]}
    assert told.keys() == {Topic.DISPUTE_OPENED, Topic.DISPUTE_ANSWERED}
    opened, answered = (json.loads(told[topic])["data"] for topic in sorted(told, reverse=True))
    assert (opened["check"], opened["state"], answered["state"]) == (CHECK, "open", "upheld")
    assert opened["submission_id"] == released
    assert not any(words in body for body in told.values() for words in ("entry point", "You are right"))
