"""What the tools of the static stage said, in one form for all of them.

Theory of operation. The linters run in a container of their own, on copies of the submission's files that lie
outside of the repository, with its suppressions and its configuration switched off. What each printed is brought
into the form below and never leaves the container otherwise. A tool that crashed or took too long is a limit of
ours: graders leave out what it would have told them, and say so. It is never a zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from audition.domain.alerting import AlertRule
from audition.domain.grade import Grade

NEWER = "newer"
"""Rule of a finding that says: the tool is too old to know this. Never a fault of whoever wrote it."""
BOUNDS = "yaml-bounds"
"""Our own reading, reported like a tool's: YAML that means more than anybody writes, which no tool was given."""


class ToolStatus(StrEnum):
    """Whether a tool could do its work."""

    OK = "ok"
    CRASHED = "crashed"
    """It ended without a report that can be read, or is not there."""
    TIMED_OUT = "timed_out"
    NOT_APPLICABLE = "not_applicable"
    """The submission has no file for it."""


class Severity(StrEnum):
    """How bad a tool says a finding is, brought to three levels."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinding:
    """One thing that one tool saw. Text is hostile: it may quote what candidates wrote."""

    rule: str
    """The tool's own name for it, e.g. "DL3007" or "CKV_K8S_20"."""
    severity: Severity
    message: str
    file: str = ""
    """Path in the submission; empty when the tool named none."""
    line: int | None = None
    """1-based."""
    subject: str = ""
    """What in the file is meant, when the tool says so, e.g. "Deployment.default.web"."""
    is_suppressed: bool = False
    """The repository asks the tool not to report this; it counts all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReport:
    """What one tool said of one submission."""

    tool: str
    version: str
    """What the tool itself says, for a wheel may carry another."""
    status: ToolStatus
    findings: tuple[ToolFinding, ...] = ()
    passed: dict[str, int] = field(default_factory=dict)
    """By rule, how many things it looked at and found in order; empty for tools that do not say."""
    detail: str = ""
    """Why it did not work, for staff."""
    seconds: float = 0.0
    is_truncated: bool = False
    """There were more findings than are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A place where the repository tells a tool to look away: for reviewers, never for points."""

    tool: str
    file: str
    line: int | None = None
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReports:
    """What all tools said."""

    reports: tuple[ToolReport, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    left_out: tuple[str, ...] = ()
    """Files that no tool was given, each with the reason."""
    rules: tuple[AlertRule, ...] = ()
    """The submission's alert rules as data, for whoever evaluates them."""

    def of(self, tool: str) -> ToolReport | None:
        """The report of a tool; None when it was not asked."""
        return next((report for report in self.reports if report.tool == tool), None)

    def findings(self, tools: Iterable[str]) -> tuple[tuple[str, ToolFinding], ...]:
        """What some tools found, each with the tool's name."""
        wanted = frozenset(tools)
        chosen = (report for report in self.reports if report.tool in wanted)
        return tuple((report.tool, finding) for report in chosen for finding in report.findings)

    def missing(self, tools: Iterable[str]) -> tuple[ToolReport, ...]:
        """Which of some tools could not do their work."""
        wanted = frozenset(tools)
        broken = {ToolStatus.CRASHED, ToolStatus.TIMED_OUT}
        return tuple(r for r in self.reports if r.tool in wanted and r.status in broken)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticResult:
    """What the container of the static stage prints: its one result document."""

    reports: ToolReports
    grades: tuple[Grade, ...] = ()
    """The first look: what the graders that need no more than this conclude."""
