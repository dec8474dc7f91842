"""Deliver what webhooks are to be told: send what is due, write down how it went, try again later."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from audition.domain.errors import DeniedError, UnavailableError
from audition.domain.webhook import Delivery, Webhook, next_try, secrets_at, signed_headers
from audition.ports import Courier, Ports, UnitOfWork

#: A delivery that a process took and never settled is anybody's again after this; longer than any try takes.
_HELD_SECONDS = 120
#: Webhooks that are told at once; one of them never gets two messages at a time, nor delays more than itself.
_AT_ONCE = 4
_MOST_ERROR = 300


def deliver_due(ports: Ports, courier: Courier, site_key: bytes) -> int:
    """Send what is due; return how many tries were made.

    Two processes that do this at once share the work: each try is taken by compare-and-set.
    """
    now = ports.clock.now()
    with ports.unit_of_work() as uow:
        webhooks = {webhook.id: webhook for webhook in uow.webhooks.all()}
        taken = [held for delivery in uow.webhooks.due(now) if (held := _take(uow, delivery, now))]
        uow.commit()
    by_webhook: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in taken:
        by_webhook[delivery.webhook_id].append(delivery)

    def tell(webhook_id: str) -> None:
        _tell(ports, courier, site_key, webhooks[webhook_id], by_webhook[webhook_id])

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(tell, by_webhook))
    return len(taken)


def _take(uow: UnitOfWork, delivery: Delivery, now: datetime) -> Delivery | None:
    until = now + timedelta(seconds=_HELD_SECONDS)
    held = replace(delivery, attempts=delivery.attempts + 1, next_at=until)
    return held if uow.webhooks.save_delivery(held, delivery.attempts) else None


def _tell(
    ports: Ports, courier: Courier, site_key: bytes, webhook: Webhook, deliveries: Sequence[Delivery]
) -> None:
    for delivery in deliveries:
        _settle(ports, webhook, _try(ports, courier, site_key, webhook, delivery))


def _try(ports: Ports, courier: Courier, site_key: bytes, webhook: Webhook, delivery: Delivery) -> Delivery:
    now = ports.clock.now()
    try:
        headers = signed_headers(secrets_at(site_key, webhook, now), delivery, now)
        status = courier.post(webhook.url, delivery.body.encode(), headers)
    except (UnavailableError, DeniedError) as error:
        again = next_try(delivery.id, delivery.attempts, now)
        return replace(delivery, status=None, error=error.detail[:_MOST_ERROR], next_at=again)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return replace(delivery, status=status, error="", next_at=None, delivered_at=now)
    again = next_try(delivery.id, delivery.attempts, now)
    return replace(delivery, status=status, error=f"It answered {status}.", next_at=again)


def _settle(ports: Ports, webhook: Webhook, tried: Delivery) -> None:
    with ports.unit_of_work() as uow:
        # The convention's way of saying "never again".
        if tried.status == HTTPStatus.GONE:
            tried = replace(tried, next_at=None)
            uow.webhooks.end(webhook.id, "It answered 410 Gone.", ports.clock.now())
        uow.webhooks.save_delivery(tried, tried.attempts)
        uow.commit()
