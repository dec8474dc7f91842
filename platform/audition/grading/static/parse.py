"""What linters that speak JSON printed, brought into one form. Anything else than expected is a `ValueError`."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from audition.domain.tools import Severity, ToolFinding
from audition.grading.static.process import Ended

_MAX_TEXT = 300
_BY_WORD = {
    "error": Severity.ERROR,
    "critical": Severity.ERROR,
    "high": Severity.ERROR,
    "warning": Severity.WARNING,
    "medium": Severity.WARNING,
    "moderate": Severity.WARNING,
}
#: What tools put before a path that they were given relative to their folder.
_HERE = re.compile(r"^(?:\./|/)+")
#: Zizmor ended without having read anything. Source: its manual, exit codes.
_NOTHING_AUDITED = 3
#: Bandit quotes the password that it found.
_QUOTED = re.compile(r"(possible hardcoded password)\b.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What one tool found."""

    findings: tuple[ToolFinding, ...]
    passed: dict[str, int] = field(default_factory=dict)


def finding(  # noqa: PLR0913  one finding, in full
    rule: object,
    severity: Severity,
    message: object,
    file: object = "",
    line: object = None,
    subject: object = "",
    *,
    is_suppressed: bool = False,
) -> ToolFinding:
    """A finding from values that a program printed; texts are capped and made printable."""
    number = line if isinstance(line, int) and line > 0 else None
    return ToolFinding(
        rule=clean(rule, 80),
        severity=severity,
        message=clean(message),
        file=_HERE.sub("", clean(file)),
        line=number,
        subject=clean(subject, 120),
        is_suppressed=is_suppressed,
    )


def clean(text: object, most: int = _MAX_TEXT) -> str:
    """One line of printable text."""
    words = " ".join(str(text).split())[:most]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)


def severity_of(word: object) -> Severity:
    """A tool's own word for how bad it is; an unknown one is the least."""
    return _BY_WORD.get(str(word).lower(), Severity.INFO)


def load(ended: Ended) -> Any:  # noqa: ANN401  whatever the tool printed
    """The JSON document on standard output.

    Raises:
        ValueError: There is none.
    """
    try:
        return json.loads(ended.stdout)
    except RecursionError:
        msg = "the report is nested too deeply"
        raise ValueError(msg) from None


def _all(found: Iterable[ToolFinding], passed: dict[str, int] | None = None) -> Parsed:
    return Parsed(findings=tuple(found), passed=passed or {})


def hadolint(ended: Ended) -> Parsed:
    """Hadolint's `json`."""
    return _all(
        finding(item["code"], severity_of(item["level"]), item["message"], item["file"], item["line"])
        for item in load(ended)
    )


def checkov(ended: Ended) -> Parsed:
    """The document of our own program around checkov; a skipped check counts as failed."""
    items = load(ended)
    passed = Counter(clean(item["rule"], 80) for item in items if item["outcome"] == "passed")
    found = (
        finding(
            item["rule"],
            Severity.WARNING,
            item["name"],
            item["file"],
            item["line"],
            item["resource"],
            is_suppressed=item["outcome"] == "skipped",
        )
        for item in items
        if item["outcome"] != "passed"
    )
    return _all(found, dict(passed))


def zizmor(ended: Ended) -> Parsed:
    """Zizmor's `json-v1`; lines are counted from 0."""
    if ended.code == _NOTHING_AUDITED:
        what = "no workflow could be audited: none of them fits the form of one"
        return _all([finding("not-auditable", Severity.ERROR, what)])
    return _all(_zizmor_findings(load(ended)))


def _zizmor_findings(items: Any) -> Iterator[ToolFinding]:  # noqa: ANN401  whatever the tool printed
    for item in items:
        word = item["determinations"]["severity"]
        places = sorted(item["locations"], key=lambda p: p["symbolic"]["kind"] != "Primary")
        key = places[0]["symbolic"]["key"].get("Local", {})
        file = key.get("verbatim_path") or key.get("given_path") or ""
        line = places[0]["concrete"]["location"]["start_point"]["row"] + 1
        yield finding(
            item["ident"],
            severity_of(word),
            item["desc"],
            file,
            line,
            places[0]["symbolic"].get("annotation", ""),
            is_suppressed=bool(item.get("ignored")),
        )


def actionlint(ended: Ended) -> Parsed:
    """Actionlint's `{{json .}}`."""
    return _all(
        finding(item["kind"], Severity.ERROR, item["message"], item["filepath"], item["line"])
        for item in load(ended) or []
    )


def schema(ended: Ended) -> Parsed:
    """check-jsonschema's `json`: what does not fit the schema, and what is no YAML."""
    document = load(ended)
    misfits = [
        finding("schema", Severity.ERROR, item["message"], item["filename"], None, item.get("path", ""))
        for item in document.get("errors", [])
    ]
    broken = [
        finding("parse", Severity.ERROR, item["message"], item["filename"])
        for item in document.get("parse_errors", [])
    ]
    return _all([*misfits, *broken])


def ruff(ended: Ended) -> Parsed:
    """Ruff's `json`; for a notebook the line is the one in its cell."""
    return _all(
        finding(
            item["code"] or "syntax",
            Severity.ERROR if str(item["code"] or "E9")[:2] in {"E9", "F8"} else Severity.WARNING,
            item["message"],
            item["filename"],
            item["location"]["row"],
            f"cell {item['cell']}" if item.get("cell") else "",
        )
        for item in load(ended)
    )


def bandit(ended: Ended) -> Parsed:
    """Bandit's `json`; what it quotes of passwords is left out."""
    document = load(ended)
    found = (
        finding(
            item["test_id"],
            severity_of(item["issue_severity"]),
            _QUOTED.sub(r"\1", item["issue_text"]),
            item["filename"],
            item["line_number"],
            f"confidence {str(item['issue_confidence']).lower()}",
        )
        for item in document["results"]
    )
    broken = (
        finding("parse", Severity.INFO, item["reason"], item["filename"])
        for item in document.get("errors", [])
    )
    return _all([*found, *broken])


def shellcheck(ended: Ended) -> Parsed:
    """ShellCheck's `json`."""
    return _all(
        finding(f"SC{item['code']}", severity_of(item["level"]), item["message"], item["file"], item["line"])
        for item in load(ended)
    )


def detect_secrets(ended: Ended) -> Parsed:
    """detect-secrets' baseline document; it holds digests and no secrets."""
    return _all(
        finding(item["type"], Severity.WARNING, item["type"], file, item["line_number"])
        for file, items in load(ended)["results"].items()
        for item in items
    )


def gitleaks(ended: Ended) -> Parsed:
    """Gitleaks' `json`, redacted by gitleaks itself; nothing of the match is taken over."""
    return _all(
        finding(item["RuleID"], Severity.ERROR, item["Description"], item["File"], item["StartLine"])
        for item in load(ended) or []
    )
