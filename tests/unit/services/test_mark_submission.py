"""Marking: seats, marks that are saved as one goes, signatures, and who sees what before."""

from dataclasses import replace

import pytest

from audition.domain.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from audition.domain.people import Principal, Role
from audition.domain.review import PanelState
from audition.services.compose_report import compose_report
from audition.services.list_inbox import MyPart, inbox
from audition.services.mark_submission import Sheet, begin_review, read_sheet, save_mark, sign_review
from audition.services.release import release
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World

RITA, ADAM = (replace(ALICE, subject_id=f"usr_{n}", name=n, session_id=f"ses_{n}") for n in ("rita", "adam"))
BOB = replace(ALICE, subject_id="usr_bob", roles=frozenset({Role.AUTHOR}))


@pytest.fixture
def submission_id(world: World) -> str:
    """Graded, with reviewers to mark it."""
    with world.ports.unit_of_work() as uow:
        for who in (RITA, ADAM):
            uow.people.add_staff(
                factories.make_staff(id=who.subject_id, email=f"{who.subject_id}@example.org")
            )
        uow.commit()
    return world.graded().id


def _review(world: World, who: Principal, submission_id: str, *levels: int) -> Sheet:
    """Begin, mark the three items, sign."""
    begin_review(world.ports, who, submission_id)
    for item, level in zip(factories.make_rubric(), levels, strict=True):
        _save(world, who, submission_id, item.id, level, note=f"{who.name}: {level}")
    return sign_review(world.ports, who, submission_id, f"{who.name} says.")


def _save(
    world: World, who: Principal, submission_id: str, item: str, level: int | None, note: str = ""
) -> Sheet:
    return save_mark(world.ports, who, submission_id, item, level=level, evidence="README.md:3", note=note)


def test_two_who_agree_complete_the_panel(world: World, submission_id: str) -> None:
    assert _review(world, ALICE, submission_id, 1, 1, 1).state == PanelState.UNDER_WAY
    done = _review(world, RITA, submission_id, 2, 1, 1)
    assert (done.state, done.open_seat) == (PanelState.COMPLETE, None)
    assert done.panel.share == pytest.approx((3 + 2 + 4) / 12)
    with pytest.raises(ConflictError, match="nothing for you to mark"):
        begin_review(world.ports, ADAM, submission_id)
    with world.ports.unit_of_work() as uow:
        said = [(e.actor, e.action, e.reason) for e in uow.audit.about(submission_id) if "review" in e.action]
    assert said == [
        ("staff:usr_1", "review begun", "Seat 1."),
        ("staff:usr_1", "review signed", "Seat 1; now under way."),
        ("staff:usr_rita", "review begun", "Seat 2."),
        ("staff:usr_rita", "review signed", "Seat 2; now complete."),
    ]


def test_nobody_sees_marks_before_signing_nor_who_may_be_the_third(world: World, submission_id: str) -> None:
    _review(world, ALICE, submission_id, 0, 1, 1)
    begun = begin_review(world.ports, RITA, submission_id)
    assert begun.panel.marks == ()
    assert [(r.seat, r.reviewer_id, r.comment) for r in begun.panel.reviews] == [
        (1, "", ""),
        (2, "usr_rita", ""),
    ]
    second = _review(world, RITA, submission_id, 2, 1, 1)
    assert second.state == PanelState.DISPUTED
    assert {m.note for m in second.panel.marks} == {"Alice: 0", "Alice: 1", "rita: 2", "rita: 1"}
    third = read_sheet(world.ports, ADAM, submission_id)
    assert (third.state, third.open_seat, third.panel.marks) == (PanelState.DISPUTED, 3, ())
    report = compose_report(world.ports, ADAM, submission_id)
    assert report.people is not None
    assert (report.people.share, {i.points for i in report.people.items}) == (None, {None})
    begin_review(world.ports, ADAM, submission_id)
    assert read_sheet(world.ports, ADAM, submission_id).panel.marks == ()
    assert _review(world, ADAM, submission_id, 2, 2, 1).panel.share == pytest.approx((4 + 2 + 4) / 12)


