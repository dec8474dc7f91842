"""What the graders of the live service share: the prober's evidence, and what stands in the way of a part of it."""

from collections.abc import Callable
from typing import TypeVar

from audition.domain.grade import Dimension
from audition.domain.probe import (
    GONE,
    NEVER_PREDICTED,
    NO_DOCUMENT,
    NO_RULES,
    ONLY_JSON,
    UNREADABLE,
    UNTRIED_RULES,
    ServiceEvidence,
    Unfinished,
)
from audition.grading import (
    Result,
    Workspace,
    blocked,
    failed,
    not_applicable,
    not_assessed,
    partial,
    passed,
)
from graders import chain

Seen = TypeVar("Seen")
#: From here on everything is as it should be: less is the grain of the measurement.
_ALL = 0.995
#: What ended a probe whoever says so: prober and graders of different versions may disagree whose limit it is.
_LIMITS = (ONLY_JSON, UNTRIED_RULES)
_OF_THE_PAGE = frozenset({"exposition", "signals", "sharding", "cardinality", "alerting"})
#: Reason, or part, to the check that has the fault.
_BY_REASON = {NEVER_PREDICTED: chain.START, UNREADABLE: chain.CONTRACT, NO_RULES: chain.RULES}
_BY_PART = {"parity": chain.MODEL, "latency": chain.CAPACITY, "overload": chain.CAPACITY}


def service_of(workspace: Workspace) -> ServiceEvidence | None:
    """The prober's evidence, if there is any."""
    return workspace.service


def why_missing(workspace: Workspace, part: str) -> Result:
    """Why a part is missing: nobody asked for it, the submission is to blame, or we could not look.

    Args:
        workspace: The evidence.
        part: The probe's name.
    """
    service = service_of(workspace)
    if service is None:
        return chain.no_service(workspace) or not_applicable(chain.NO_SERVICE)
    unfinished = _unfinished(service, part)
    if unfinished is not None:
        return _not_done(workspace, service, unfinished)
    if part == "exposition" and service.exposition is not None:
        return chain.no_page(workspace, "the metrics page cannot be read.")
    return chain.no_service(workspace) or not_applicable("This was not looked at in this run.")


def _unfinished(service: ServiceEvidence, part: str) -> Unfinished | None:
    return next((item for item in service.unfinished if item.probe == part), None)


def _not_done(workspace: Workspace, service: ServiceEvidence, lost: Unfinished) -> Result:
    """Whose fault it is that a probe has no result."""
    before = _unfinished(service, "capacity") if _BY_PART.get(lost.probe) == chain.CAPACITY else None
    if lost.is_ours or (before is not None and before.is_ours) or lost.reason.startswith(_LIMITS):
        return not_assessed(f"We could not look: {lost.reason}")
    if lost.reason == NO_DOCUMENT:
        return chain.missing(workspace, Dimension.SERVING, NO_DOCUMENT)
    if lost.reason == GONE:
        return blocked(lost.reason, _ended_by(service))
    if lost.reason not in _BY_REASON and lost.probe in _OF_THE_PAGE:
        return chain.no_page(workspace, lost.reason)
    cause = _BY_REASON.get(lost.reason) or _BY_PART.get(lost.probe)
    # Without one the probe itself met the fault, e.g. a service that answers too few of its requests well.
    return blocked(lost.reason, cause) if cause else failed(lost.reason)


def _ended_by(service: ServiceEvidence) -> str:
    """The check that saw the service end; empty when it ended between two probes."""
    if service.bad_input is not None and not service.bad_input.survived:
        return "service.input.refused"
    if service.overload is not None and not service.overload.is_alive:
        return "service.load.overload"
    return ""


def part_of(workspace: Workspace, part: str, look: Callable[[ServiceEvidence], Seen | None]) -> Seen | Result:
    """What was seen of a part, or why it is missing.

    Args:
        workspace: The evidence.
        part: The probe's name.
        look: Takes it out of the prober's evidence.
    """
    service = service_of(workspace)
    found = look(service) if service is not None else None
    return why_missing(workspace, part) if found is None else found


def scored(share: float, sentence: str, note: str = "") -> Result:
    """A result by its share: everything, something, nothing.

    Args:
        share: Is cut to [0, 1].
        sentence: For the candidate.
        note: For the reviewer.
    """
    share = min(1.0, max(0.0, share))
    result = partial(share, sentence) if share > 0 else failed(sentence)
    if share >= _ALL:
        result = passed(sentence)
    return Result(outcome=result.outcome, share=result.share, sentence=sentence, note=note)


def plural(count: int, word: str) -> str:
    """A count with its word: "1 request", "2 requests"."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
