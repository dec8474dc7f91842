"""The parts of a report, a page each: the first is read in half a minute, and the others are a click away."""

from dataclasses import dataclass

from flask import abort, render_template, request

from audition.domain.evidence import ArtifactKind
from audition.domain.grade import Dimension, Finding, Outcome
from audition.domain.report import Report

_DRAWN = frozenset({ArtifactKind.TEXTS_PAGE, ArtifactKind.NOTEBOOK_PAGE})
#: Checks that passed are on one page up to so many; of more each dimension has its own, with all that there is to say.
MOST_TOGETHER = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One page of a report.

    Attributes:
        name: In its address; empty for the first page.
        left: Names of the templates of its left column, or of its only one.
        right: Of its right column, which is narrower.
        tab: Whose tab is lit while it is shown: its own name where it has one.
        is_for_staff: Whether candidates have no such page.
    """

    name: str
    label: str
    left: tuple[str, ...]
    right: tuple[str, ...] = ()
    tab: str
    is_for_staff: bool = False


SUMMARY = Part(name="", label="Summary", left=("losses",), right=("people", "position", "origin"), tab="")
PARTS = (
    Part(name="findings", label="Findings", left=("findings",), tab="findings"),
    Part(name="passed", label="What passed", left=("passed",), tab="findings"),
    Part(name="uncounted", label="What did not count", left=("uncounted",), tab="findings"),
    Part(name="model", label="Model", left=("metrics",), right=("drift",), tab="model"),
    Part(name="run", label="Run", left=("stages",), right=("logs",), tab="run"),
    Part(name="written", label="Texts", left=("texts", "notebook"), tab="written", is_for_staff=True),
    Part(
        name="interview", label="Interview", left=("prompts",), right=("likenesses",), tab="interview",
        is_for_staff=True,
    ),
    Part(
        name="record", label="Record", left=("provenance", "history"), right=("exports", "reproduce", "shares"),
        tab="record",
    ),
)  # fmt: skip
#: All of it, to be printed or saved as PDF.
WHOLE = Part(
    name="whole",
    label="The whole report",
    left=("people", "findings", "uncounted", "metrics", "drift", "stages", "passed", "provenance"),
    tab="",
)
_BY_NAME = {part.name: part for part in (SUMMARY, *PARTS, WHOLE)}
#: For the routes: every part but the first, which has the shortest address.
NAMES = ", ".join(name for name in _BY_NAME if name)


def render_part(report: Report, name: str, **more: object) -> str:
    """One page of a report.

    Args:
        report: As the asker may see it.
        name: Of the part.
        more: What the templates of this asker need besides; `status` is there for staff alone.
    """
    part = _BY_NAME[name]
    is_reviewer = "status" in more
    if part.is_for_staff and not is_reviewer:
        abort(404)
    tabs = [p for p in (SUMMARY, *PARTS) if p.tab == p.name and _is_shown(p, report, is_reviewer=is_reviewer)]
    groups = passed_by_dimension(report)
    is_split = part.name == "passed" and sum(map(len, groups.values())) > MOST_TOGETHER
    return render_template(
        "report/page.html",
        report=report,
        part=part,
        tabs=tabs,
        is_reviewer=is_reviewer,
        passed=groups,
        passed_here=_chosen(groups, request.args.get("of", "")) if is_split else None,
        **more,
    )


def passed_by_dimension(report: Report) -> dict[Dimension, tuple[Finding, ...]]:
    """What passed, as the report orders it; a dimension where nothing did is left out."""
    of = {finding.check: grade.dimension for grade in report.grades for finding in grade.findings}
    passed = [finding for finding in report.findings if finding.outcome == Outcome.PASSED]
    groups = {d: tuple(finding for finding in passed if of[finding.check] == d) for d in Dimension}
    return {dimension: findings for dimension, findings in groups.items() if findings}


def _chosen(groups: dict[Dimension, tuple[Finding, ...]], of: str) -> Dimension:
    """The dimension of this name, or of the check of this name; without either the first."""
    named = (d for d, findings in groups.items() if of == d.value or any(f.check == of for f in findings))
    return next(named, next(iter(groups)))


def _is_shown(part: Part, report: Report, *, is_reviewer: bool) -> bool:
    """Whether the part has a tab: nobody is led to a page without anything on it."""
    if part.is_for_staff and not is_reviewer:
        return False
    if part.name == "written":
        return any(artifact.kind in _DRAWN for artifact in report.artifacts)
    return part.name != "model" or bool(report.metrics or report.curves)
