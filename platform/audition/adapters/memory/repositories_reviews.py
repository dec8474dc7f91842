"""Reviews, their marks, overrides and shares in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from audition.adapters.memory.tables import Tables, check_reference, check_unique, insert
from audition.domain.override import Override
from audition.domain.review import Mark, Review
from audition.domain.share import Share


class MemoryReviews:
    """Implements `Reviews`."""

    def __init__(self, tables: Callable[[], Tables]) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, review: Review) -> None:
        """Insert."""
        tables, what = self._tables(), f"Seat {review.seat} of submission {review.submission_id}"
        check_reference(tables.submissions, review.submission_id, what)
        check_reference(tables.staff_users, review.reviewer_id, what)
        check_unique(tables.reviews, review, lambda r: (r.submission_id, r.seat), what)
        check_unique(tables.reviews, review, lambda r: (r.submission_id, r.reviewer_id), what)
        insert(tables.reviews, review.id, review, what)

    def save_mark(self, mark: Mark) -> bool:
        """Insert or replace the mark of an item."""
        review = self._tables().reviews.get(mark.review_id)
        if review is None or review.signed_at is not None:
            return False
        self._tables().review_marks[mark.review_id, mark.item] = mark
        return True

    def sign(self, review_id: str, comment: str, at: datetime) -> bool:
        """Make it final."""
        review = self._tables().reviews.get(review_id)
        if review is None or review.signed_at is not None:
            return False
        self._tables().reviews[review_id] = replace(review, signed_at=at, comment=comment)
        return True

    def of(self, submission_ids: Sequence[str]) -> tuple[Review, ...]:
        """All reviews of some submissions."""
        wanted = set(submission_ids)
        found = (r for r in self._tables().reviews.values() if r.submission_id in wanted)
        return tuple(sorted(found, key=lambda review: (review.submission_id, review.seat)))

    def marks(self, review_ids: Sequence[str]) -> tuple[Mark, ...]:
        """All marks of some reviews."""
        wanted = set(review_ids)
        found = (m for m in self._tables().review_marks.values() if m.review_id in wanted)
        return tuple(sorted(found, key=lambda mark: (mark.review_id, mark.item)))


class MemoryOverrides:
    """Implements `Overrides`."""

    def __init__(self, tables: Callable[[], Tables]) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, override: Override) -> None:
        """Insert."""
        tables, what = self._tables(), f"Override {override.id}"
        check_reference(tables.runs, override.run_id, what)
        check_reference(tables.staff_users, override.reviewer_id, what)
        insert(tables.overrides, override.id, override, what)

    def withdraw(self, override_id: str, at: datetime) -> bool:
        """Make it hold no longer."""
        override = self._tables().overrides.get(override_id)
        if override is None or override.withdrawn_at is not None:
            return False
        self._tables().overrides[override_id] = replace(override, withdrawn_at=at)
        return True

    def of_run(self, run_id: str) -> tuple[Override, ...]:
        """All of a run, oldest first."""
        found = (o for o in self._tables().overrides.values() if o.run_id == run_id)
        return tuple(sorted(found, key=lambda override: (override.created_at, override.id)))


class MemoryShares:
    """Implements `Shares`."""

    def __init__(self, tables: Callable[[], Tables]) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, share: Share) -> None:
        """Insert."""
        tables, what = self._tables(), f"Share {share.id}"
        check_reference(tables.submissions, share.submission_id, what)
        check_reference(tables.staff_users, share.created_by, what)
        check_unique(tables.shares, share, lambda s: s.token_digest, what)
        insert(tables.shares, share.id, share, what)

    def by_token(self, token_digest: str) -> Share | None:
        """Find the share whose link has this token digest."""
        return next((s for s in self._tables().shares.values() if s.token_digest == token_digest), None)

    def of_submission(self, submission_id: str) -> tuple[Share, ...]:
        """All of a submission, oldest first."""
        found = (s for s in self._tables().shares.values() if s.submission_id == submission_id)
        return tuple(sorted(found, key=lambda share: (share.created_at, share.id)))

    def revoke(self, share_id: str, at: datetime) -> bool:
        """End it."""
        share = self._tables().shares.get(share_id)
        if share is None or share.revoked_at is not None:
            return False
        self._tables().shares[share_id] = replace(share, revoked_at=at)
        return True
