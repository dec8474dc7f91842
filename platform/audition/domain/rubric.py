"""What people mark: few items, each with levels that say what earns it."""

from dataclasses import dataclass

from audition.domain.grade import Dimension


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of an item."""

    points: float
    means: str
    """What a submission at this level looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricItem:
    """One thing to mark."""

    id: str
    question: str
    dimension: Dimension
    levels: tuple[Level, ...]
    """From the least to the most points."""

    @property
    def most(self) -> float:
        """Points of the highest level."""
        return self.levels[-1].points
