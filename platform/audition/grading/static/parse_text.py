"""What linters that speak prose printed, brought into one form."""

import re
from collections.abc import Iterator

from audition.domain.tools import Severity, ToolFinding
from audition.grading.static.parse import Parsed, finding
from audition.grading.static.process import Ended

_ACT_INVALID = re.compile(r"^Error: workflow is not valid\. '(?P<file>[^']+)': (?P<message>.*)$")
_ACT_LINE = re.compile(r"\bLine: (\d+)")
_ACT_PARSE = re.compile(r"^(?:Error: )?(?P<message>(?:yaml|invalid|unable|could not).*)$", re.IGNORECASE)
_KUBERNETES = re.compile(
    r"^(?P<level>INFO|WARNING|WARN|ERROR) +(?P<file>\S.*?) (?P<said>passed|did not validate) for resource "
    r"(?P<subject>\S+) against version [\d.]+(?:: (?P<message>.*))?$"
)
_KUBERNETES_OTHER = re.compile(r"^(?P<level>WARNING|WARN|ERROR) +(?P<file>\S+?):? (?P<message>.*)$")
_PICKLE = re.compile(r"^(?P<file>.+): (?P<word>dangerous|suspicious) import '(?P<name>[^']*)' FOUND$")
_PICKLE_GLOBAL = re.compile(r"^ {2}\* (?P<name>.+) - (?P<safety>innocuous|suspicious|dangerous)$")


def act(ended: Ended) -> Parsed:
    """Act's `--validate`: silence, or what does not fit its schema."""
    return Parsed(findings=tuple(_act_findings(ended)))


def _act_findings(ended: Ended) -> Iterator[ToolFinding]:
    if ended.code == 0:
        return
    lines = ended.said.splitlines()
    for number, line in enumerate(lines):
        if match := _ACT_INVALID.match(line):
            message = " ".join((match["message"], *lines[number + 1 : number + 2]))
            place = _ACT_LINE.findall(message)
            at = int(place[-1]) if place else None
            file = f".github/workflows/{match['file']}"
            yield finding("workflow", Severity.ERROR, message, file, at)
            return
        if match := _ACT_PARSE.match(line):
            yield finding("workflow", Severity.ERROR, match["message"])
            return
    msg = f"act ended with {ended.code}: {ended.said[-200:]}"
    raise ValueError(msg)


def kubernetes_validate(ended: Ended) -> Parsed:
    """One line for each object; an unknown kind is a warning, which says nothing about the object."""
    found: list[ToolFinding] = []
    passed = 0
    text = ended.stdout.decode("utf-8", "replace") + "\n" + ended.said
    for line in text.splitlines():
        if match := _KUBERNETES.match(line):
            if match["said"] == "passed":
                passed += 1
            else:
                message = match["message"] or "does not validate"
                found.append(
                    finding("schema", Severity.ERROR, message, match["file"], None, match["subject"])
                )
        elif match := _KUBERNETES_OTHER.match(line):
            is_error = match["level"] == "ERROR"
            severity = Severity.ERROR if is_error else Severity.INFO
            rule = "parse" if is_error else "unknown-kind"
            found.append(finding(rule, severity, match["message"], match["file"]))
    if not found and not passed and ended.code != 0:
        msg = f"nothing was understood: {ended.said[-200:]}"
        raise ValueError(msg)
    return Parsed(findings=tuple(found), passed={"schema": passed} if passed else {})


def picklescan(ended: Ended) -> Parsed:
    """One line for each import of a pickle that is not harmless."""
    text = ended.stdout.decode("utf-8", "replace")
    found = [
        finding(
            match["word"],
            Severity.ERROR if match["word"] == "dangerous" else Severity.WARNING,
            f"loading it imports {match['name']}",
            match["file"],
            None,
            match["name"],
        )
        for line in f"{text}\n{ended.said}".splitlines()
        if (match := _PICKLE.match(line))
    ]
    if "SCAN SUMMARY" not in text:
        msg = f"the scan has no summary: {ended.said[-200:]}"
        raise ValueError(msg)
    return Parsed(findings=tuple(found))
