"""Reviews, their marks, overrides and shares in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from audition.adapters.sql import tables
from audition.adapters.sql.rows import to_row
from audition.adapters.sql.transaction import Transaction
from audition.domain.override import Override
from audition.domain.review import Mark, Review
from audition.domain.share import Share


class SqlReviews:
    """Implements `Reviews`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, review: Review) -> None:
        """Insert."""
        what = f"Seat {review.seat} of submission {review.submission_id}, or a review by this person,"
        self._transaction.insert(tables.reviews, to_row(review), what)

    def save_mark(self, mark: Mark) -> bool:
        """Insert or replace the mark of an item."""
        table, reviews = tables.review_marks, tables.reviews
        # Holds off a signature until we commit, so that no mark slips in after it.
        lock = select(reviews.c.id).where(reviews.c.id == mark.review_id, reviews.c.signed_at.is_(None))
        if not self._transaction.has(lock.with_for_update()):
            return False
        row = to_row(mark)
        key = (table.c.review_id == mark.review_id, table.c.item == mark.item)
        if self._transaction.change(update(table).where(*key).values(row)) == 0:
            self._transaction.insert(table, row, f"The mark for {mark.item}")
        return True

    def sign(self, review_id: str, comment: str, at: datetime) -> bool:
        """Make it final."""
        table = tables.reviews
        statement = (
            update(table)
            .where(table.c.id == review_id, table.c.signed_at.is_(None))
            .values(signed_at=at, comment=comment)
        )
        return self._transaction.change(statement) == 1

    def of(self, submission_ids: Sequence[str]) -> tuple[Review, ...]:
        """All reviews of some submissions."""
        table = tables.reviews
        found = self._transaction.all(
            Review, select(table).where(table.c.submission_id.in_(list(submission_ids)))
        )
        return tuple(sorted(found, key=lambda review: (review.submission_id, review.seat)))

    def marks(self, review_ids: Sequence[str]) -> tuple[Mark, ...]:
        """All marks of some reviews."""
        table = tables.review_marks
        found = self._transaction.all(Mark, select(table).where(table.c.review_id.in_(list(review_ids))))
        return tuple(sorted(found, key=lambda mark: (mark.review_id, mark.item)))


class SqlOverrides:
    """Implements `Overrides`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, override: Override) -> None:
        """Insert."""
        self._transaction.insert(tables.overrides, to_row(override), f"Override {override.id}")

    def withdraw(self, override_id: str, at: datetime) -> bool:
        """Make it hold no longer."""
        table = tables.overrides
        statement = (
            update(table)
            .where(table.c.id == override_id, table.c.withdrawn_at.is_(None))
            .values(withdrawn_at=at)
        )
        return self._transaction.change(statement) == 1

    def of_run(self, run_id: str) -> tuple[Override, ...]:
        """All of a run, oldest first."""
        table = tables.overrides
        ordered = select(table).where(table.c.run_id == run_id).order_by(table.c.created_at, table.c.id)
        return self._transaction.all(Override, ordered)


class SqlShares:
    """Implements `Shares`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, share: Share) -> None:
        """Insert."""
        self._transaction.insert(tables.shares, to_row(share), f"Share {share.id}, or one with its token,")

    def by_token(self, token_digest: str) -> Share | None:
        """Find the share whose link has this token digest."""
        table = tables.shares
        return self._transaction.one(Share, select(table).where(table.c.token_digest == token_digest))

    def of_submission(self, submission_id: str) -> tuple[Share, ...]:
        """All of a submission, oldest first."""
        table = tables.shares
        found = select(table).where(table.c.submission_id == submission_id)
        return self._transaction.all(Share, found.order_by(table.c.created_at, table.c.id))

    def revoke(self, share_id: str, at: datetime) -> bool:
        """End it."""
        table = tables.shares
        statement = (
            update(table).where(table.c.id == share_id, table.c.revoked_at.is_(None)).values(revoked_at=at)
        )
        return self._transaction.change(statement) == 1
