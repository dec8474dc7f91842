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
_SECRET_PREFIX = "whsec_"  # noqa: S105  what the convention puts before a secret, not one


class Topic(StrEnum):
    """What can be told."""

    GRADED = "submission.graded"
    RELEASED = "submission.released"
    REJECTED = "submission.rejected"
    ERRORED = "submission.errored"
    CANCELLED = "submission.cancelled"


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


def secret_of(site_key: bytes, webhook_id: str) -> str:
    """The secret that a receiver checks signatures with."""
    made = hmac.digest(site_key, f"webhook {webhook_id}".encode(), "sha256")
    return _SECRET_PREFIX + base64.b64encode(made).decode()


def signed_headers(secret: str, delivery: Delivery, now: datetime) -> dict[str, str]:
    """Headers of one try.

    Source: Standard Webhooks specification 1.0, HMAC-SHA256 over "id.timestamp.body".
    """
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    at = str(int(now.timestamp()))
    mark = hmac.digest(key, f"{delivery.id}.{at}.{delivery.body}".encode(), "sha256")
    return {
        "webhook-id": delivery.id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(mark).decode()}",
        "content-type": "application/json",
    }
