"""What the prober saw of the API: whether answers are right, the same, and refusals where they must be."""

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """Why a request got no answer that can be used."""

    NONE = "none"
    REFUSED = "refused"
    """Nobody listens."""
    CLOSED = "closed"
    """The connection ended before the answer did."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    """Headers, body or the unpacked body passed the cap."""
    NOT_HTTP = "not_http"
    """The answer breaks the protocol, its own announced length included."""
    NOT_SENT = "not_sent"
    """As many requests as the prober allows were waiting for answers already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEvidence:
    """Whether a valid request is answered as the contract says (C1)."""

    is_kept: bool
    is_usable: bool
    """Whether predictions can be read from the answers at all; without that nothing behind it is probed."""
    status: int
    failure: Failure = Failure.NONE
    predictions: tuple[float | str, ...] = ()
    """The first few."""
    trouble: str = ""
    """What is wrong with the answer, a sentence."""
    excerpt: str = ""
    """The beginning of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityEvidence:
    """Served against offline predictions for the same rows (C2)."""

    rows: int
    agreeing: int
    unanswered: int
    max_difference: float
    """Largest absolute difference of those answered."""
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """Something that must not change a prediction."""

    name: str
    is_held: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvarianceEvidence:
    """Batch and order (C3)."""

    invariants: tuple[Invariant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadInputCase:
    """One bad request (C4)."""

    name: str
    status: int
    failure: Failure = Failure.NONE
    is_imputable: bool = False
    """Whether filling in a value is an honest answer, if it was declared."""
    is_harmless: bool = False
    """Whether a good answer is right in any case."""
    may_close: bool = False
    """Whether ending the connection is a way to refuse it."""
    has_predictions: bool = False
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadInputEvidence:
    """The bad requests, in the order sent, and what came after."""

    cases: tuple[BadInputCase, ...]
    planned: int
    survived: bool
    """Whether a good request is answered after them; False ends the list early."""
    died_after: str = ""
    live_after: bool | None = None
    """Whether liveness still says yes; None without such a route."""
    is_imputing_declared: bool = False
    """Whether the contract says that missing and unknown values are filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApiEvidence:
    """The API's own description (C5)."""

    path: str = ""
    is_valid: bool = False
    problems: tuple[str, ...] = ()
    describes_predict: bool = False
    sent: int = 0
    """Requests made from it."""
    server_errors: int = 0
    unanswered: int = 0
    examples: tuple[str, ...] = ()
    """Requests that ended in a server error, short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSeen:
    """A version that the service told."""

    place: str
    """Header or field."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvidence:
    """Which model answered (C6)."""

    seen: tuple[VersionSeen, ...] = ()
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyEvidence:
    """Many rows at once (C7)."""

    sent: int
    answered: int
    mismatches: int
