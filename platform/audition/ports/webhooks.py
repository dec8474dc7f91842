"""Who is told of what happens: webhooks, what waits for them, and what carries it there."""

from datetime import datetime
from typing import Protocol

from audition.domain.webhook import Delivery, Webhook


class Webhooks(Protocol):
    """Webhooks and their deliveries at rest."""

    def add(self, webhook: Webhook) -> None:
        """Insert."""
        ...

    def all(self) -> tuple[Webhook, ...]:
        """Oldest first, ended ones as well."""
        ...

    def end(self, webhook_id: str, reason: str, at: datetime) -> bool:
        """Tell it nothing more; false when it was ended already, or there is none."""
        ...

    def renew_secret(self, webhook_id: str, number: int, at: datetime) -> bool:
        """Give it the next secret; false when it is ended, or `number` does not follow the one it has."""
        ...

    def add_delivery(self, delivery: Delivery) -> None:
        """Insert."""
        ...

    def deliveries(self, webhook_id: str, limit: int = 100) -> tuple[Delivery, ...]:
        """The newest of a webhook, newest first."""
        ...

    def due(self, at: datetime, limit: int = 50) -> tuple[Delivery, ...]:
        """Those to be tried by now to webhooks that are not ended, longest due first."""
        ...

    def save_delivery(self, delivery: Delivery, old_attempts: int) -> bool:
        """Replace by id; false when it no longer has `old_attempts`: somebody else tried it meanwhile."""
        ...


class Courier(Protocol):
    """Carries a message to an address elsewhere."""

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """POST it and return the status of the answer; redirects are not followed.

        Raises:
            DeniedError: The address is one of our own networks, or not encrypted.
            UnavailableError: Nobody answers there.
        """
        ...
