"""Gather the reviews of many submissions at once."""

from collections import defaultdict
from collections.abc import Sequence

from audition.domain.review import ItemResult, Mark, Panel, PanelResult, Review
from audition.domain.submission import Submission
from audition.ports import UnitOfWork


def gather_panels(uow: UnitOfWork, submissions: Sequence[Submission]) -> dict[str, Panel]:
    """The whole panel of each submission, by its id; three queries, however many there are."""
    reviews: dict[str, list[Review]] = defaultdict(list)
    for review in uow.reviews.of([submission.id for submission in submissions]):
        reviews[review.submission_id].append(review)
    marks: dict[str, list[Mark]] = defaultdict(list)
    for mark in uow.reviews.marks([review.id for found in reviews.values() for review in found]):
        marks[mark.review_id].append(mark)
    versions = {submission.challenge_version_id for submission in submissions}
    rubrics = {version: uow.challenges.get(version).rubric for version in versions}
    return {
        submission.id: Panel(
            rubric=rubrics[submission.challenge_version_id],
            reviews=tuple(reviews[submission.id]),
            marks=tuple(mark for review in reviews[submission.id] for mark in marks[review.id]),
        )
        for submission in submissions
    }


def result_of(panel: Panel) -> PanelResult | None:
    """What came of a panel, without who gave what; None where there is nothing to mark."""
    if not panel.rubric:
        return None
    return PanelResult(
        state=panel.state,
        share=panel.share,
        reviewers=len(panel.signed),
        items=tuple(
            ItemResult(item=i.id, question=i.question, most=i.most, points=panel.points(i))
            for i in panel.rubric
        ),
    )