def test_nothing_is_signed_without_level_and_evidence_for_every_item(
    world: World, submission_id: str
) -> None:
    begin_review(world.ports, ALICE, submission_id)
    _save(world, ALICE, submission_id, "validation", 1)
    _save(world, ALICE, submission_id, "image", None, note="Later.")
    bare = save_mark(world.ports, ALICE, submission_id, "limits", level=0, evidence="  ", note="")
    assert [item.id for item in bare.unmarked] == ["image", "limits"]
    with pytest.raises(InvalidError) as caught:
        sign_review(world.ports, ALICE, submission_id, "")
    assert len(caught.value.problems) == 2
    assert "Would operations accept it?" in caught.value.problems[0]


def test_a_signed_review_does_not_change(world: World, submission_id: str) -> None:
    _review(world, ALICE, submission_id, 1, 1, 1)
    with pytest.raises(ConflictError, match="signed"):
        _save(world, ALICE, submission_id, "image", 0)
    with pytest.raises(ConflictError, match="signed"):
        sign_review(world.ports, ALICE, submission_id, "Again.")
    assert begin_review(world.ports, ALICE, submission_id).mine is not None


def test_bad_marks_are_refused_with_their_reason(world: World, submission_id: str) -> None:
    with pytest.raises(NotFoundError, match="no review"):
        _save(world, ALICE, submission_id, "image", 1)
    begin_review(world.ports, ALICE, submission_id)
    with pytest.raises(NotFoundError, match="no item 'beauty'"):
        _save(world, ALICE, submission_id, "beauty", 1)
    for level in (-1, 3):
        with pytest.raises(InvalidError, match="levels"):
            _save(world, ALICE, submission_id, "image", level)
    with pytest.raises(InvalidError, match="2,001 characters"):
        _save(world, ALICE, submission_id, "image", 1, note="x" * 2001)


def test_only_reviewers_mark_and_only_what_is_graded(world: World, submission_id: str) -> None:
    for who in (BOB, CAROL):
        for verb in (read_sheet, begin_review):
            with pytest.raises(DeniedError):
                verb(world.ports, who, submission_id)
    waiting = world.submit()
    with pytest.raises(ConflictError, match="not graded"):
        begin_review(world.ports, ALICE, waiting.id)


def test_a_candidate_sees_the_result_once_everybody_has_signed(world: World, submission_id: str) -> None:
    _review(world, ALICE, submission_id, 1, 1, 1)
    release(world.ports, ALICE, submission_id)
    assert compose_report(world.ports, CAROL, submission_id).people is None
    _review(world, RITA, submission_id, 1, 2, 1)
    people = compose_report(world.ports, CAROL, submission_id).people
    assert people is not None
    assert [item.points for item in people.items] == [2.0, 3.0, 4.0]


def test_the_inbox_says_what_is_wanted_of_whom(world: World, submission_id: str) -> None:
    def part(who: Principal) -> tuple[PanelState | None, MyPart]:
        row = next(row for row in inbox(world.ports, who) if row.submission.id == submission_id)
        return row.panel, row.my_part

    assert part(ALICE) == (PanelState.UNMARKED, MyPart.WANTED)
    begin_review(world.ports, ALICE, submission_id)
    assert part(ALICE) == (PanelState.UNDER_WAY, MyPart.BEGUN)
    _review(world, ALICE, submission_id, 0, 0, 0)
    _review(world, RITA, submission_id, 2, 0, 0)
    assert part(ALICE) == (PanelState.DISPUTED, MyPart.SIGNED)
    assert part(ADAM) == (PanelState.DISPUTED, MyPart.WANTED)
    _review(world, ADAM, submission_id, 2, 0, 0)
    assert part(ADAM) == (PanelState.COMPLETE, MyPart.SIGNED)
