"""Delete a candidate in SQL: every row that hangs on them, in the order in which rows refer to each other."""

from sqlalchemy import Select, Table, delete, select, union, update

from audition.adapters.sql import tables
from audition.adapters.sql.transaction import Transaction
from audition.domain.people import PrincipalKind

_OF_RUNS = (tables.overrides, tables.scorecards, tables.grades, tables.artifacts, tables.stages)
_OF_SUBMISSIONS = (tables.disputes, tables.shares, tables.reviews, tables.runs)


def erase(transaction: Transaction, candidate_id: str) -> tuple[str, ...]:
    """Delete everything but the audit log; return digests that nobody else has."""
    invitations = _ids(transaction, tables.invitations, "candidate_id", [candidate_id])
    submissions = _ids(transaction, tables.submissions, "invitation_id", invitations)
    runs = _ids(transaction, tables.runs, "submission_id", submissions)
    reviews = _ids(transaction, tables.reviews, "submission_id", submissions)
    shares = _ids(transaction, tables.shares, "submission_id", submissions)
    digests = _digests(transaction, submissions, runs)
    marks, sessions, entries = tables.review_marks, tables.sessions, tables.audit_entries
    transaction.change(delete(marks).where(marks.c.review_id.in_(reviews)))
    for table in _OF_RUNS:
        transaction.change(delete(table).where(table.c.run_id.in_(runs)))
    for table in _OF_SUBMISSIONS:
        transaction.change(delete(table).where(table.c.submission_id.in_(submissions)))
    transaction.change(delete(tables.submissions).where(tables.submissions.c.id.in_(submissions)))
    transaction.change(
        delete(sessions).where(
            sessions.c.subject_id.in_(invitations), sessions.c.kind == PrincipalKind.CANDIDATE.value
        )
    )
    transaction.change(delete(tables.invitations).where(tables.invitations.c.id.in_(invitations)))
    transaction.change(delete(tables.candidates).where(tables.candidates.c.id == candidate_id))
    # What anybody was told of them; it is kept for repeated requests, and can do without.
    answers = tables.kept_answers
    theirs = [f"{PrincipalKind.CANDIDATE}:{invitation}" for invitation in invitations]
    transaction.change(delete(answers).where(answers.c.actor.in_(theirs)))
    transaction.change(update(answers).values(body=None))
    subjects = [candidate_id, *invitations, *submissions, *runs, *shares]
    transaction.change(update(entries).where(entries.c.subject.in_(subjects)).values(reason=""))
    return tuple(sorted(digests - _kept(transaction, digests)))


def _ids(transaction: Transaction, table: Table, column: str, among: list[str]) -> list[str]:
    return list(transaction.texts(select(table.c.id).where(table.c[column].in_(among))))


def _digests(transaction: Transaction, submissions: list[str], runs: list[str]) -> set[str]:
    archives, artifacts = tables.submissions, tables.artifacts
    uploaded: Select[tuple[str]] = select(archives.c.archive_digest).where(archives.c.id.in_(submissions))
    left: Select[tuple[str]] = select(artifacts.c.digest).where(artifacts.c.run_id.in_(runs))
    return {*transaction.texts(uploaded), *transaction.texts(left)}


def _kept(transaction: Transaction, digests: set[str]) -> set[str]:
    """Those that what is still stored refers to: the same bytes of somebody else are the same blob."""
    archives, artifacts = tables.submissions, tables.artifacts
    both = union(
        select(archives.c.archive_digest.label("digest")).where(archives.c.archive_digest.in_(list(digests))),
        select(artifacts.c.digest).where(artifacts.c.digest.in_(list(digests))),
    ).subquery()
    return set(transaction.texts(select(both.c.digest)))
