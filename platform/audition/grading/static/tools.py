"""The linters: how each is started with suppressions and repository configuration off, and for which files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audition.grading.static import parse, parse_rules, parse_text
from audition.grading.static.gather import Kind
from audition.grading.static.parse import Parsed
from audition.grading.static.process import Caps, Ended

HOME = Path("/opt/linters")
"""Where the image has them."""
_VERSIONS = "versions.json"
#: What ruff is asked: errors that Python itself would make, names that are not there, and traps. No style.
#: Source: the design's grader catalogue, J3.
_RUFF_RULES = "F,E7,E9,B,PLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The linters of an image."""

    home: Path = HOME
    versions: Mapping[str, str] = field(default_factory=dict)

    def program(self, name: str) -> str:
        """Path of a program."""
        return str(self.home / "bin" / name)

    def own(self, name: str) -> str:
        """Path of a file of ours beside them: an empty configuration, or a program."""
        return str(self.home / "audition" / name)


def installed(home: Path = HOME) -> Kit:
    """The kit of this image; without one every tool counts as missing."""
    file = home / _VERSIONS
    return Kit(home=home, versions=json.loads(file.read_bytes()) if file.exists() else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One linter."""

    name: str
    kinds: tuple[Kind, ...]
    """Of which files it is given; they share a folder, which is where it runs."""
    argv: Callable[[Kit, list[str]], list[str]]
    """From the kit and the files, which are relative to the working folder and never begin with a dash."""
    parse: Callable[[Ended], Parsed]
    codes: frozenset[int] = frozenset({0})
    """Exit codes that mean: it did its work."""
    caps: Caps = field(default_factory=Caps)
    environment: Mapping[str, str] = field(default_factory=dict)


def _hadolint(kit: Kit, files: list[str]) -> list[str]:
    config = kit.own("hadolint.yaml")
    return [
        kit.program("hadolint"),
        "--disable-ignore-pragma",
        "--no-fail",
        "-c",
        config,
        "-f",
        "json",
        *files,
    ]


def _checkov(kit: Kit, _files: list[str]) -> list[str]:
    return [kit.program("python"), "-I", kit.own("checkov_report.py"), "."]


def _zizmor(kit: Kit, files: list[str]) -> list[str]:
    off = ("--offline", "--no-config", "--no-ignores", "--no-exit-codes", "--quiet")
    return [kit.program("zizmor"), *off, "--format", "json-v1", *files]


def _actionlint(kit: Kit, files: list[str]) -> list[str]:
    alone = ("-shellcheck=", "-pyflakes=", "-config-file", kit.own("actionlint.yaml"))
    return [kit.program("actionlint"), "-no-color", *alone, "-format", "{{json .}}", *files]


def _act(kit: Kit, _files: list[str]) -> list[str]:
    return [kit.program("act"), "--validate", "--workflows", ".github/workflows", "--directory", "."]


def _schema(name: str) -> Callable[[Kit, list[str]], list[str]]:
    def argv(kit: Kit, files: list[str]) -> list[str]:
        return [kit.program("check-jsonschema"), "--builtin-schema", f"vendor.{name}", "-o", "json", *files]

    return argv


def _kubernetes(kit: Kit, files: list[str]) -> list[str]:
    return [kit.program("kubernetes-validate"), *files]


def _ruff(kit: Kit, files: list[str]) -> list[str]:
    off = ("--isolated", "--ignore-noqa", "--no-cache", "--exit-zero", "--no-respect-gitignore")
    return [kit.program("ruff"), "check", *off, "--select", _RUFF_RULES, "--output-format", "json", *files]


def _bandit(kit: Kit, files: list[str]) -> list[str]:
    return [kit.program("bandit"), "--ignore-nosec", "--exit-zero", "-q", "-x", "", "-f", "json", *files]


def _shellcheck(kit: Kit, files: list[str]) -> list[str]:
    return [kit.program("shellcheck"), "--norc", "-f", "json", *files]


def _detect_secrets(kit: Kit, _files: list[str]) -> list[str]:
    off = (
        "--all-files",
        "--no-verify",
        "--disable-filter",
        "detect_secrets.filters.allowlist.is_line_allowlisted",
    )
    return [kit.program("python"), "-I", "-m", "detect_secrets", "scan", *off, "."]


def _gitleaks(kit: Kit, _files: list[str]) -> list[str]:
    off = ("--ignore-gitleaks-allow", "-c", kit.own("gitleaks.toml"), "-i", kit.own("gitleaksignore"))
    form = (
        "--redact",
        "--no-banner",
        "--no-color",
        "-l",
        "error",
        "--exit-code",
        "0",
        "-f",
        "json",
        "-r",
        "-",
    )
    return [kit.program("gitleaks"), "dir", ".", *off, *form]


def _picklescan(kit: Kit, _files: list[str]) -> list[str]:
    return [kit.program("picklescan"), "-p", "."]


def _rules(kit: Kit, files: list[str]) -> list[str]:
    return [kit.program("promtool"), "check", "rules", "--lint=none", *files]


def _rule_tests(kit: Kit, files: list[str]) -> list[str]:
    return [kit.program("promtool"), "test", "rules", *files]


#: A Go program would take all cores, and memory until its garbage is worth collecting.
_GO = {"GOMEMLIMIT": "300MiB", "GOMAXPROCS": "1"}
_ONE = frozenset({0, 1})
TOOLS = (
    # The slowest to start goes first.
    Tool(
        name="checkov",
        kinds=(Kind.DOCKERFILE, Kind.KUBERNETES, Kind.WORKFLOW, Kind.GITLAB),
        argv=_checkov,
        parse=parse.checkov,
        caps=Caps(seconds=40.0),
    ),
    Tool(name="hadolint", kinds=(Kind.DOCKERFILE,), argv=_hadolint, parse=parse.hadolint, codes=_ONE),
    Tool(name="zizmor", kinds=(Kind.WORKFLOW,), argv=_zizmor, parse=parse.zizmor, codes=frozenset({0, 3})),
    Tool(name="actionlint", kinds=(Kind.WORKFLOW,), argv=_actionlint, parse=parse.actionlint, codes=_ONE),
    Tool(name="act", kinds=(Kind.WORKFLOW,), argv=_act, parse=parse_text.act, codes=_ONE),
    Tool(
        name="schema-workflow",
        kinds=(Kind.WORKFLOW,),
        argv=_schema("github-workflows"),
        parse=parse.schema,
        codes=_ONE,
    ),
    Tool(
        name="schema-gitlab", kinds=(Kind.GITLAB,), argv=_schema("gitlab-ci"), parse=parse.schema, codes=_ONE
    ),
    Tool(
        name="kubernetes-validate",
        kinds=(Kind.KUBERNETES,),
        argv=_kubernetes,
        parse=parse_text.kubernetes_validate,
        codes=_ONE,
    ),
    Tool(name="detect-secrets", kinds=(Kind.TEXT,), argv=_detect_secrets, parse=parse.detect_secrets),
    Tool(name="gitleaks", kinds=(Kind.TEXT,), argv=_gitleaks, parse=parse.gitleaks),
    Tool(name="ruff", kinds=(Kind.PYTHON, Kind.NOTEBOOK), argv=_ruff, parse=parse.ruff),
    Tool(name="bandit", kinds=(Kind.PYTHON,), argv=_bandit, parse=parse.bandit, codes=_ONE),
    Tool(name="shellcheck", kinds=(Kind.SHELL,), argv=_shellcheck, parse=parse.shellcheck, codes=_ONE),
    Tool(
        name="promtool-rules",
        kinds=(Kind.RULES,),
        argv=_rules,
        parse=parse_rules.checked,
        codes=_ONE,
        caps=Caps(seconds=15.0, memory_bytes=400 << 20),
        environment=_GO,
    ),
    Tool(
        name="promtool-tests",
        kinds=(Kind.RULE_TESTS,),
        argv=_rule_tests,
        parse=parse_rules.tested,
        codes=_ONE,
        caps=Caps(seconds=20.0, memory_bytes=400 << 20),
        environment=_GO,
    ),
    Tool(name="picklescan", kinds=(Kind.MODEL,), argv=_picklescan, parse=parse_text.picklescan, codes=_ONE),
)
