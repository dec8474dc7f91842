"""Sign people in and out: staff by password, candidates by their invitation link."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from audition.domain.errors import ConflictError, DeniedError, NotFoundError
from audition.domain.people import (
    AuditEntry,
    Invitation,
    Principal,
    PrincipalKind,
    Role,
    Scope,
    Session,
    StaffUser,
)
from audition.ports import Ports, UnitOfWork

#: A working day and an evening; staff sign in again after it.
STAFF_SESSION = timedelta(hours=12)
#: Of candidates who come back after their window, to read: nothing can be submitted then.
LATE_SESSION = timedelta(hours=12)
#: API tokens are for scripts; long, revocable, listed.
API_TOKEN = timedelta(days=90)
_WRONG = "The e-mail address or the password is wrong."
_BAD_LINK = "This invitation link is not valid."
_ASK = "Ask the person who invited you for a new link."


def token_digest(secret: str) -> str:
    """What is stored of a secret: its SHA-256, hex. The secrets are 256 random bits, so no salt is needed."""
    return sha256(secret.encode()).hexdigest()


def sign_in_staff(ports: Ports, email: str, password: str) -> str:
    """Start a staff session; return its secret.

    Raises:
        DeniedError: Wrong address or password (never which), or a closed account.
    """
    with ports.unit_of_work() as uow:
        user = uow.people.staff_by_email(email.strip().lower())
        # Verifying against "" keeps the time equal for unknown addresses.
        is_right = ports.passwords.matches(password, user.password_hash if user else "")
        if user is None or not is_right or not user.is_active:
            raise DeniedError(_WRONG, code="sign-in-failed", next_step="Check both and try again.")
        secret = _add_session(ports, uow, PrincipalKind.STAFF, user.id, lasts=STAFF_SESSION)
        _audit(ports, uow, f"staff:{user.id}", "signed_in", user.id)
        uow.commit()
    return secret


def find_invitation(ports: Ports, link_token: str) -> Invitation:
    """Look an invitation up by its link.

    Raises:
        NotFoundError: No such link, or it was withdrawn.
        ConflictError: Its window is over.
    """
    with ports.unit_of_work() as uow:
        return _usable_invitation(ports, uow, link_token)


def sign_in_candidate(ports: Ports, link_token: str) -> str:
    """Start a candidate session from an invitation link; the first one starts the candidate's clock.

    Raises:
        NotFoundError: No such link, or it was withdrawn.
        ConflictError: Its window is over.
    """
    with ports.unit_of_work() as uow:
        invitation = _usable_invitation(ports, uow, link_token)
        now = ports.clock.now()
        if invitation.started_at is None:
            uow.people.save_invitation(replace(invitation, started_at=now))
            _audit(ports, uow, f"candidate:{invitation.id}", "started", invitation.id)
        lasts = max(invitation.window_ends_at - now, LATE_SESSION)
        secret = _add_session(ports, uow, PrincipalKind.CANDIDATE, invitation.id, lasts=lasts)
        uow.commit()
    return secret


def issue_api_token(
    ports: Ports, principal: Principal, label: str, scopes: frozenset[Scope] = frozenset()
) -> str:
    """Make an API token with the rights of the asker, or fewer; return its secret, which is shown once.

    Raises:
        DeniedError: A scope needs a role that the asker does not have.
    """
    if lacking := sorted(scope for scope in scopes if not principal.has_role(scope.role)):
        msg = f"The scope {lacking[0]} needs the {lacking[0].role} role."
        raise DeniedError(msg, code="role-required", next_step="Ask an operator for the role.")
    with ports.unit_of_work() as uow:
        secret = _add_session(
            ports,
            uow,
            principal.kind,
            principal.subject_id,
            lasts=API_TOKEN,
            label=label,
            is_api=True,
            scopes=scopes,
        )
        _audit(ports, uow, principal.actor, "issued_token", principal.subject_id, label)
        uow.commit()
    return secret


def identify(ports: Ports, secret: str, *, is_api: bool) -> Principal | None:
    """Who a session or token belongs to; None when it is unknown, over or withdrawn."""
    with ports.unit_of_work() as uow:
        session = uow.people.session_by_token(token_digest(secret))
        now = ports.clock.now()
        if session is None or session.is_api != is_api or session.revoked_at is not None:
            return None
        return _principal(uow, session) if session.expires_at > now else None


def own_tokens(ports: Ports, principal: Principal) -> tuple[Session, ...]:
    """The asker's API tokens that are good for something, oldest first."""
    with ports.unit_of_work() as uow:
        found = uow.people.tokens_of(principal.kind, principal.subject_id)
    now = ports.clock.now()
    return tuple(s for s in found if s.revoked_at is None and s.expires_at > now)


