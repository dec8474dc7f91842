"""Webhooks and their deliveries in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from audition.adapters.memory.tables import Tables, check_reference, insert
from audition.domain.webhook import Delivery, Webhook


class MemoryWebhooks:
    """Implements `Webhooks`."""

    def __init__(self, tables: Callable[[], Tables]) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, webhook: Webhook) -> None:
        """Insert."""
        what = f"Webhook {webhook.id}"
        check_reference(self._tables().staff_users, webhook.created_by, what)
        insert(self._tables().webhooks, webhook.id, webhook, what)

    def all(self) -> tuple[Webhook, ...]:
        """Oldest first, ended ones as well."""
        return tuple(sorted(self._tables().webhooks.values(), key=lambda w: (w.created_at, w.id)))

    def end(self, webhook_id: str, reason: str, at: datetime) -> bool:
        """Tell it nothing more."""
        webhook = self._tables().webhooks.get(webhook_id)
        if webhook is None or webhook.ended_at is not None:
            return False
        self._tables().webhooks[webhook_id] = replace(webhook, ended_at=at, ended_reason=reason)
        return True

    def renew_secret(self, webhook_id: str, number: int, at: datetime) -> bool:
        """Give it the next secret."""
        webhook = self._tables().webhooks.get(webhook_id)
        if webhook is None or webhook.ended_at is not None or webhook.secret_number != number - 1:
            return False
        self._tables().webhooks[webhook_id] = replace(webhook, secret_number=number, secret_at=at)
        return True

    def add_delivery(self, delivery: Delivery) -> None:
        """Insert."""
        what = f"Message {delivery.id}"
        check_reference(self._tables().webhooks, delivery.webhook_id, what)
        insert(self._tables().webhook_deliveries, delivery.id, delivery, what)

    def deliveries(self, webhook_id: str, limit: int = 100) -> tuple[Delivery, ...]:
        """The newest of a webhook, newest first."""
        found = [d for d in self._tables().webhook_deliveries.values() if d.webhook_id == webhook_id]
        by_id = sorted(found, key=lambda delivery: delivery.id)
        return tuple(sorted(by_id, key=lambda delivery: delivery.created_at, reverse=True)[:limit])

    def due(self, at: datetime, limit: int = 50) -> tuple[Delivery, ...]:
        """Those to be tried by now to webhooks that are not ended, longest due first."""
        tables = self._tables()
        found = [
            (delivery.next_at, delivery.id, delivery)
            for delivery in tables.webhook_deliveries.values()
            if delivery.next_at is not None and delivery.next_at <= at
            if tables.webhooks[delivery.webhook_id].ended_at is None
        ]
        return tuple(delivery for _, _, delivery in sorted(found, key=lambda row: row[:2])[:limit])

    def save_delivery(self, delivery: Delivery, old_attempts: int) -> bool:
        """Replace by id where it still has `old_attempts`."""
        stored = self._tables().webhook_deliveries
        if delivery.id not in stored or stored[delivery.id].attempts != old_attempts:
            return False
        stored[delivery.id] = delivery
        return True
