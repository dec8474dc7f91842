"""Manage webhooks: add and end them, look at what they were told, and tell it again."""

from dataclasses import replace
from urllib.parse import urlsplit

from audition.domain.errors import ConflictError, InvalidError, NotFoundError
from audition.domain.people import AuditEntry, Principal, Role
from audition.domain.webhook import BOTH_SECRETS, Delivery, Topic, Webhook
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import require_role

_MOST_URL = 1000
#: Addresses told at once; each move of a submission is a row for every one of them.
MOST_WEBHOOKS = 20


def add_webhook(ports: Ports, principal: Principal, url: str, topics: frozenset[Topic]) -> Webhook:
    """Tell an address from now on.

    Raises:
        DeniedError: The asker is no operator.
        InvalidError: It is no usable address, or nothing is to be told.
        ConflictError: There are `MOST_WEBHOOKS` already.
    """
    require_role(principal, Role.OPERATOR)
    if problems := _problems(url, topics):
        msg = "The webhook was not added."
        raise InvalidError(msg, code="bad-webhook", problems=problems)
    webhook = Webhook(
        id=ports.tokens.new_id("whk"),
        url=url,
        topics=tuple(sorted(topics)),
        created_by=principal.subject_id,
        created_at=ports.clock.now(),
    )
    with ports.unit_of_work() as uow:
        if sum(known.ended_at is None for known in uow.webhooks.all()) >= MOST_WEBHOOKS:
            msg = f"There are {MOST_WEBHOOKS} webhooks already."
            raise ConflictError(msg, code="too-many-webhooks", next_step="End one that is not needed.")
        uow.webhooks.add(webhook)
        _audit(uow, ports, principal, webhook.id, "webhook added", url)
        uow.commit()
    return webhook


def end_webhook(ports: Ports, principal: Principal, webhook_id: str) -> None:
    """Tell it nothing more; ending it again changes nothing.

    Raises:
        DeniedError: The asker is no operator.
        NotFoundError: No such webhook.
    """
    require_role(principal, Role.OPERATOR)
    with ports.unit_of_work() as uow:
        _find(uow, webhook_id)
        if uow.webhooks.end(webhook_id, "Ended by an operator.", ports.clock.now()):
            _audit(uow, ports, principal, webhook_id, "webhook ended", "")
        uow.commit()


def renew_secret(ports: Ports, principal: Principal, webhook_id: str) -> Webhook:
    """Give a webhook another secret; for a day its messages are signed with the former one as well.

    Raises:
        DeniedError: The asker is no operator.
        NotFoundError: No such webhook.
        ConflictError: It is ended, somebody renews it just now, or the former secret still holds.
    """
    require_role(principal, Role.OPERATOR)
    with ports.unit_of_work() as uow:
        webhook, now = _find(uow, webhook_id), ports.clock.now()
        if webhook.secret_at is not None and now - webhook.secret_at < BOTH_SECRETS:
            msg = (
                "Its secret was renewed within the last 24 hours; a third one would end the first too early."
            )
            raise ConflictError(
                msg,
                code="secret-renewed",
                next_step="If the new one leaked, end the webhook and add it anew.",
            )
        if not uow.webhooks.renew_secret(webhook_id, webhook.secret_number + 1, now):
            msg = "This webhook is ended, or somebody renews its secret just now."
            raise ConflictError(msg, code="webhook-ended", next_step="Look at it again.")
        _audit(uow, ports, principal, webhook_id, "webhook secret renewed", "")
        uow.commit()
    return replace(webhook, secret_number=webhook.secret_number + 1, secret_at=now)


def list_webhooks(ports: Ports, principal: Principal) -> tuple[Webhook, ...]:
    """All of them, oldest first.

    Raises:
        DeniedError: The asker is no operator.
    """
    require_role(principal, Role.OPERATOR)
    with ports.unit_of_work() as uow:
        return uow.webhooks.all()


def read_deliveries(
    ports: Ports, principal: Principal, webhook_id: str
) -> tuple[Webhook, tuple[Delivery, ...]]:
    """A webhook and the newest of what it was told.

    Raises:
        DeniedError: The asker is no operator.
        NotFoundError: No such webhook.
    """
    require_role(principal, Role.OPERATOR)
    with ports.unit_of_work() as uow:
        return _find(uow, webhook_id), uow.webhooks.deliveries(webhook_id)


def redeliver(ports: Ports, principal: Principal, webhook_id: str, delivery_id: str) -> Delivery:
    """Send a message again, under the same id; its tries are counted anew.

    Raises:
        DeniedError: The asker is no operator.
        NotFoundError: No such webhook, or no such message among its newest.
        ConflictError: The webhook is ended, or the message is being sent just now.
    """
    require_role(principal, Role.OPERATOR)
    with ports.unit_of_work() as uow:
        if _find(uow, webhook_id).ended_at is not None:
            msg = "This webhook is ended; nothing is sent to it."
            raise ConflictError(msg, code="webhook-ended", next_step="Add it anew.")
        delivery = next((d for d in uow.webhooks.deliveries(webhook_id) if d.id == delivery_id), None)
        if delivery is None:
            msg = f"There is no message {delivery_id[:60]!r}."
            raise NotFoundError(msg, code="delivery-not-found")
        again = replace(delivery, next_at=ports.clock.now(), attempts=0, delivered_at=None)
        if not uow.webhooks.save_delivery(again, delivery.attempts):
            msg = "This message is being sent just now."
            raise ConflictError(msg, code="delivery-under-way", next_step="Look again in a minute.")
        _audit(uow, ports, principal, webhook_id, "message sent again", delivery_id)
        uow.commit()
    return again


def _problems(url: str, topics: frozenset[Topic]) -> list[str]:
    problems = [] if topics else [f"Choose what to tell: {', '.join(Topic)}."]
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or len(url) > _MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        problems.append(f"The address must be a URL like https://example.org/hook, at most {_MOST_URL} long.")
    elif parts.username is not None or parts.fragment:
        problems.append("The address must have no user name and no fragment: signatures say who sends it.")
    return problems


def _find(uow: UnitOfWork, webhook_id: str) -> Webhook:
    found = next((webhook for webhook in uow.webhooks.all() if webhook.id == webhook_id), None)
    if found is None:
        msg = f"There is no webhook {webhook_id[:60]!r}."
        raise NotFoundError(msg, code="webhook-not-found")
    return found


def _audit(  # noqa: PLR0913  each is one field of the entry
    uow: UnitOfWork, ports: Ports, principal: Principal, subject: str, action: str, reason: str
) -> None:
    uow.audit.add(
        AuditEntry(at=ports.clock.now(), actor=principal.actor, action=action, subject=subject, reason=reason)
    )
