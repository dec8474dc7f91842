"""Where answers are kept that a repeated request gets again."""

from datetime import datetime
from typing import Protocol

from audition.domain.kept_answer import KeptAnswer


class KeptAnswers(Protocol):
    """Answers at rest, by actor and key."""

    def reserve(self, answer: KeptAnswer) -> KeptAnswer | None:
        """Insert it; where actor and key are taken, nothing is changed and what is there is returned."""
        ...

    def settle(self, answer: KeptAnswer) -> None:
        """Replace by actor and key; without effect where there is none."""
        ...

    def give_back(self, actor: str, key: str) -> None:
        """Delete it."""
        ...

    def forget_before(self, at: datetime) -> None:
        """Delete all that were reserved earlier."""
        ...
