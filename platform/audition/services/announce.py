"""Announce what happened: a message to every webhook that wants to know, stored in the same transaction."""

import json
from datetime import datetime
from hashlib import sha256

from audition.domain.dispute import Dispute
from audition.domain.submission import State, Submission
from audition.domain.webhook import TOPICS, Delivery, Topic, Webhook
from audition.ports import UnitOfWork


def announce(uow: UnitOfWork, submission: Submission, new: State, at: datetime) -> None:
    """Store what is to be told about a move. Practice is nobody's but its candidate's, and is not told."""
    topic = TOPICS.get(new)
    if topic is None or submission.is_practice:
        return
    _store(uow, topic, _of_submission(submission) | {"state": new.value}, at)


def announce_dispute(uow: UnitOfWork, submission: Submission, dispute: Dispute, at: datetime) -> None:
    """Store what is to be told about a dispute: that it is there, or that it was answered."""
    topic = Topic.DISPUTE_OPENED if dispute.answered_at is None else Topic.DISPUTE_ANSWERED
    about = {"dispute_id": dispute.id, "check": dispute.check, "state": dispute.state.value}
    _store(uow, topic, _of_submission(submission) | about, at)


def _of_submission(submission: Submission) -> dict[str, object]:
    return {
        "submission_id": submission.id,
        "invitation_id": submission.invitation_id,
        "challenge_version_id": submission.challenge_version_id,
        "attempt_number": submission.attempt_number,
    }


def _store(uow: UnitOfWork, topic: Topic, data: dict[str, object], at: datetime) -> None:
    body = json.dumps({"type": topic.value, "timestamp": at.isoformat(), "data": data})
    for webhook in uow.webhooks.all():
        if webhook.ended_at is None and topic in webhook.topics:
            uow.webhooks.add_delivery(_delivery(webhook, topic, body, at))


def _delivery(webhook: Webhook, topic: Topic, body: str, at: datetime) -> Delivery:
    # Made of what it says, so that one thing that happened is one message.
    name = sha256(f"{webhook.id} {body}".encode()).hexdigest()[:24]
    return Delivery(
        id=f"msg_{name}", webhook_id=webhook.id, topic=topic, body=body, created_at=at, next_at=at
    )
