"""Secrets that travel with the submission: the union of two scanners and our own rules; none is ever shown whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audition.domain.grade import Evidence
from audition.domain.tools import ToolFinding
from audition.grading import Result, Workspace, check, failed, not_assessed, partial, passed
from graders.dockerfile.instructions import NAMES
from graders.tool_findings import reports_of, with_limits

TOOLS = ("detect-secrets", "gitleaks")
_MAX_BYTES = 256 << 10
_MAX_FILES = 400
_MAX_LINE = 4000
#: Types of detect-secrets and rules of gitleaks that say "looks random" or "is called password", not "is a key of X".
_WEAK = frozenset({"Secret Keyword", "Basic Auth Credentials", "generic-api-key", "curl-auth-header"})
#: Entropy alone: digests of images and packages have as much of it as keys do. Public addresses are none.
_NOISE = frozenset({"Hex High Entropy String", "Base64 High Entropy String", "Public IP (ipv4)"})
#: Where a value is given to a secret's name: env files, Dockerfiles, manifests (name, then value), settings.
_NAME = r"(?:[A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)[A-Z0-9_]*)"
_ASSIGNED = re.compile(rf"(?i)\b({_NAME})[\"']?\s*[:=]\s*[\"']?([^\s\"'#,}}]{{6,200}})")
#: The same with any value: scanners name lines such as `automountServiceAccountToken: false`, too.
_NAMED = re.compile(rf"(?i)\b({_NAME})[\"']?\s*[:=]\s*[\"']?([^\s\"'#,}}]{{1,200}})")
_MANIFEST_NAME = re.compile(rf"(?i)^\s*-?\s*name:\s*[\"']?({_NAME})[\"']?\s*$")
_MANIFEST_VALUE = re.compile(r"^\s*value:\s*[\"']?([^\s\"'#]{6,200})")
#: Values that say where the secret is, or that there is none.
_HARMLESS = re.compile(
    r"(?i)^(?:\$|<|%|[\[({]|\d+$|\{\{|os\.|env|config|settings|getenv|secrets?\.|vault|file:|/|https?://[^:@]*$|none|null|true|false"
    r"|change.?me|example|placeholder|dummy|test|your|xxx|\*+$|todo|str\b|optional)"
)
_POINTER = re.compile(r"(?i)(?:FILE|PATH|DIR|URL|URI|NAME|HEADER|TTL|EXPIRY|LENGTH|_ID|LIMIT|COUNT|REF)$")
_FILES = frozenset({".yaml", ".yml", ".env", ".toml", ".ini", ".cfg", ".properties", ".json"})
#: Files of examples: what stands there is meant to be read.
_EXAMPLE = re.compile(r"(?i)(?:^|/)(?:[^/]*(?:example|sample|template)[^/]*|tests?/.*)$")


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """One line that holds a secret."""

    file: str
    line: int
    is_weak: bool
    what: str


@check(
    "code.secrets.kept",
    "No secrets in the files",
    points=3,
    why="Whoever can read the repository can use the key, and its history keeps it after it is deleted.",
    fix="Revoke it, take it out, and read it from the environment or a mounted file when the service starts.",
)
def kept(workspace: Workspace) -> Result:
    """Nothing 1, only weak signs 0.5, something of the form of a key 0 (catalogue J5); values are masked."""
    reports = reports_of(workspace, TOOLS)
    if isinstance(reports, Result):
        return reports
    every = [*_of_tools(workspace, list(reports.findings(TOOLS))), *_own(workspace)]
    leaks = _merged([leak for leak in every if not _is_counted_elsewhere(workspace, leak)])
    missing = reports.missing(TOOLS)
    if not leaks and missing:
        return not_assessed(
            f"{missing[0].tool} did not finish, and what ran found nothing. That is our limit."
        )
    return with_limits(_judge(workspace, leaks), reports, TOOLS)


def _is_counted_elsewhere(workspace: Workspace, leak: Leak) -> bool:
    """Whether the Dockerfile's own check of secrets speaks about it: a fault counts once."""
    return leak.file in NAMES and "dockerfile" in workspace.manifest.graders


