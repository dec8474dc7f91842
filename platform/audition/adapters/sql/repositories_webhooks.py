"""Webhooks and their deliveries in SQL."""

from datetime import datetime

from sqlalchemy import desc, select, update

from audition.adapters.sql import tables
from audition.adapters.sql.rows import to_row
from audition.adapters.sql.transaction import Transaction
from audition.domain.webhook import Delivery, Webhook


class SqlWebhooks:
    """Implements `Webhooks`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, webhook: Webhook) -> None:
        """Insert."""
        self._transaction.insert(tables.webhooks, to_row(webhook), f"Webhook {webhook.id}")

    def all(self) -> tuple[Webhook, ...]:
        """Oldest first, ended ones as well."""
        table = tables.webhooks
        return self._transaction.all(Webhook, select(table).order_by(table.c.created_at, table.c.id))

    def end(self, webhook_id: str, reason: str, at: datetime) -> bool:
        """Tell it nothing more."""
        table = tables.webhooks
        statement = (
            update(table)
            .where(table.c.id == webhook_id, table.c.ended_at.is_(None))
            .values(ended_at=at, ended_reason=reason)
        )
        return self._transaction.change(statement) == 1

    def renew_secret(self, webhook_id: str, number: int, at: datetime) -> bool:
        """Give it the next secret."""
        table = tables.webhooks
        statement = (
            update(table)
            .where(table.c.id == webhook_id, table.c.ended_at.is_(None), table.c.secret_number == number - 1)
            .values(secret_number=number, secret_at=at)
        )
        return self._transaction.change(statement) == 1

    def add_delivery(self, delivery: Delivery) -> None:
        """Insert."""
        self._transaction.insert(tables.webhook_deliveries, to_row(delivery), f"Message {delivery.id}")

    def deliveries(self, webhook_id: str, limit: int = 100) -> tuple[Delivery, ...]:
        """The newest of a webhook, newest first."""
        table = tables.webhook_deliveries
        found = select(table).where(table.c.webhook_id == webhook_id)
        return self._transaction.all(
            Delivery, found.order_by(desc(table.c.created_at), table.c.id).limit(limit)
        )

    def due(self, at: datetime, limit: int = 50) -> tuple[Delivery, ...]:
        """Those to be tried by now to webhooks that are not ended, longest due first."""
        table, webhooks = tables.webhook_deliveries, tables.webhooks
        wanted = (
            select(table)
            .join(webhooks, webhooks.c.id == table.c.webhook_id)
            .where(table.c.next_at <= at, webhooks.c.ended_at.is_(None))
            .order_by(table.c.next_at, table.c.id)
        )
        return self._transaction.all(Delivery, wanted.limit(limit))

    def save_delivery(self, delivery: Delivery, old_attempts: int) -> bool:
        """Replace by id where it still has `old_attempts`."""
        table = tables.webhook_deliveries
        statement = (
            update(table)
            .where(table.c.id == delivery.id, table.c.attempts == old_attempts)
            .values(to_row(delivery))
        )
        return self._transaction.change(statement) == 1
