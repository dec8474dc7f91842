"""Delete a candidate in memory, as `adapters.sql.erasure` does in SQL."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from audition.adapters.memory.tables import Tables
from audition.domain.people import PrincipalKind

K = TypeVar("K")
V = TypeVar("V")


def erase(tables: Tables, candidate_id: str) -> tuple[str, ...]:
    """Delete everything but the audit log; return digests that nobody else has."""
    invitations = {i.id for i in tables.invitations.values() if i.candidate_id == candidate_id}
    submissions = {s.id for s in tables.submissions.values() if s.invitation_id in invitations}
    runs = {r.id for r in tables.runs.values() if r.submission_id in submissions}
    reviews = {r.id for r in tables.reviews.values() if r.submission_id in submissions}
    shares = {s.id for s in tables.shares.values() if s.submission_id in submissions}
    digests = _digests(tables, submissions, runs)
    _drop(tables.review_marks, lambda mark: mark.review_id in reviews)
    _drop(tables.disputes, lambda dispute: dispute.submission_id in submissions)
    _drop(tables.overrides, lambda override: override.run_id in runs)
    _drop(tables.stages, lambda record: record.run_id in runs)
    _drop(tables.artifacts, lambda artifact: artifact.run_id in runs)
    _drop(tables.scorecards, lambda card: card.run_id in runs)
    for graded in [key for key in tables.grades if key[0] in runs]:
        del tables.grades[graded]
    theirs: tuple[tuple[dict[str, Any], set[str]], ...] = (
        (tables.reviews, reviews),
        (tables.shares, shares),
        (tables.runs, runs),
        (tables.submissions, submissions),
        (tables.invitations, invitations),
        (tables.candidates, {candidate_id}),
    )
    for table, ids in theirs:
        _forget(table, ids)
    _drop(
        tables.sessions,
        lambda session: session.kind == PrincipalKind.CANDIDATE and session.subject_id in invitations,
    )
    actors = {f"{PrincipalKind.CANDIDATE}:{invitation}" for invitation in invitations}
    _drop(tables.kept_answers, lambda answer: answer.actor in actors)
    # What anybody was told of them; it is kept for repeated requests, and can do without.
    for place, answer in tables.kept_answers.items():
        tables.kept_answers[place] = replace(answer, body=None)
    subjects = {candidate_id, *invitations, *submissions, *runs, *shares}
    for key, entry in tables.audit_entries.items():
        if entry.subject in subjects:
            tables.audit_entries[key] = replace(entry, reason="")
    return tuple(sorted(digests - _digests(tables, set(tables.submissions), set(tables.runs))))


def _digests(tables: Tables, submissions: set[str], runs: set[str]) -> set[str]:
    archives = {s.archive_digest for s in tables.submissions.values() if s.id in submissions}
    return archives | {a.digest for a in tables.artifacts.values() if a.run_id in runs}


def _drop(table: dict[K, V], is_theirs: Callable[[V], bool]) -> None:
    for key in [key for key, value in table.items() if is_theirs(value)]:
        del table[key]


def _forget(table: dict[str, Any], ids: set[str]) -> None:
    for key in ids:
        table.pop(key, None)
