"""What promtool printed about alert rules and their tests, brought into one form."""

import re
from collections.abc import Iterator

from audition.domain.tools import NEWER, Severity, ToolFinding
from audition.grading.static.parse import Parsed, finding
from audition.grading.static.process import Ended

_CHECKED = re.compile(r"^Checking (?P<file>.+)$")
_TESTED = re.compile(r"^Unit Testing:  (?P<file>.+)$", re.MULTILINE)
_SUCCESS = re.compile(r"^  SUCCESS")
_COUNT = re.compile(r"^  SUCCESS: (?P<count>\d+) rules found$", re.MULTILINE)
_FAILED = re.compile(r"^  FAILED:$", re.MULTILINE)
_ERROR = re.compile(r"^(?P<file>\./.+?): (?:(?P<line>\d+):\d+: )?(?P<message>.*)$")
_INNER = re.compile(r"^  line (?P<line>\d+): (?P<message>.*)$")
_RULE = re.compile(r'^group "[^"]*", rule \d+, "(?P<name>[^"]*)": ')
#: What a promtool says of what came after it. Source: Prometheus 2.42, model/rulefmt and promql/parser.
_NEWER = re.compile(r"field \S+ not found in type rulefmt\.|parse error: unknown function with name ")


def checked(ended: Ended) -> Parsed:
    """`check rules`: a line for each error, or one for a whole file with more below it.

    What only a newer Prometheus knows is of the rule `NEWER`, and no error.
    """
    text = ended.stdout.decode("utf-8", "replace")
    found = list(_errors(ended.said))
    named = {item.file for item in found}
    silent = [file for file in _unsuccessful(text, _CHECKED) if file.removeprefix("./") not in named]
    found += [finding("invalid", Severity.ERROR, "it cannot be loaded", file) for file in silent]
    good = sum(int(count) for count in _COUNT.findall(text))
    return Parsed(findings=tuple(found), passed={"rules": good} if good else {})


def _errors(said: str) -> Iterator[ToolFinding]:
    file = ""
    for line in said.splitlines():
        if match := _ERROR.match(line):
            file = match["file"]
            if not match["message"].endswith("unmarshal errors:"):
                yield _error(file, match["line"], match["message"])
        elif file and (match := _INNER.match(line)):
            yield _error(file, match["line"], match["message"])


def _error(file: str, line: str | None, message: str) -> ToolFinding:
    rule = _RULE.match(message)
    words = message[rule.end() :] if rule else message
    number = int(line) if line else None
    subject = rule["name"] if rule else ""
    if _NEWER.search(words):
        return finding(NEWER, Severity.INFO, words, file, number, subject)
    return finding("invalid", Severity.ERROR, words, file, number, subject)


def tested(ended: Ended) -> Parsed:
    """`test rules`: which files failed, and what was said of each; on two streams, in the same order."""
    text = ended.stdout.decode("utf-8", "replace")
    failed = _unsuccessful(text, _TESTED)
    # From the end, for the beginning of what is said may have been cut off.
    said = dict(zip(reversed(failed), reversed(_FAILED.split(ended.said)[1:]), strict=False))
    found = tuple(_failure(file, said.get(file, "")) for file in failed)
    passed = len(_TESTED.findall(text)) - len(failed)
    return Parsed(findings=found, passed={"tests": passed} if passed else {})


def _failure(file: str, said: str) -> ToolFinding:
    words = " ".join(said.split()) or "its tests fail"
    if _NEWER.search(words):
        return finding(NEWER, Severity.INFO, words, file)
    return finding("failed", Severity.ERROR, words, file)


def _unsuccessful(text: str, heading: re.Pattern[str]) -> list[str]:
    """The files that a heading announces and no success follows.

    Raises:
        ValueError: There is no heading: the program did not come to its work.
    """
    lines = text.splitlines()
    places = [(number, match["file"]) for number, line in enumerate(lines) if (match := heading.match(line))]
    if not places:
        msg = "no file is named"
        raise ValueError(msg)
    return [file for number, file in places if not _SUCCESS.match("".join(lines[number + 1 : number + 2]))]
