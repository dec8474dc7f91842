"""Write findings as JUnit XML, which CI servers and editors show as tests."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from audition.domain.grade import Dimension, Finding, Outcome
from audition.domain.report import Report

#: Characters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILURES = frozenset({Outcome.FAILED, Outcome.PARTIAL})


def write_junit(report: Report, dimensions: Mapping[str, Dimension]) -> bytes:
    """One test suite for each dimension, one test for each check.

    What was not assessed is skipped, never failed; so is what is blocked, whose cause is a failure of its own.

    Args:
        report: As its reader may see it.
        dimensions: Of each check.
    """
    root = ET.Element("testsuites", name=_text(report.challenge_title))
    for dimension in Dimension:
        findings = [f for f in report.findings if dimensions.get(f.check) == dimension]
        if findings:
            root.append(_suite(dimension, findings))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _suite(dimension: Dimension, findings: list[Finding]) -> ET.Element:
    failures = sum(finding.outcome in _FAILURES for finding in findings)
    skipped = sum(finding.outcome not in {*_FAILURES, Outcome.PASSED} for finding in findings)
    suite = ET.Element(
        "testsuite",
        name=dimension.value,
        tests=str(len(findings)),
        failures=str(failures),
        errors="0",
        skipped=str(skipped),
    )
    suite.extend(_case(dimension, finding) for finding in findings)
    return suite


def _case(dimension: Dimension, finding: Finding) -> ET.Element:
    case = ET.Element("testcase", classname=f"{dimension}.{finding.check}", name=_text(finding.title))
    if finding.outcome in _FAILURES:
        failure = ET.SubElement(case, "failure", type=finding.outcome.value, message=_text(finding.sentence))
        failure.text = _text(_details(finding))
    elif finding.outcome != Outcome.PASSED:
        ET.SubElement(case, "skipped", message=_text(finding.sentence))
    return case


def _details(finding: Finding) -> str:
    places = (
        f"{e.summary}: {e.file}{'' if e.line is None else f':{e.line}'}" if e.file else e.summary
        for e in finding.evidence
    )
    earned = f"{finding.points:g} of {finding.max_points:g} points."
    return "\n".join([earned, *places, *filter(None, (finding.why, finding.how_to_fix))])


def _text(value: str) -> str:
    return _UNWRITABLE.sub("\ufffd", value)
