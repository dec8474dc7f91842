"""Announce what became of a submission: a delivery to every webhook that wants to know, in the same transaction."""

import json
from datetime import datetime
from hashlib import sha256

from audition.domain.submission import State, Submission
from audition.domain.webhook import TOPICS, Delivery, Topic, Webhook
from audition.ports import UnitOfWork


def announce(uow: UnitOfWork, submission: Submission, new: State, at: datetime) -> None:
    """Store what is to be told about a move. Practice is nobody's but its candidate's, and is not told."""
    topic = TOPICS.get(new)
    if topic is None or submission.is_practice:
        return
    for webhook in uow.webhooks.all():
        if webhook.ended_at is None and topic in webhook.topics:
            uow.webhooks.add_delivery(_delivery(webhook, submission, topic, at))


def _delivery(webhook: Webhook, submission: Submission, topic: Topic, at: datetime) -> Delivery:
    data = {
        "submission_id": submission.id,
        "invitation_id": submission.invitation_id,
        "challenge_version_id": submission.challenge_version_id,
        "attempt_number": submission.attempt_number,
        "state": topic.value.partition(".")[2],
    }
    # Made of what it says, so that one move is one message.
    name = sha256(f"{webhook.id} {submission.id} {topic} {at.isoformat()}".encode()).hexdigest()[:24]
    return Delivery(
        id=f"msg_{name}",
        webhook_id=webhook.id,
        topic=topic,
        body=json.dumps({"type": topic.value, "timestamp": at.isoformat(), "data": data}),
        created_at=at,
        next_at=at,
    )
