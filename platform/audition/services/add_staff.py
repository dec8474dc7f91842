"""Add a staff account."""

from collections.abc import Set as AbstractSet

from audition.domain.errors import InvalidError
from audition.domain.people import AuditEntry, Role, StaffUser
from audition.ports import Ports

#: NIST SP 800-63B, 3.1.1.2: at least 8; we ask for more, as there is no second factor yet.
_MIN_PASSWORD = 12
_MAX_PASSWORD = 200


def add_staff(  # noqa: PLR0913  each is one field of the account
    ports: Ports, actor: str, *, email: str, name: str, password: str, roles: AbstractSet[Role]
) -> StaffUser:
    """Create an account.

    Raises:
        InvalidError: No usable address, name or password.
        ConflictError: The address has an account already.
    """
    email = email.strip().lower()
    problems = []
    if "@" not in email or any(c.isspace() for c in email):
        problems.append(f"email: {email[:60]!r} is not an e-mail address.")
    if not name.strip():
        problems.append("name: give a name.")
    if not _MIN_PASSWORD <= len(password) <= _MAX_PASSWORD:
        problems.append(f"password: give {_MIN_PASSWORD} to {_MAX_PASSWORD} characters.")
    if problems:
        msg = "The account is not complete."
        raise InvalidError(msg, code="bad-account", problems=problems)
    user = StaffUser(
        id=ports.tokens.new_id("usr"),
        email=email,
        name=name.strip(),
        password_hash=ports.passwords.hash(password),
        roles=frozenset(roles),
        created_at=ports.clock.now(),
    )
    with ports.unit_of_work() as uow:
        uow.people.add_staff(user)
        entry = AuditEntry(
            at=user.created_at, actor=actor, action="added_staff", subject=user.id, reason=email
        )
        uow.audit.add(entry)
        uow.commit()
    return user
