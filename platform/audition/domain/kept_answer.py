"""Answers that are kept under a caller's key, so that a request that is sent twice is done once.

Theory of operation. The key is reserved before the request is done, in a transaction of its own, and the answer is put
beside it afterwards. Of two requests with one key that come at once, one finds the key taken and does nothing. A
process that dies in between leaves a key without an answer: nobody knows then whether it was done, so nobody does it
again under that key. What failed is given back, for it changed nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: How long a key means the same request.
KEPT = timedelta(hours=24)
#: Longer than any request takes; a key that has no answer by then gets none any more.
AT_WORK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """One key of one caller."""

    actor: str
    """Whose key it is, as the audit log names them."""
    key: str
    fingerprint: str
    """SHA-256 of what was asked, hex: the same key with another request is a mistake."""
    created_at: datetime
    status: int | None = None
    """HTTP status of the answer; None while the request is at work."""
    body: str | None = None
    """As it was sent; None where it is not kept, because it had a secret or told of somebody who was erased."""