def revoke_token(ports: Ports, principal: Principal, token_id: str) -> None:
    """End one of the asker's API tokens.

    Raises:
        NotFoundError: They have no such token.
    """
    if token_id not in {session.id for session in own_tokens(ports, principal)}:
        msg = f"You have no token {token_id[:60]!r}."
        raise NotFoundError(msg, code="token-not-found")
    with ports.unit_of_work() as uow:
        uow.people.revoke_session(token_id, ports.clock.now())
        _audit(ports, uow, principal.actor, "ended_token", principal.subject_id, token_id)
        uow.commit()


def sign_out(ports: Ports, principal: Principal) -> None:
    """End the asker's session."""
    with ports.unit_of_work() as uow:
        uow.people.revoke_session(principal.session_id, ports.clock.now())
        uow.commit()


def _principal(uow: UnitOfWork, session: Session) -> Principal | None:
    if session.kind == PrincipalKind.STAFF:
        user = uow.people.staff(session.subject_id)
        if not user.is_active:
            return None
        return Principal(
            kind=session.kind,
            subject_id=user.id,
            name=user.name,
            session_id=session.id,
            roles=_roles(user, session),
        )
    invitation = uow.people.invitation(session.subject_id)
    if invitation.revoked_at is not None:
        return None
    candidate = uow.people.candidate(invitation.candidate_id)
    return Principal(
        kind=session.kind,
        subject_id=invitation.id,
        name=candidate.name,
        session_id=session.id,
    )


def _roles(user: StaffUser, session: Session) -> frozenset[Role]:
    """Of a token's owner those that it is narrowed to; a role that was taken away since is gone from it too."""
    if not session.scopes:
        return user.roles
    has_all = Role.OPERATOR in user.roles
    return frozenset(s.role for s in session.scopes if has_all or s.role in user.roles)


def _usable_invitation(ports: Ports, uow: UnitOfWork, link_token: str) -> Invitation:
    invitation = uow.people.invitation_by_token(token_digest(link_token))
    if invitation is None or invitation.revoked_at is not None:
        raise NotFoundError(_BAD_LINK, code="unknown-invitation", next_step=_ASK)
    # Who started may come back for the report, and for what is kept of them; submitting has its own look at the clock.
    if invitation.started_at is None and invitation.ends_at <= ports.clock.now():
        msg = f"This invitation ended on {invitation.ends_at:%Y-%m-%d %H:%M} UTC."
        raise ConflictError(msg, code="invitation-over", next_step=_ASK)
    return invitation


def _add_session(  # noqa: PLR0913  each is one field of the session
    ports: Ports,
    uow: UnitOfWork,
    kind: PrincipalKind,
    subject_id: str,
    *,
    lasts: timedelta,
    label: str = "browser",
    is_api: bool = False,
    scopes: frozenset[Scope] = frozenset(),
) -> str:
    secret = ports.tokens.new_secret()
    now = ports.clock.now()
    uow.people.add_session(
        Session(
            id=ports.tokens.new_id("ses"),
            token_digest=token_digest(secret),
            kind=kind,
            subject_id=subject_id,
            is_api=is_api,
            label=label,
            created_at=now,
            expires_at=now + lasts,
            scopes=tuple(sorted(scopes)),
        )
    )
    return secret


def _audit(  # noqa: PLR0913  each is one field of the entry
    ports: Ports, uow: UnitOfWork, actor: str, action: str, subject: str, reason: str = ""
) -> None:
    uow.audit.add(
        AuditEntry(at=ports.clock.now(), actor=actor, action=action, subject=subject, reason=reason)
    )
