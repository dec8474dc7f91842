"""What people think of a submission: reviews by a panel, and whether they agree.

Theory of operation. Two reviewers mark a submission, neither seeing the other's marks. When both have signed and
are far apart on any item, a third is asked, who sees no marks either. What counts of an item is then the mean of
two, or the median of three: one reviewer alone never decides. Marks are kept beside what was measured and never
mixed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median

from audition.domain.rubric import RubricItem

#: Reviewers whose marks of an item differ by more than this share of its points disagree: of three even levels it is
#: the first and the last, of two any difference.
FAR_APART = 0.5
#: Reviewers who mark every submission; one more joins where they disagree.
FIRST_SEATS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One reviewer's look at one submission."""

    id: str
    submission_id: str
    reviewer_id: str
    seat: int
    """1 or 2; 3 for who was asked because they disagree. Pages name reviewers by it."""
    created_at: datetime
    signed_at: datetime | None = None
    """From then on nothing of it changes."""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a reviewer gives for one item of the rubric."""

    review_id: str
    item: str
    level: int | None
    """Index into the item's levels; None while only a note was written."""
    evidence: str
    """Where it can be seen: checks, files, lines. Nothing can be signed without."""
    note: str
    saved_at: datetime


class PanelState(StrEnum):
    """Where the people's part is."""

    UNMARKED = "unmarked"
    UNDER_WAY = "under_way"
    DISPUTED = "disputed"
    """Two have signed and disagree; the third is wanted, or at work."""
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What a panel gave for one item."""

    item: str
    question: str
    most: float
    points: float | None
    """In [0, most]; None until the panel is complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelResult:
    """What came of a panel. Who gave what is not in it, so it sways nobody who has yet to sign."""

    state: PanelState
    share: float | None
    """Of all points of the rubric, in [0, 1]; None until the panel is complete."""
    reviewers: int
    """Who have signed."""
    items: tuple[ItemResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Everybody's reviews of one submission."""

    rubric: tuple[RubricItem, ...]
    reviews: tuple[Review, ...] = ()
    """By seat."""
    marks: tuple[Mark, ...] = ()

    @property
    def signed(self) -> tuple[Review, ...]:
        """The reviews that count."""
        return tuple(review for review in self.reviews if review.signed_at is not None)

    @property
    def state(self) -> PanelState:
        """Where it is."""
        if not self.reviews:
            return PanelState.UNMARKED
        if len(self.signed) < FIRST_SEATS:
            return PanelState.UNDER_WAY
        is_settled = len(self.signed) > FIRST_SEATS or not self.disputed
        return PanelState.COMPLETE if is_settled else PanelState.DISPUTED

    @property
    def open_seat(self) -> int | None:
        """The seat that somebody may take now; None when nobody else is wanted."""
        taken = len(self.reviews)
        if taken < FIRST_SEATS:
            return taken + 1
        return taken + 1 if taken == FIRST_SEATS and self.state == PanelState.DISPUTED else None

    @property
    def disputed(self) -> tuple[str, ...]:
        """Items on which the first two who signed are far apart."""
        first = tuple(review for review in self.signed if review.seat <= FIRST_SEATS)
        if len(first) < FIRST_SEATS:
            return ()
        return tuple(item.id for item in self.rubric if self._spread(item, first) > FAR_APART * _range(item))

    def mark(self, review: Review, item: RubricItem) -> Mark | None:
        """What a reviewer gave for an item."""
        return next((m for m in self.marks if (m.review_id, m.item) == (review.id, item.id)), None)

    def points(self, item: RubricItem) -> float | None:
        """What counts for an item: mean of two, median of three; None until the panel is complete."""
        if self.state != PanelState.COMPLETE:
            return None
        given = [points for review in self.signed if (points := self._points(review, item)) is not None]
        return median(given) if given else None

    @property
    def share(self) -> float | None:
        """Share of all points of the rubric, in [0, 1]; None until the panel is complete."""
        points = [self.points(item) for item in self.rubric]
        most = sum(item.most for item in self.rubric)
        known = [p for p in points if p is not None]
        return sum(known) / most if most and known and len(known) == len(points) else None

    def _points(self, review: Review, item: RubricItem) -> float | None:
        mark = self.mark(review, item)
        return None if mark is None else points_of(item, mark.level)

    def _spread(self, item: RubricItem, reviews: Sequence[Review]) -> float:
        given = [points for review in reviews if (points := self._points(review, item)) is not None]
        return max(given) - min(given) if given else 0.0


def points_of(item: RubricItem, level: int | None) -> float | None:
    """Points of a level; None where there is no such level, e.g. of another version's rubric."""
    return item.levels[level].points if level is not None and 0 <= level < len(item.levels) else None


def _range(item: RubricItem) -> float:
    return item.levels[-1].points - item.levels[0].points
