"""Where a repository tells a tool to look away: counted for reviewers, without effect on any tool."""

import re
from pathlib import PurePosixPath

from audition.domain.tools import Suppression

_MAX_EXCERPT = 120
_MAX_PER_FILE = 50
#: Tool to the comment or annotation that suppresses its findings. Source: each tool's manual.
_PRAGMAS = {
    "hadolint": re.compile(rb"#\s*hadolint\s+(?:global\s+)?(?:ignore|shell)\b"),
    "checkov": re.compile(rb"\b(?:checkov|bridgecrew):skip=|\bcheckov\.io/skip|\bcloudsplaining:skip"),
    "zizmor": re.compile(rb"#\s*zizmor:\s*ignore\b"),
    "ruff": re.compile(rb"#\s*(?:ruff\s*:\s*|flake8\s*[:=]\s*)?noqa\b", re.IGNORECASE),
    "bandit": re.compile(rb"#\s*nosec\b", re.IGNORECASE),
    "detect-secrets": re.compile(rb"pragma:\s*(?:allow|white)list\b", re.IGNORECASE),
    "gitleaks": re.compile(rb"\bgitleaks:allow\b"),
    "shellcheck": re.compile(rb"#\s*shellcheck\s+disable="),
}
_ANY = re.compile(b"|".join(b"(?i:" + pattern.pattern + b")" for pattern in _PRAGMAS.values()))
#: Tool to its configuration files. Having one is good practice; it is only not ours to obey.
_CONFIGURATION = {
    "hadolint": {".hadolint.yaml", ".hadolint.yml", "hadolint.yaml", "hadolint.yml"},
    "checkov": {".checkov.yaml", ".checkov.yml", ".checkov.baseline"},
    "zizmor": {"zizmor.yml", "zizmor.yaml", ".zizmor.yml"},
    "actionlint": {"actionlint.yaml", "actionlint.yml"},
    "ruff": {"ruff.toml", ".ruff.toml"},
    "bandit": {".bandit", "bandit.yaml", "bandit.yml"},
    "detect-secrets": {".secrets.baseline"},
    "gitleaks": {".gitleaks.toml", ".gitleaksignore"},
    "shellcheck": {".shellcheckrc", "shellcheckrc"},
}
_TOOL_OF = {name: tool for tool, names in _CONFIGURATION.items() for name in names}
_DIRECTIVE = re.compile(rb"#(\s*)shellcheck\b")


def configuration_of(path: str) -> str:
    """The tool whose configuration file this is; empty when it is none."""
    return _TOOL_OF.get(PurePosixPath(path).name, "")


def pragmas_in(path: str, data: bytes) -> list[Suppression]:
    """Each line of a file that asks a tool to look away."""
    if not _ANY.search(data):
        return []
    found = [
        Suppression(
            tool=tool,
            file=path,
            line=number,
            # From the pragma on: what stands before it may be the secret that it hides.
            excerpt=line[match.start() :][:_MAX_EXCERPT].decode("utf-8", "replace").strip(),
        )
        for number, line in enumerate(data.splitlines(), 1)
        for tool, pattern in _PRAGMAS.items()
        if (match := pattern.search(line))
    ]
    return found[:_MAX_PER_FILE]


def neutralise(data: bytes) -> bytes:
    """Take ShellCheck's directives out of a script, lines kept: no option switches them off."""
    return _DIRECTIVE.sub(rb"#\1not-shellcheck", data)
