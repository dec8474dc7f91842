"""Invite a candidate to the newest version of a challenge."""

from collections import Counter
from datetime import timedelta

from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import InvalidError
from audition.domain.people import AuditEntry, Candidate, Invitation
from audition.ports import Ports, UnitOfWork
from audition.services.sign_in import token_digest

_COLOURS = (
    "Amber",
    "Azure",
    "Coral",
    "Indigo",
    "Ivory",
    "Jade",
    "Lilac",
    "Olive",
    "Plum",
    "Russet",
    "Teal",
    "Umber",
)
_BIRDS = (
    "Avocet",
    "Curlew",
    "Dipper",
    "Egret",
    "Finch",
    "Heron",
    "Ibis",
    "Kestrel",
    "Lark",
    "Martin",
    "Plover",
    "Wren",
)
#: Source: RFC 5321, 4.5.3.1.3, less the angle brackets.
_MAX_EMAIL = 254
_MAX_NAME = 120
_MAX_DAYS = 365
#: Of a personal clock: a night, and one thing that nobody saw coming.
_PAUSES = 2


def invite(  # noqa: PLR0913  each is one field of the form
    ports: Ports,
    actor: str,
    *,
    slug: str,
    email: str,
    name: str,
    valid_days: float = 14,
    clock_hours: float | None = None,
) -> tuple[Invitation, str]:
    """Create an invitation; return it and the secret of its link, which is not stored.

    Raises:
        InvalidError: No usable address or name, a window that is not positive, or a clock longer than it.
        NotFoundError: The challenge is not published, or opens later.
    """
    email = email.strip().lower()
    _check(email, name, valid_days, clock_hours)
    secret = ports.tokens.new_secret()
    with ports.unit_of_work() as uow:
        now = ports.clock.now()
        version = uow.challenges.latest(slug, now)
        candidate = uow.people.candidate_by_email(email) or _new_candidate(ports, uow, email, name)
        invitation = Invitation(
            id=ports.tokens.new_id("inv"),
            candidate_id=candidate.id,
            challenge_version_id=version.id,
            token_digest=token_digest(secret),
            attempts=version.manifest.attempts,
            created_at=now,
            expires_at=now + timedelta(days=valid_days),
            variant=_variant(uow, version, candidate),
            clock_hours=clock_hours,
            pauses=_PAUSES if clock_hours is not None else 0,
        )
        uow.people.add_invitation(invitation)
        uow.audit.add(AuditEntry(at=now, actor=actor, action="invited", subject=invitation.id, reason=slug))
        uow.commit()
    return invitation, secret


def _variant(uow: UnitOfWork, version: ChallengeVersion, candidate: Candidate) -> int:
    """The copy of the training data that a candidate gets: the one they have, or one that fewest others have."""
    spec = version.manifest.variants
    if spec is None:
        return 0
    given = uow.people.invitations_to(version.id)
    if mine := next((i.variant for i in given if i.candidate_id == candidate.id and i.variant), 0):
        return mine
    holders = Counter(variant for variant, _ in {(i.variant, i.candidate_id) for i in given})
    return min(range(1, spec.copies + 1), key=lambda number: (holders[number], number))


def _check(email: str, name: str, valid_days: float, clock_hours: float | None) -> None:
    problems = []
    local, _, domain = email.partition("@")
    if not local or "." not in domain or len(email) > _MAX_EMAIL or any(c.isspace() for c in email):
        problems.append(f"email: {email[:60]!r} is not an e-mail address.")
    if not name.strip() or len(name) > _MAX_NAME:
        problems.append(f"name: give the candidate's name, at most {_MAX_NAME} characters.")
    if not 0 < valid_days <= _MAX_DAYS:
        problems.append(f"valid_days: give a number of days above 0 and at most {_MAX_DAYS}.")
    if clock_hours is not None and not 0 < clock_hours <= 24 * valid_days:
        problems.append(
            "clock_hours: give hours above 0 and within the window, or none for the whole window."
        )
    if problems:
        msg = "The invitation is not complete."
        raise InvalidError(msg, code="bad-invitation", problems=problems)


def _new_candidate(ports: Ports, uow: UnitOfWork, email: str, name: str) -> Candidate:
    identifier = ports.tokens.new_id("can")
    number = int.from_bytes(identifier.encode(), "big")
    alias = f"{_COLOURS[number % 12]} {_BIRDS[number // 12 % 12]} {number // 144 % 900 + 100}"
    candidate = Candidate(
        id=identifier, email=email, name=name.strip(), alias=alias, created_at=ports.clock.now()
    )
    uow.people.add_candidate(candidate)
    return candidate
