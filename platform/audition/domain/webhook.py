"""Webhooks: programs elsewhere that are told what became of submissions, after the Standard Webhooks convention.

Theory of operation. A delivery is stored by the very transaction that moves a submission, so nothing is told that did
not happen and nothing that happened is forgotten. The clock sends what is due. A delivery that fails is tried again,
ever more seldom, for about three days; its id never changes, so a receiver knows what it has had. What is told are ids
and states: whoever may know more asks the API.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from audition.domain.submission import State

#: Seconds between tries. Source: the schedule that the Standard Webhooks specification 1.0 suggests.
RETRY_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
#: Of each wait, this much more or less, so that a receiver that comes back is not asked by everybody at once.
_JITTER = 0.1
#: So long messages are signed with the former secret as well, so that a receiver can change to the new one in peace.
BOTH_SECRETS = timedelta(hours=24)
_SECRET_PREFIX = "whsec_"  # noqa: S105  what the convention puts before a secret, not one


class Topic(StrEnum):
    """What can be told."""

    GRADED = "submission.graded"
    RELEASED = "submission.released"
    REJECTED = "submission.rejected"
    ERRORED = "submission.errored"
    CANCELLED = "submission.cancelled"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_ANSWERED = "dispute.answered"


#: What is told when a submission comes into a state.
TOPICS = {
    State.GRADED: Topic.GRADED,
    State.RELEASED: Topic.RELEASED,
    State.REJECTED: Topic.REJECTED,
    State.ERRORED: Topic.ERRORED,
    State.CANCELLED: Topic.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address that is told. Its secret is not stored: it is made from the site's own key and the id."""

    id: str
    url: str
    topics: tuple[Topic, ...]
    created_by: str
    """Staff user id."""
    created_at: datetime
    ended_at: datetime | None = None
    ended_reason: str = ""
    secret_number: int = 1
    """Counts its secrets; the newest is the one that receivers are given."""
    secret_at: datetime | None = None
    """When the newest was made; None for the first, which is as old as the webhook."""


class DeliveryState(StrEnum):
    """Where a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one webhook."""

    id: str
    """The convention's `webhook-id`; the same in each try."""
    webhook_id: str
    topic: Topic
    body: str
    """JSON, exactly as it is signed."""
    created_at: datetime
    next_at: datetime | None
    """When it is tried; None when it is not tried any more."""
    attempts: int = 0
    delivered_at: datetime | None = None
    status: int | None = None
    """Of the last answer."""
    error: str = ""
    """Why the last try failed."""

    @property
    def state(self) -> DeliveryState:
        """Where it is."""
        if self.delivered_at is not None:
            return DeliveryState.DELIVERED
        return DeliveryState.FAILED if self.next_at is None else DeliveryState.WAITING


def next_try(delivery_id: str, attempts: int, now: datetime) -> datetime | None:
    """When a delivery is tried again after some failed tries, at least one; None when it is given up."""
    if attempts > len(RETRY_SECONDS):
        return None
    # Spread by id: the same for the same delivery, and different among many.
    share = int.from_bytes(sha256(f"{delivery_id} {attempts}".encode()).digest()[:4]) / 2**32
    return now + timedelta(seconds=RETRY_SECONDS[attempts - 1] * (1 - _JITTER + 2 * _JITTER * share))


def secret_of(site_key: bytes, webhook: Webhook) -> str:
    """The secret that a receiver checks signatures with: the newest."""
    return _secret(site_key, webhook.id, webhook.secret_number)


def secrets_at(site_key: bytes, webhook: Webhook, now: datetime) -> tuple[str, ...]:
    """The secrets that a message is signed with, the newest first."""
    newest = secret_of(site_key, webhook)
    if webhook.secret_at is None or now - webhook.secret_at >= BOTH_SECRETS:
        return (newest,)
    return newest, _secret(site_key, webhook.id, webhook.secret_number - 1)


def _secret(site_key: bytes, webhook_id: str, number: int) -> str:
    # The first has no number: it was made before there could be others.
    name = f"webhook {webhook_id}" if number == 1 else f"webhook {webhook_id} {number}"
    return _SECRET_PREFIX + base64.b64encode(hmac.digest(site_key, name.encode(), "sha256")).decode()


def signed_headers(secrets: tuple[str, ...], delivery: Delivery, now: datetime) -> dict[str, str]:
    """Headers of one try.

    Source: Standard Webhooks specification 1.0: HMAC-SHA256 over "id.timestamp.body", one signature for each secret
    that holds, apart by spaces.
    """
    at = str(int(now.timestamp()))
    signed = f"{delivery.id}.{at}.{delivery.body}".encode()
    return {
        "webhook-id": delivery.id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{_mark(secret, signed)}" for secret in secrets),
        "content-type": "application/json",
    }


def _mark(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
