"""Copy the files that linters look at out of a submission, by kind. Names and contents are hostile."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from audition.domain.tools import Suppression
from audition.grading.static.pragmas import configuration_of, neutralise, pragmas_in
from audition.grading.yaml_files import broken_bound


class Kind(StrEnum):
    """What a file is, as far as linters care."""

    DOCKERFILE = "dockerfile"
    WORKFLOW = "workflow"
    GITLAB = "gitlab"
    KUBERNETES = "kubernetes"
    SHELL = "shell"
    PYTHON = "python"
    NOTEBOOK = "notebook"
    MODEL = "model"
    RULES = "rules"
    """Prometheus rules as Prometheus reads them; those inside an object of its operator are manifests."""
    RULE_TESTS = "rule_tests"
    TEXT = "text"
    """Everything that can be read as text: where secrets are looked for."""


#: The folder of the copies of each kind: a tool that scans its folder must find its files only.
FOLDERS = {
    Kind.DOCKERFILE: "deploy",
    Kind.WORKFLOW: "deploy",
    Kind.GITLAB: "deploy",
    Kind.KUBERNETES: "deploy",
    Kind.SHELL: "shell",
    Kind.PYTHON: "code",
    Kind.NOTEBOOK: "code",
    Kind.MODEL: "models",
    # Together, for tests name the files of the rules that they test.
    Kind.RULES: "rules",
    Kind.RULE_TESTS: "rules",
    Kind.TEXT: "text",
}
#: Most files of a kind that are looked at; an honest submission has far fewer.
_MOST = {
    Kind.DOCKERFILE: 5,
    Kind.WORKFLOW: 20,
    Kind.GITLAB: 5,
    Kind.KUBERNETES: 50,
    Kind.SHELL: 30,
    Kind.PYTHON: 300,
    Kind.NOTEBOOK: 20,
    Kind.MODEL: 20,
    Kind.RULES: 20,
    Kind.RULE_TESTS: 20,
    Kind.TEXT: 1000,
}
#: What tools parse as YAML, those that look for secrets included: a bomb of aliases would keep them busy to their end.
_YAML_ENDINGS = frozenset({".yml", ".yaml", ".eyaml"})
_YAML = frozenset({Kind.WORKFLOW, Kind.GITLAB, Kind.KUBERNETES, Kind.RULES, Kind.RULE_TESTS})
Named = Mapping[Kind, Collection[str]]
"""Paths that the contract gives for a kind, whatever they are called."""
#: Most bytes of one file. A notebook carries pictures.
_LARGEST = {Kind.NOTEBOOK: 4 << 20, Kind.TEXT: 1 << 20}
_LARGEST_OTHER = 256 << 10
_TOTAL_BYTES = 24 << 20
_MAX_DEPTH = 20
_MAX_NAME = 300
_MAX_LEFT_OUT = 50
_MAX_SUPPRESSIONS = 200
_VENDORED = frozenset(
    {".git", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".mypy_cache"}
)
_MODELS = frozenset(
    {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin", ".npy", ".npz", ".dill", ".onnx", ".safetensors"}
    | {".skops", ".ckpt", ".h5", ".keras", ".model", ".ubj", ".cbm"}
)
#: Data in text form: nobody keeps secrets there, and a table of hashes looks like a thousand of them.
_DATA = frozenset({".csv", ".tsv", ".jsonl", ".svg", ".lock", ".sum"})
_KUBERNETES_KEYS = (re.compile(rb"^apiVersion\s*:", re.MULTILINE), re.compile(rb"^kind\s*:", re.MULTILINE))
_GROUPS = re.compile(rb"^groups\s*:", re.MULTILINE)
_RULE = re.compile(rb"^\s*(?:-\s*)?(?:expr|alert|record)\s*:", re.MULTILINE)
_RULE_FILES = re.compile(rb"^rule_files\s*:", re.MULTILINE)
_TESTS = re.compile(rb"^tests\s*:", re.MULTILINE)
_SHEBANG = re.compile(rb"^#!\s*/(?:usr/)?bin/(?:env\s+)?(?:ba|da|a|k)?sh\b")


@dataclass(slots=True, kw_only=True)
class Gathered:
    """The copies, and what was seen on the way."""

    root: Path
    files: dict[Kind, list[str]] = field(default_factory=dict)
    """By kind, the paths in the submission; each is copied to the kind's folder under the same path."""
    suppressions: list[Suppression] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unbounded: dict[str, str] = field(default_factory=dict)
    """YAML that no tool is given, by path, with the bound that it breaks."""
    bytes: int = 0

    def folder(self, kind: Kind) -> Path:
        """Where the copies of a kind are."""
        return self.root / FOLDERS[kind]

    def leave(self, path: str, why: str) -> None:
        """Note a file that no tool is given."""
        if len(self.left_out) < _MAX_LEFT_OUT:
            self.left_out.append(f"{path[:_MAX_NAME]!r} {why}")


