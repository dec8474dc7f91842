"""Mark a submission: take a seat on its panel, save marks as one goes, sign."""

from dataclasses import dataclass

from audition.domain.errors import ConflictError, InvalidError, NotFoundError
from audition.domain.people import AuditEntry, Principal, Role
from audition.domain.review import Mark, Panel, PanelState, Review, points_of
from audition.domain.rubric import RubricItem
from audition.domain.submission import State
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import assessed_submission, require_role
from audition.services.gather_panels import gather_panels

#: Characters of what a reviewer writes about one item; more is an essay that nobody reads.
MOST_TEXT = 2000
#: What can be marked: there is a report to read beside it.
MARKABLE_STATES = frozenset({State.GRADED, State.RELEASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a reviewer marks on.

    Attributes:
        state: Of the whole panel.
        panel: As the reviewer may see it: without the marks of others until they have signed themselves.
        mine: Their own review; None until they take a seat.
        open_seat: The seat that they may take now; None when there is none for them.
    """

    submission_id: str
    state: PanelState
    panel: Panel
    mine: Review | None
    open_seat: int | None

    @property
    def unmarked(self) -> tuple[RubricItem, ...]:
        """Items that cannot be signed yet: without a level, or without evidence for it."""
        return tuple(item for item in self.panel.rubric if self.mine and not self._is_marked(self.mine, item))

    def _is_marked(self, review: Review, item: RubricItem) -> bool:
        mark = self.panel.mark(review, item)
        return mark is not None and points_of(item, mark.level) is not None and bool(mark.evidence.strip())


def read_sheet(ports: Ports, principal: Principal, submission_id: str) -> Sheet:
    """A submission's panel as one reviewer may see it.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        return _sheet(uow, principal, submission_id)


def begin_review(ports: Ports, principal: Principal, submission_id: str) -> Sheet:
    """Take the open seat; who has one keeps it.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission.
        ConflictError: There is nothing to mark yet, no seat is open, or somebody took it just now.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        sheet = _sheet(uow, principal, submission_id)
        if sheet.mine:
            return sheet
        if sheet.open_seat is None:
            msg = "There is nothing for you to mark: it has all its reviewers, or is not graded yet."
            raise ConflictError(msg, code="no-open-seat", next_step="Look at the submissions for another.")
        now = ports.clock.now()
        uow.reviews.add(
            Review(
                id=ports.tokens.new_id("rev"),
                submission_id=submission_id,
                reviewer_id=principal.subject_id,
                seat=sheet.open_seat,
                created_at=now,
            )
        )
        _audit(uow, ports, principal, submission_id, "review begun", f"Seat {sheet.open_seat}.")
        begun = _sheet(uow, principal, submission_id)
        uow.commit()
    return begun


def save_mark(  # noqa: PLR0913  a mark is made of these
    ports: Ports,
    principal: Principal,
    submission_id: str,
    item_id: str,
    *,
    level: int | None,
    evidence: str,
    note: str,
) -> Sheet:
    """Save what a reviewer has so far for one item.

    Args:
        ports: Where it is stored.
        principal: The reviewer.
        submission_id: What is marked.
        item_id: Of the rubric.
        level: Index into the item's levels; None while there is none.
        evidence: Where it can be seen, at most `MOST_TEXT` characters.
        note: Anything else, at most `MOST_TEXT` characters.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission, no such item, or no review of theirs.
        InvalidError: No such level, or too much text.
        ConflictError: The review is signed.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        sheet = _sheet(uow, principal, submission_id)
        review = _own(sheet)
        item = next((i for i in sheet.panel.rubric if i.id == item_id), None)
        if item is None:
            msg = f"The rubric has no item {item_id[:60]!r}."
            raise NotFoundError(msg, code="no-such-item")
        _check(item, level, evidence, note)
        mark = Mark(
            review_id=review.id,
            item=item.id,
            level=level,
            evidence=evidence.strip(),
            note=note.strip(),
            saved_at=ports.clock.now(),
        )
        if not uow.reviews.save_mark(mark):
            raise _signed()
        saved = _sheet(uow, principal, submission_id)
        uow.commit()
    return saved


def sign_review(ports: Ports, principal: Principal, submission_id: str, comment: str) -> Sheet:
    """Make a review final; from then on its author sees the others'.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission, or no review of theirs.
        InvalidError: Items without level or evidence, each named; or too long a comment.
        ConflictError: It is signed already.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        sheet = _sheet(uow, principal, submission_id)
        review = _own(sheet)
        if sheet.unmarked:
            msg = "Every item needs a level and the evidence for it before you sign."
            problems = [f"{item.question} has no level, or no evidence." for item in sheet.unmarked]
            raise InvalidError(
                msg, code="unmarked-items", problems=problems, next_step="Mark them, then sign."
            )
        _check_length(comment)
        if not uow.reviews.sign(review.id, comment.strip(), ports.clock.now()):
            raise _signed()
        signed = _sheet(uow, principal, submission_id)
        state = signed.state.value.replace("_", " ")
        _audit(uow, ports, principal, submission_id, "review signed", f"Seat {review.seat}; now {state}.")
        uow.commit()
    return signed


def _sheet(uow: UnitOfWork, principal: Principal, submission_id: str) -> Sheet:
    submission = assessed_submission(uow, submission_id)
    panel = gather_panels(uow, [submission])[submission_id]
    mine = next((r for r in panel.reviews if r.reviewer_id == principal.subject_id), None)
    is_markable = submission.state in MARKABLE_STATES and bool(panel.rubric)
    return Sheet(
        submission_id=submission_id,
        state=panel.state,
        panel=_blinded(panel, mine),
        mine=mine,
        open_seat=panel.open_seat if is_markable and mine is None else None,
    )


def _blinded(panel: Panel, mine: Review | None) -> Panel:
    """Without what would sway somebody who has not signed, or who may yet take the third seat."""
    may_see = panel.state == PanelState.COMPLETE or (mine is not None and mine.signed_at is not None)
    if may_see:
        shown = {review.id for review in panel.signed} | ({mine.id} if mine else set())
    else:
        shown = {mine.id} if mine else set()
    reviews = tuple(r if r.id in shown else _without_words(r) for r in panel.reviews)
    return Panel(
        rubric=panel.rubric,
        reviews=reviews,
        marks=tuple(mark for mark in panel.marks if mark.review_id in shown),
    )


def _without_words(review: Review) -> Review:
    return Review(
        id=review.id,
        submission_id=review.submission_id,
        reviewer_id="",
        seat=review.seat,
        created_at=review.created_at,
        signed_at=review.signed_at,
    )


def _own(sheet: Sheet) -> Review:
    if sheet.mine is None:
        msg = "You have no review of this submission."
        raise NotFoundError(msg, code="no-review", next_step="Begin one on its page.")
    return sheet.mine


def _check(item: RubricItem, level: int | None, evidence: str, note: str) -> None:
    if level is not None and points_of(item, level) is None:
        msg = f"{item.question} has {len(item.levels)} levels, numbered from 0; {level} is none of them."
        raise InvalidError(msg, code="no-such-level")
    _check_length(evidence)
    _check_length(note)


def _check_length(text: str) -> None:
    if len(text) > MOST_TEXT:
        msg = f"The text has {len(text):,} characters; at most {MOST_TEXT:,} are kept."
        raise InvalidError(msg, code="text-too-long", next_step="Shorten it.")


def _signed() -> ConflictError:
    return ConflictError("This review is signed; it cannot be changed any more.", code="review-signed")


def _audit(  # noqa: PLR0913  each is one field of the entry
    uow: UnitOfWork, ports: Ports, principal: Principal, subject: str, action: str, reason: str
) -> None:
    uow.audit.add(
        AuditEntry(at=ports.clock.now(), actor=principal.actor, action=action, subject=subject, reason=reason)
    )
