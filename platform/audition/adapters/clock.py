"""The only reader of the system's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)
