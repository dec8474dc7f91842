"""Compare reviewers with those who marked the same submissions, item by item: do they see the same, who is stricter."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

from audition.domain.people import Principal, Role
from audition.domain.review import Panel, PanelState, points_of
from audition.domain.rubric import RubricItem
from audition.ports import Ports
from audition.services.authorize import require_role
from audition.services.gather_panels import gather_panels

#: Marks from which on a mean difference is said: below, one submission decides it.
ENOUGH_MARKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerItem:
    """How one reviewer marks one item, beside the others of the same panels.

    Attributes:
        reviewer: Their name.
        item: Of the rubric.
        marked: Complete panels in which they marked it.
        same: In how many of them they gave what the others gave on the mean.
        lean: Mean difference to the others, as share of the item's points, in [-1, 1]: below 0 they are stricter;
            None with fewer than `ENOUGH_MARKS` marks.
    """

    reviewer: str
    item: str
    marked: int
    same: int
    lean: float | None


def compare_reviewers(ports: Ports, principal: Principal, version_id: str) -> tuple[ReviewerItem, ...]:
    """Everybody who has signed for a challenge version, over panels that are complete: no marks are blind any more.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such version.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        rubric = uow.challenges.get(version_id).rubric
        panels = gather_panels(uow, uow.submissions.of_version(version_id)).values()
        complete = [panel for panel in panels if panel.state == PanelState.COMPLETE]
        found = {
            (reviewer_id, item.id): differences
            for item in rubric
            for reviewer_id, differences in _differences(complete, item).items()
        }
        names = {reviewer_id: uow.people.staff(reviewer_id).name for reviewer_id, _ in found}
    ordered = sorted(found, key=lambda key: (names[key[0]], key[0]))
    return tuple(_compared(names[who], item, found[who, item]) for who, item in ordered)


def _differences(panels: list[Panel], item: RubricItem) -> dict[str, list[float]]:
    """By reviewer, what they gave above the mean of the others, as share of the item's points."""
    found: dict[str, list[float]] = defaultdict(list)
    for panel in panels:
        marks = ((review.reviewer_id, panel.mark(review, item)) for review in panel.signed)
        given = {who: points_of(item, mark.level) for who, mark in marks if mark}
        known = {who: points for who, points in given.items() if points is not None}
        for who, points in known.items():
            others = [other for name, other in known.items() if name != who]
            if others and item.most:
                found[who].append((points - fmean(others)) / item.most)
    return found


def _compared(reviewer: str, item: str, differences: list[float]) -> ReviewerItem:
    return ReviewerItem(
        reviewer=reviewer,
        item=item,
        marked=len(differences),
        same=sum(difference == 0 for difference in differences),
        lean=fmean(differences) if len(differences) >= ENOUGH_MARKS else None,
    )
