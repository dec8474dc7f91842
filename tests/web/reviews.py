"""Reviews of the small world's submissions: one panel complete, one that wants a third reviewer."""

from audition.domain.people import Principal, PrincipalKind, Role
from audition.ports import Ports
from audition.services.mark_submission import begin_review, save_mark, sign_review
from tests import factories

_EVIDENCE = ("model.metric.primary", "Dockerfile:3", "README.md, section Limits")


def reviewer(name: str) -> Principal:
    """One of the world's staff, as a reviewer."""
    roles = frozenset({Role.REVIEWER})
    return Principal(
        kind=PrincipalKind.STAFF, subject_id=f"usr_{name}", name=name, session_id="ses_x", roles=roles
    )


def review(ports: Ports, name: str, submission_id: str, levels: tuple[int, int, int]) -> None:
    """Mark all items and sign."""
    who = reviewer(name)
    begin_review(ports, who, submission_id)
    for item, level, evidence in zip(factories.make_rubric(), levels, _EVIDENCE, strict=True):
        note = f"What {name} noticed about it." if level else ""
        save_mark(ports, who, submission_id, item.id, level=level, evidence=evidence, note=note)
    sign_review(ports, who, submission_id, f"{name.capitalize()} would talk to this person.")


def tell_reviews(ports: Ports) -> None:
    """Rita and Olga agree about Carol's first submission, and not about Dave's."""
    review(ports, "rita", "sub_released", (1, 1, 1))
    review(ports, "olga", "sub_released", (2, 1, 1))
    review(ports, "rita", "sub_graded", (0, 1, 1))
    review(ports, "olga", "sub_graded", (2, 1, 1))
