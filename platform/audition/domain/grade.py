"""What graders conclude: findings, metrics, grades, and how they add up to a score."""

from dataclasses import dataclass, field
from enum import StrEnum

from audition.domain.traces import Traces


class Outcome(StrEnum):
    """The result of one check. PASSED, PARTIAL, FAILED and BLOCKED count towards points."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    """A fault of the submission left nothing to look at: it earns nothing, and the cause is another check's."""
    NOT_APPLICABLE = "not_applicable"
    """The challenge does not ask for it."""
    NOT_ASSESSED = "not_assessed"
    """We could not look: a fault or a limit of ours."""
    INFORMATIVE = "informative"


JUDGED_OUTCOMES = frozenset({Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED})
"""Outcomes of what was looked at."""
COUNTED_OUTCOMES = JUDGED_OUTCOMES | {Outcome.BLOCKED}
"""Outcomes that count towards points."""

MOST_STATIC = 0.35
"""Largest part of a dimension that reading files can make up beside observations. Source: the grader catalogue."""


class Dimension(StrEnum):
    """What a finding speaks about; the gauges of a report."""

    MODEL_QUALITY = "model_quality"
    DEPLOYMENT = "deployment"
    """The image and how its container behaves."""
    SERVING = "serving"
    OBSERVABILITY = "observability"
    DRIFT = "drift"
    PIPELINE = "pipeline"
    KUBERNETES = "kubernetes"
    LINEAGE = "lineage"
    CONSISTENCY = "consistency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a finding can be seen. All text is hostile: candidates wrote the files it quotes."""

    summary: str
    file: str = ""
    line: int | None = None
    """1-based."""
    column: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw."""

    check: str
    """Stable id, e.g. "dockerfile.user.non-root"."""
    title: str
    outcome: Outcome
    points: float
    """In [0, max_points]."""
    max_points: float
    sentence: str
    """For the candidate, plain words, never a hidden value."""
    reviewer_note: str = ""
    why: str = ""
    how_to_fix: str = ""
    evidence: tuple[Evidence, ...] = ()
    is_static: bool = False
    """Whether it was read from files only; beside findings that were observed it counts for less."""
    blocked_by: str = ""
    """The check whose failure left nothing to look at; empty unless it is BLOCKED, and where no single one did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line to draw; x and y have equal lengths."""

    kind: str
    """What it is, e.g. "roc"."""
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_label: str
    y_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A measured number with its uncertainty."""

    name: str
    value: float
    low: float
    """Lower end of the interval."""
    high: float
    confidence: float = 0.95
    """Coverage of [low, high], in (0, 1)."""
    method: str = ""
    rows: int = 0
    is_higher_better: bool = True
    score: float = 0.0
    """The value mapped between the challenge's anchors, in [0, 1]; likewise the two ends."""
    score_low: float = 0.0
    score_high: float = 1.0


class GradeStatus(StrEnum):
    """Whether a grader could do its work."""

    OK = "ok"
    BLOCKED = "blocked"
    """An earlier stage left nothing to look at; its findings say why, and whether that counts."""
    ERRORED = "errored"
    """The grader itself failed: the platform's fault or the challenge's, never a zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What one grader@version says of one run."""

    grader: str
    version: str
    dimension: Dimension
    status: GradeStatus
    findings: tuple[Finding, ...] = ()
    metrics: tuple[Metric, ...] = ()
    curves: tuple[Curve, ...] = ()
    note: str = ""
    """For staff only, e.g. the traceback of a grader that failed."""
    is_challenge_fault: bool = False
    """Whether it failed because of the challenge's answers or its own metric; false unless it is ERRORED."""
    invalid_output: str = ""
    """Why the outputs cannot be used, a sentence for the candidate; empty when they can."""
    traces: Traces | None = None
    """What can be compared with other submissions; kept apart from the grade, for staff only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeSheet:
    """What the graders of one container concluded: its one result document."""

    grades: tuple[Grade, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by grader. It stands beside the grades: equal evidence gives equal grades, but not equal times."""


def point_values(findings: tuple[Finding, ...]) -> tuple[tuple[Finding, float], ...]:
    """Each finding that counts, with the share of its dimension that one of its points is.

    What was read from files makes up at most `MOST_STATIC` of it as soon as something was observed as well.
    """
    counted = [f for f in findings if f.outcome in COUNTED_OUTCOMES and f.max_points > 0]
    observed = sum(f.max_points for f in counted if not f.is_static)
    static = sum(f.max_points for f in counted if f.is_static)
    room = observed * MOST_STATIC / (1 - MOST_STATIC)
    factor = min(1.0, room / static) if observed and static else 1.0
    total = observed + static * factor
    return tuple((f, (factor if f.is_static else 1.0) / total) for f in counted)


def earned_share(findings: tuple[Finding, ...]) -> float | None:
    """Share of points earned over all counted findings, in [0, 1]; None when nothing counted."""
    values = point_values(findings)
    return sum(finding.points * value for finding, value in values) if values else None


def findings_by_dimension(grades: tuple[Grade, ...]) -> dict[Dimension, tuple[Finding, ...]]:
    """Findings of graders that could do their work, of every dimension that any grade speaks about."""
    return {
        dimension: tuple(
            finding
            for grade in grades
            if grade.dimension == dimension and grade.status != GradeStatus.ERRORED
            for finding in grade.findings
        )
        for dimension in Dimension
        if any(grade.dimension == dimension for grade in grades)
    }


def dimension_scores(grades: tuple[Grade, ...]) -> dict[Dimension, float | None]:
    """Score of each dimension that any grade speaks about, in [0, 1]; None when not computed."""
    return {dimension: earned_share(found) for dimension, found in findings_by_dimension(grades).items()}


def total_score(scores: dict[Dimension, float | None], weights: dict[Dimension, float]) -> float | None:
    """Weighted mean over the dimensions that were computed, in [0, 1]; "not computed" is never zero."""
    known = {d: s for d, s in scores.items() if s is not None and weights.get(d, 0) > 0}
    total = sum(weights[d] for d in known)
    return sum(score * weights[d] for d, score in known.items()) / total if total else None