def gather(submission: Path, paths: Iterable[str], scratch: Path, named: Named | None = None) -> Gathered:
    """Copy what linters look at.

    Args:
        submission: The unpacked files.
        paths: Their paths, as the inventory has them.
        scratch: An empty folder outside of the submission.
        named: What is of a kind because the contract says so.
    """
    gathered = Gathered(root=scratch)
    for folder in set(FOLDERS.values()):
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(paths):
        parts = PurePosixPath(path).parts
        if _VENDORED & set(parts[:-1]):
            continue
        if not path.isprintable() or len(path) > _MAX_NAME or len(parts) > _MAX_DEPTH:
            gathered.leave(path, "has a name that tools cannot be trusted with.")
            continue
        file = submission / path
        if file.is_file() and not file.is_symlink():
            _take(gathered, file, path, named or {})
    return gathered


def _take(gathered: Gathered, file: Path, path: str, named: Named) -> None:
    if tool := configuration_of(path):
        gathered.suppressions.append(Suppression(tool=tool, file=path, excerpt="its configuration, not used"))
    if PurePosixPath(path).suffix.lower() in _MODELS:
        if _has_room(gathered, Kind.MODEL, path):
            # Models may be large, and their scanner reads only: a link is enough.
            _target(gathered, Kind.MODEL, path).symlink_to(file.absolute())
        return
    size = file.stat().st_size
    if size > max(_LARGEST.values()):
        gathered.leave(path, "is too large to be looked at as text.")
        return
    data = file.read_bytes()
    if b"\0" in data:
        return
    for kind in _bounded(gathered, path, data, _all_kinds(path, data, named)):
        _copy(gathered, kind, path, data)
    room = _MAX_SUPPRESSIONS - len(gathered.suppressions)
    gathered.suppressions.extend(pragmas_in(path, data)[: max(room, 0)])


def _all_kinds(path: str, data: bytes, named: Named) -> tuple[Kind, ...]:
    """What a text file is by its name and content, and by what the contract says."""
    found = dict.fromkeys(_kinds(path, data))
    if Kind.KUBERNETES not in found:
        found |= dict.fromkeys(kind for kind, paths in named.items() if path in paths)
    return tuple(found)


def _bounded(gathered: Gathered, path: str, data: bytes, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """The kinds as which a file may be given to tools: none when it is YAML that means more than anybody writes."""
    is_yaml = PurePosixPath(path).suffix.lower() in _YAML_ENDINGS or _YAML & set(kinds)
    if not is_yaml or len(data) > _LARGEST[Kind.TEXT]:
        return kinds
    trouble = broken_bound(data)
    if not trouble:
        return kinds
    if len(gathered.unbounded) < _MAX_LEFT_OUT:
        gathered.unbounded[path] = trouble
    return ()


def _copy(gathered: Gathered, kind: Kind, path: str, data: bytes) -> None:
    if len(data) > _LARGEST.get(kind, _LARGEST_OTHER):
        gathered.leave(path, f"has {len(data):,} bytes, too many for a file of kind {kind}.")
    elif gathered.bytes + len(data) > _TOTAL_BYTES:
        gathered.leave(path, "comes after as much text as is looked at.")
    elif _has_room(gathered, kind, path):
        gathered.bytes += len(data)
        _target(gathered, kind, path).write_bytes(neutralise(data) if kind == Kind.SHELL else data)


def _has_room(gathered: Gathered, kind: Kind, path: str) -> bool:
    files = gathered.files.setdefault(kind, [])
    if len(files) >= _MOST[kind]:
        gathered.leave(path, f"comes after {_MOST[kind]} files of kind {kind}.")
        return False
    files.append(path)
    return True


def _target(gathered: Gathered, kind: Kind, path: str) -> Path:
    target = gathered.folder(kind) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _kinds(path: str, data: bytes) -> Iterator[Kind]:
    """Every kind that a text file is."""
    pure = PurePosixPath(path)
    name, suffix = pure.name.lower(), pure.suffix.lower()
    if name in {"dockerfile", "containerfile"} or name.startswith("dockerfile.") or suffix == ".dockerfile":
        yield Kind.DOCKERFILE
    if suffix in _YAML_ENDINGS:
        yield from _yaml_kinds(pure, data)
    if suffix in {".sh", ".bash"} or _SHEBANG.match(data):
        yield Kind.SHELL
    if suffix == ".py":
        yield Kind.PYTHON
    if suffix == ".ipynb":
        yield Kind.NOTEBOOK
    if suffix not in _DATA:
        yield Kind.TEXT


def _yaml_kinds(path: PurePosixPath, data: bytes) -> Iterator[Kind]:
    if path.parts[:2] == (".github", "workflows"):
        yield Kind.WORKFLOW
    elif path.name.lower() in {".gitlab-ci.yml", ".gitlab-ci.yaml"}:
        yield Kind.GITLAB
    elif all(key.search(data) for key in _KUBERNETES_KEYS):
        yield Kind.KUBERNETES
    elif _GROUPS.search(data) and _RULE.search(data):
        yield Kind.RULES
    elif _RULE_FILES.search(data) and _TESTS.search(data):
        yield Kind.RULE_TESTS
