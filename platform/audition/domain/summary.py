"""What somebody who reads one screen takes away: a profile, a level, strengths, risks, and what nobody looked at."""

from dataclasses import dataclass
from enum import StrEnum

from audition.domain.grade import Dimension, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One dimension's score; None is "not computed", drawn hollow and never a zero."""

    dimension: Dimension
    weight: float
    score: float | None
    low: float | None = None
    """Lower end of the score's interval; None where nothing was measured that has one. Likewise the upper."""
    high: float | None = None
    reason: str = ""
    """Why there is no score; empty when there is one."""
    counted: int = 0
    """Checks that count towards the score."""
    blocked: int = 0
    """Of these, how many a fault of the submission left nothing to look at in."""
    unassessed: int = 0
    """Checks that should have counted and could not be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one check brought and cost, in points of 100."""

    check: str
    dimension: Dimension
    won: float
    """Of the whole score, as are `lost`; both 0 where the challenge gives the dimension no weight."""
    lost: float
    won_of_dimension: float
    """The same of the dimension's own 100."""
    lost_of_dimension: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A strength or a risk: one check, in a sentence, with what it was worth."""

    check: str
    title: str
    sentence: str
    dimension: Dimension
    points: float
    """Won or lost, of 100: of the whole score if `has_weight`, else of its dimension; with what it blocks."""
    has_weight: bool
    blocks: int = 0
    """How many checks it left nothing to look at in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockage:
    """What one cause left nothing to look at in, and what that costs."""

    cause: str
    """A check; empty where no single one has the fault."""
    sentence: str
    checks: tuple[str, ...]
    """That it blocks, most lost first."""
    lost: float
    """Points of the whole 100 that these lose; the cause's own loss is not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """The highest level of the MLOps maturity model whose evidence was observed, not declared.

    Source: Microsoft, "Machine Learning operations maturity model", levels 0 to 4.
    """

    level: int | None
    """In [0, 4]; None when nothing was run that could have shown a level."""
    name: str
    checks: tuple[str, ...]
    """What showed it, the highest level's last."""
    sentence: str
    """By what it was observed."""
    above: str
    """What stands between it and the next level; empty at the top."""


class Topic(StrEnum):
    """The five red flags of hiring for machine learning, each as what one wants to see."""

    DATA = "data"
    PRODUCTION = "production"
    EXPLANATION = "explanation"
    MONITORING = "monitoring"
    COLLABORATION = "collaboration"


class Standing(StrEnum):
    """How a topic is answered."""

    OBSERVED = "observed"
    """It was seen to work."""
    READ = "read"
    """It is in the files; whether it works was not seen."""
    ABSENT = "absent"
    """It was looked for."""
    UNKNOWN = "unknown"
    """Nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the submission says to one topic."""

    topic: Topic
    standing: Standing
    checks: tuple[str, ...] = ()
    """The evidence; where it is absent, what was looked for first."""
    sentence: str = ""
    """Of the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Checks of one dimension that count for nothing, for one reason."""

    dimension: Dimension
    outcome: Outcome
    reason: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The first screen of a report."""

    profile: tuple[Gauge, ...]
    """Every dimension of deployment, in the order of `Dimension`, looked at or not."""
    lowest: Dimension | None
    """The dimension with the lowest score, of all; None without scores."""
    maturity: Maturity
    answers: tuple[Answer, ...]
    """One a topic, in their order."""
    strengths: tuple[Highlight, ...]
    risks: tuple[Highlight, ...]
    gaps: tuple[Gap, ...]
    """What was not assessed or did not apply, and why; largest first within a dimension."""
    worths: tuple[Worth, ...]
    """Of every check that counts, most lost first."""
    blockages: tuple[Blockage, ...] = ()
    """What is blocked, by its cause, most lost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question for the interview that comes from what was seen."""

    checks: tuple[str, ...]
    """What it comes from; two where they contradict each other."""
    seen: str
    """What was seen, with its numbers."""
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to run at home."""

    purpose: str
    line: str
    """For a shell; words of the candidate in it are quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """How to see the same again."""

    commands: tuple[Command, ...] = ()
    seeds: tuple[tuple[str, int], ...] = ()
    """What chance was seeded with: a name and the number."""
