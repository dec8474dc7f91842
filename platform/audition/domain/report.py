"""A report: one model of what a run showed, rendered as page and as JSON."""

from dataclasses import dataclass, field
from datetime import datetime

from audition.domain.challenge import Anchor
from audition.domain.evidence import Artifact
from audition.domain.grade import Curve, Finding, Grade, Metric
from audition.domain.override import Override
from audition.domain.probe import Event
from audition.domain.review import PanelResult
from audition.domain.run import Fault, StageRecord, Verdict
from audition.domain.submission import State
from audition.domain.summary import Gauge, Prompt, Reproduction, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What is needed to believe the report, and to make it again."""

    challenge_slug: str
    challenge_version: int
    challenge_digest: str
    archive_digest: str
    run_id: str
    run_number: int
    fence: int
    images: dict[str, str] = field(default_factory=dict)
    """Stage to image id."""
    runtimes: dict[str, str] = field(default_factory=dict)
    limits: dict[str, dict[str, float]] = field(default_factory=dict)
    graders: dict[str, str] = field(default_factory=dict)
    """Grader to version."""
    grader_seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by grader the last time that it graded this run; empty for runs from before it was recorded."""
    data_digests: dict[str, str] = field(default_factory=dict)
    """Public data files only: a digest of an answer file is nobody's business."""
    report_digest: str = ""
    host: dict[str, str] = field(default_factory=dict)
    """Facts about the machine of the run, for staff: engine, kernel, which programs are older than their fixes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a page about one submission shows."""

    submission_id: str
    alias: str
    challenge_title: str
    state: State
    verdict: Verdict | None
    fault: Fault | None
    headline: str
    score: float | None
    gauges: tuple[Gauge, ...]
    metrics: tuple[Metric, ...]
    anchors: tuple[Anchor, ...]
    curves: tuple[Curve, ...]
    findings: tuple[Finding, ...]
    """Weightiest loss first."""
    summary: Summary
    prompts: tuple[Prompt, ...]
    """For staff only: what the candidate is asked should not be known before."""
    stages: tuple[StageRecord, ...]
    artifacts: tuple[Artifact, ...]
    grades: tuple[Grade, ...]
    provenance: Provenance
    submitted_at: datetime
    finished_at: datetime | None
    events: tuple[Event, ...] = ()
    """What happened while the service was looked at for the longest time, by seconds since that began."""
    people: PanelResult | None = None
    """What people gave by the challenge's rubric; None where it has none, and for candidates until it is complete."""
    overrides: tuple[Override, ...] = ()
    """What people changed about findings of this run, oldest first; candidates see those that hold."""
    attempt_number: int = 1
    """Of its candidate's submissions to this invitation."""
    reproduction: Reproduction = field(default_factory=Reproduction)
