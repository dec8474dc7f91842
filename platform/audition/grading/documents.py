"""The documents that score and judge containers print."""

from dataclasses import dataclass

from audition.domain.grade import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """What the graders of one container concluded."""

    grades: tuple[Grade, ...]
