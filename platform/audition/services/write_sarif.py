"""Write findings as SARIF 2.1.0, which code hosts and editors show beside the lines that they speak of.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import audition
from audition.domain.grade import Dimension, Evidence, Finding, Outcome
from audition.domain.report import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: What SARIF calls our outcomes: its kind, and its level, which only a failure has.
_KINDS = {
    Outcome.PASSED: ("pass", "none"),
    Outcome.PARTIAL: ("fail", "warning"),
    Outcome.FAILED: ("fail", "error"),
    Outcome.BLOCKED: ("open", "none"),
    Outcome.NOT_APPLICABLE: ("notApplicable", "none"),
    Outcome.NOT_ASSESSED: ("open", "none"),
    Outcome.INFORMATIVE: ("informational", "none"),
}
#: Paths are relative to the top of what was submitted.
_BASE = "SUBMISSION"


def write_sarif(report: Report, dimensions: Mapping[str, Dimension]) -> bytes:
    """One run with one result for each finding.

    Args:
        report: As its reader may see it.
        dimensions: Of each check.
    """
    driver = {
        "name": "Audition",
        "version": audition.__version__,
        "rules": [_rule(finding, dimensions.get(finding.check)) for finding in report.findings],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{report.provenance.challenge_slug}/{report.submission_id}"},
        "originalUriBaseIds": {
            _BASE: {"description": {"text": "The top of the submitted archive."}},
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(place, finding) for place, finding in enumerate(report.findings)],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", errors="replace")


def _rule(finding: Finding, dimension: Dimension | None) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.check,
        "shortDescription": {"text": finding.title},
        "properties": {"tags": [dimension.value] if dimension else [], "points": finding.max_points},
    }
    if finding.why:
        rule["fullDescription"] = {"text": finding.why}
    if finding.how_to_fix:
        rule["help"] = {"text": finding.how_to_fix}
    return rule


def _result(place: int, finding: Finding) -> dict[str, Any]:
    kind, level = _KINDS[finding.outcome]
    properties: dict[str, Any] = {"points": finding.points, "maxPoints": finding.max_points}
    if finding.blocked_by:
        properties["blockedBy"] = finding.blocked_by
    return {
        "ruleId": finding.check,
        "ruleIndex": place,
        "kind": kind,
        "level": level,
        "message": {"text": finding.sentence or finding.title},
        "locations": [_location(evidence) for evidence in finding.evidence if evidence.file],
        "partialFingerprints": {"check/v1": finding.check},
        "properties": properties,
    }


def _location(evidence: Evidence) -> dict[str, Any]:
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": quote(evidence.file, errors="replace"), "uriBaseId": _BASE},
    }
    if evidence.line is not None and evidence.line > 0:
        physical["region"] = {"startLine": evidence.line}
        if evidence.excerpt:
            physical["region"]["snippet"] = {"text": evidence.excerpt}
    return {"physicalLocation": physical, "message": {"text": evidence.summary}}