def _judge(workspace: Workspace, leaks: list[Leak]) -> Result:
    if not leaks:
        return passed("No scanner finds a secret.")
    evidence = tuple(
        Evidence(summary=leak.what, file=leak.file, line=leak.line, excerpt=_masked(workspace, leak))
        for leak in leaks
    )
    strong = [leak for leak in leaks if not leak.is_weak]
    if strong:
        plural = "s" if len(strong) > 1 else ""
        return failed(f"{len(strong)} line{plural} hold what has the form of a real key.", *evidence)
    return partial(0.5, "A value is given to something that is called a secret.", *evidence)


def _of_tools(workspace: Workspace, found: list[tuple[str, ToolFinding]]) -> Iterator[Leak]:
    for tool, finding in found:
        if finding.rule in _NOISE or finding.line is None:
            continue
        is_example = bool(_EXAMPLE.search(finding.file))
        is_weak = finding.rule in _WEAK
        if is_weak and (is_example or _is_harmless(workspace, finding)):
            continue
        yield Leak(finding.file, finding.line, is_weak or is_example, f"{finding.rule} ({tool})")


def _is_harmless(workspace: Workspace, finding: ToolFinding) -> bool:
    """Whether a weak sign is a value that only points at the secret, or a switch that is called after one."""
    given = list(_NAMED.finditer(_line(workspace, finding.file, finding.line or 0)))
    return bool(given) and all(_only_points(match[1], match[2]) for match in given)


def _only_points(name: str, value: str) -> bool:
    return bool(_HARMLESS.match(value) or _POINTER.search(name))


def _own(workspace: Workspace) -> Iterator[Leak]:
    """Names of secrets with values, in files that scanners of code do not understand."""
    paths = sorted(p for p in workspace.submission.rglob("*") if _is_settings(p))
    for path in paths[:_MAX_FILES]:
        name = str(path.relative_to(workspace.submission))
        if (
            path.is_symlink()
            or not path.is_file()
            or path.stat().st_size > _MAX_BYTES
            or _EXAMPLE.search(name)
        ):
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            if match := _given(line[:_MAX_LINE], lines[number - 2][:_MAX_LINE] if number > 1 else ""):
                yield Leak(name, number, is_weak=True, what=f"a value for {match}")


def _given(line: str, before: str) -> str:
    """The name of the secret that a line gives a value to; empty when it gives none."""
    if line.lstrip().startswith("#"):
        return ""
    for match in _ASSIGNED.finditer(line):
        if not _only_points(match[1], match[2]):
            return match[1][:40]
    name, value = _MANIFEST_NAME.match(before), _MANIFEST_VALUE.match(line)
    return name[1][:40] if name and value and not _only_points(name[1], value[1]) else ""


def _is_settings(path: Path) -> bool:
    return path.suffix in _FILES or path.name.startswith(".env") or path.name.startswith("Dockerfile")


def _merged(leaks: list[Leak]) -> list[Leak]:
    """One for each line, the strongest sign of it; strong ones first."""
    by_line: dict[tuple[str, int], Leak] = {}
    for leak in leaks:
        key = (leak.file, leak.line)
        if key not in by_line or (by_line[key].is_weak and not leak.is_weak):
            by_line[key] = leak
    return sorted(by_line.values(), key=lambda leak: (leak.is_weak, leak))


def _line(workspace: Workspace, file: str, number: int) -> str:
    path = workspace.submission / file
    if not path.is_file() or path.is_symlink() or path.stat().st_size > _MAX_BYTES:
        return ""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[number - 1][:_MAX_LINE] if 0 < number <= len(lines) else ""


def _masked(workspace: Workspace, leak: Leak) -> str:
    """The line with every longer word hidden but for its first letters."""
    line = _line(workspace, leak.file, leak.line).strip()[:160]
    return re.sub(
        r"[^\s\"'=:,]{6,}", lambda m: m[0] if m[0].isupper() and "_" in m[0] else f"{m[0][:3]}…", line
    )
