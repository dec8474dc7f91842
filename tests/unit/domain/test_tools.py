"""Reports of tools can be asked for by tool, and for what is missing."""

from audition.domain.tools import Severity, ToolFinding, ToolReport, ToolReports, ToolStatus

HADOLINT = ToolReport(
    tool="hadolint",
    version="2",
    status=ToolStatus.OK,
    findings=(ToolFinding(rule="DL3007", severity=Severity.WARNING, message="latest"),),
)
CHECKOV = ToolReport(tool="checkov", version="3", status=ToolStatus.TIMED_OUT)
ZIZMOR = ToolReport(tool="zizmor", version="1", status=ToolStatus.NOT_APPLICABLE)
REPORTS = ToolReports(reports=(HADOLINT, CHECKOV, ZIZMOR))


def test_a_report_is_found_by_the_name_of_its_tool() -> None:
    assert REPORTS.of("hadolint") is HADOLINT
    assert REPORTS.of("trivy") is None


def test_findings_come_with_the_name_of_their_tool() -> None:
    assert [(tool, f.rule) for tool, f in REPORTS.findings(["hadolint", "zizmor"])] == [
        ("hadolint", "DL3007")
    ]


def test_a_tool_that_had_nothing_to_look_at_is_not_missing() -> None:
    assert REPORTS.missing(["hadolint", "checkov", "zizmor"]) == (CHECKOV,)
