"""What the graders of the live service share: the prober's evidence, and what stands in the way of a part of it.

The chain of prerequisites is start, then contract, then the rest. What is blocked is not assessed: it is shown with
the reason and counts for nothing, for the cause has its own check and its own loss. Source: the grader catalogue,
section 9.
"""

from collections.abc import Callable
from typing import TypeVar

from audition.domain.grade import Outcome
from audition.domain.probe import ServiceEvidence
from audition.grading import Result, Workspace, failed, not_applicable, partial, passed

Seen = TypeVar("Seen")
NO_SERVICE = "No service was started in this run."
#: From here on everything is as it should be: less is the grain of the measurement.
_ALL = 0.995
_NEVER_STARTED = "Blocked: the service never answered a prediction."


def service_of(workspace: Workspace) -> ServiceEvidence | None:
    """The prober's evidence, if there is any."""
    return workspace.service


def blocked(workspace: Workspace, part: str) -> Result:
    """Why a part is missing: no service, something before it failed, or we could not look.

    Args:
        workspace: The evidence.
        part: The probe's name.
    """
    service = service_of(workspace)
    if service is None:
        return not_applicable(NO_SERVICE)
    unfinished = next((item for item in service.unfinished if item.probe == part), None)
    if unfinished is not None:
        prefix = "We could not look: " if unfinished.is_ours else "Blocked: "
        return not_assessed(f"{prefix}{unfinished.reason}")
    if service.starts and not service.has_predicted:
        return not_assessed(_NEVER_STARTED)
    return not_applicable("This was not looked at in this run.")


def part_of(workspace: Workspace, part: str, look: Callable[[ServiceEvidence], Seen | None]) -> Seen | Result:
    """What was seen of a part, or why it is missing.

    Args:
        workspace: The evidence.
        part: The probe's name.
        look: Takes it out of the prober's evidence.
    """
    service = service_of(workspace)
    found = look(service) if service is not None else None
    return blocked(workspace, part) if found is None else found


def not_assessed(reason: str) -> Result:
    """It could not be looked at; counts for nothing."""
    return Result(outcome=Outcome.NOT_ASSESSED, share=0.0, sentence=reason)


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
