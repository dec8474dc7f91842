"""Read drift evidence: strict about its shape before anybody computes with it."""

from audition import codec
from audition.domain.drift import MAX_BYTES, DriftEvidence, problems
from audition.domain.errors import InvalidError


def read_drift(data: bytes) -> DriftEvidence:
    """Decode and check a drift evidence document.

    Raises:
        InvalidError: Too large, not of this kind, or of a wrong shape; `problems` has one line each.
    """
    what = "drift.json"
    evidence = codec.from_json(DriftEvidence, data, what=what, max_bytes=MAX_BYTES)
    if found := problems(evidence):
        detail = f"{what} has {len(found)} problem{'s' if len(found) > 1 else ''}: {found[0]}"
        raise InvalidError(detail, code="invalid-document", problems=found)
    return evidence
