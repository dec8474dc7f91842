"""Answer a request once, however often it is sent with the same key."""

from dataclasses import replace
from hashlib import sha256

from audition.domain.errors import ConflictError, InvalidError
from audition.domain.kept_answer import AT_WORK, KEPT, KeptAnswer
from audition.domain.people import Principal
from audition.ports import Ports

#: Characters of a key.
MOST_KEY = 128


def reserve_key(ports: Ports, principal: Principal, key: str, asked: bytes) -> KeptAnswer:
    """Take a key for a request, or find what it was answered with.

    Args:
        ports: Where it is stored.
        principal: Who asks. Their roles are part of the request: what a wider token was told is not for a narrower.
        key: Theirs; the same key of somebody else is another one.
        asked: All that makes the request what it is.

    Returns:
        Without a status: the key is the caller's to settle or to give back. With one: the request was done before.

    Raises:
        InvalidError: It is no key, or it was used for another request.
        ConflictError: The first request is at work, nobody knows whether it was done, or its answer is not kept.
    """
    if not (0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable() and " " not in key):
        msg = f"An idempotency key has 1 to {MOST_KEY} printable ASCII characters, without spaces."
        raise InvalidError(msg, code="bad-idempotency-key", next_step="Make a new UUID for each request.")
    now = ports.clock.now()
    roles = ",".join(sorted(principal.roles)).encode()
    mine = KeptAnswer(
        actor=principal.actor,
        key=key,
        fingerprint=sha256(roles + b"\n" + asked).hexdigest(),
        created_at=now,
    )
    with ports.unit_of_work() as uow:
        uow.answers.forget_before(now - KEPT)
        taken = uow.answers.reserve(mine)
        uow.commit()
    if taken is None:
        return mine
    if taken.fingerprint != mine.fingerprint:
        msg = "This idempotency key was used for another request."
        raise InvalidError(msg, code="idempotency-key-reused", next_step="Use a new key for each request.")
    if taken.status is None:
        raise _unanswered(is_at_work=now - taken.created_at < AT_WORK)
    if taken.body is None:
        msg = "This was done before, with the same key; its answer had something that is not kept."
        raise ConflictError(
            msg, code="answer-not-kept", next_step="Look at the list; if you need another one, use a new key."
        )
    return taken


def settle_key(ports: Ports, held: KeptAnswer, status: int, body: str | None) -> None:
    """Keep the answer of a request that was done; without a body where it must not be kept."""
    with ports.unit_of_work() as uow:
        uow.answers.settle(replace(held, status=status, body=body))
        uow.commit()


def give_key_back(ports: Ports, held: KeptAnswer) -> None:
    """Let the key be used again: the request was refused, and changed nothing."""
    with ports.unit_of_work() as uow:
        uow.answers.give_back(held.actor, held.key)
        uow.commit()


def _unanswered(*, is_at_work: bool) -> ConflictError:
    if is_at_work:
        msg = "The first request with this idempotency key is still at work."
        return ConflictError(msg, code="request-under-way", next_step="Send it again in a few seconds.")
    msg = "The first request with this idempotency key broke off, and whether it was done is not known."
    return ConflictError(
        msg, code="outcome-unknown", next_step="Look whether it was done; if it was not, use a new key."
    )
