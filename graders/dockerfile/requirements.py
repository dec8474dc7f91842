"""Whether what is installed is named by an exact version: requirement files, projects, locks, conda environments."""

import codecs
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from audition.domain.grade import Evidence
from audition.grading import Workspace
from graders.dockerfile.installs import Install, is_local, name_of
from graders.dockerfile.instructions import BuildStage
from graders.dockerfile.locks import hashed_share

_MAX_BYTES = 512 << 10
#: A lock names every file of every package.
_MAX_LOCK_BYTES = 4 << 20
_MAX_FILES = 5000
#: Dots in one line of a project file: the parser takes quadratic time for a key of many parts.
_MAX_DOTS = 300
_MAX_PROJECT_BYTES = 128 << 10
_MAX_NESTED = 5
_MAX_NESTED_FILES = 50
_MAX_LINE = 4096
_MAX_EXCERPT = 120
_COMMENT = re.compile(r"(?:^|\s)#.*$")
#: Options that a requirement line may end with, e.g. --hash.
_OPTIONS = re.compile(r"\s--?[a-z].*$", re.DOTALL)
_CLAUSE = re.compile(r"===?\s*[^*,;\s]+$")
#: Content that is named by a digest: a hash of the file, or a whole commit of a repository.
_CONTENT = re.compile(r"#(?:[^#]*&)?sha(?:256|384|512)=|@[0-9a-f]{40}(?:[#\s;]|$)")
_HASH = re.compile(r"\s--hash[=\s]\s*sha(?:256|384|512):[0-9a-f]{64}")
_CONDA_LOCK = re.compile(r"conda-lock\.ya?ml$")
_NESTED = re.compile(r"^(-r|--requirement|-c|--constraint|-e|--editable)[=\s]*(\S.*)$")
_CONDA_ITEM = re.compile(r"^\s*-\s+[\"']?([^\s\"'#]+)")
_CONDA_PIN = re.compile(r"^[^=<>!~\s]+={1,2}[0-9][^*,<>|]*$|^https?://\S+#[0-9a-f]{32}")
_POETRY_PIN = re.compile(r"^(?:==)?\s*\d[\w.!+-]*$")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
_EXACT = "no exact version"


@dataclass(frozen=True, slots=True)
class Asked:
    """One package that is asked for."""

    text: str
    is_pinned: bool
    evidence: Evidence
    hashed: float = 0.0
    """1 when it is named by its content; for a lock the share of its packages that are."""


#: Files that were read already, by the option that named them.
Seen = set[tuple[str, Path]]


class NotFoundHere(Exception):  # noqa: N818  a signal within this module's callers, not an error of theirs
    """What is installed cannot be found in the submission."""


def asked(workspace: Workspace, stage: BuildStage, install: Install) -> Iterator[Asked]:
    """Every package that a command installs, tools left out.

    Raises:
        NotFoundHere: The command names a file or project that the submission does not have.
    """
    tree = Tree(workspace, stage)
    if install.lock:
        missing = install.instruction.evidence(f"no {install.lock}")
        yield Asked(install.lock, tree.has(install.lock), missing, _of_lock(tree, install.lock))
    seen: Seen = set()
    pins = _pins(tree, install.constraints, seen)
    for text in install.requirements:
        is_pinned = bool(_CONDA_PIN.match(text)) if install.is_conda else _is_pinned(text, pins)
        evidence = install.instruction.evidence(f"{text[:_MAX_EXCERPT]} on the command line")
        yield Asked(text, is_pinned, evidence, float(bool(_CONTENT.search(text))))
    for name in install.files:
        yield from _of_file(tree, name, seen, pins=pins)
    for name in install.environments:
        yield from _of_environment(tree, name)
    for name in install.projects:
        yield from _of_project(tree, name)


def _pins(tree: "Tree", names: Iterable[str], seen: Seen) -> frozenset[str]:
    """Names that constraint files pin."""
    found = set()
    for name in names:
        try:
            found |= {name_of(item.text) for item in _of_file(tree, name, seen, "-c") if item.is_pinned}
        except NotFoundHere:
            continue
    return frozenset(found)


def _is_pinned(text: str, pins: frozenset[str] = frozenset()) -> bool:
    """Whether a requirement names one version or one content. Source: PEP 440, PEP 508."""
    if _CONTENT.search(text):
        return True
    specifiers = text.split(";", maxsplit=1)[0].replace("(", "").replace(")", "").strip()
    if "://" in specifiers:
        return False
    return name_of(text) in pins or any(_CLAUSE.search(clause.strip()) for clause in specifiers.split(","))


def _of_file(  # noqa: PLR0913  a file, what is known of it, and how it was come by
    tree: "Tree", name: str, seen: Seen, kind: str = "-r", pins: frozenset[str] = frozenset(), depth: int = 0
) -> Iterator[Asked]:
    path = tree.find(name)
    # Files may name each other, and themselves: each counts once.
    if (kind, path) in seen:
        return
    seen.add((kind, path))
    whole = list(_logical_lines(tree.text(path)))
    lines = [(number, _without_options(text)) for number, text in whole]
    hashed = {number for number, text in whole if _HASH.search(text)}
    nested = [(number, match) for number, text in lines if (match := _NESTED.match(text))]
    if depth < _MAX_NESTED:
        pins |= _pins(tree, _named(nested, {"-c", "--constraint"}), seen)
        for other in _named(nested, {"-r", "--requirement"}):
            yield from _of_file(tree, other, seen, kind, pins, depth + 1)
    editable = [(number, match[2]) for number, match in nested if match[1] in {"-e", "--editable"}]
    for number, text in (*lines, *editable):
        if text.startswith("-") or is_local(text):
            continue
        evidence = Evidence(summary=_EXACT, file=tree.shown(path), line=number, excerpt=text[:_MAX_EXCERPT])
        is_hashed = number in hashed or bool(_CONTENT.search(text))
        yield Asked(text, _is_pinned(text, pins), evidence, float(is_hashed))


def _named(nested: list[tuple[int, re.Match[str]]], options: set[str]) -> list[str]:
    """The files that options of a requirement file name, each once."""
    return list(dict.fromkeys(match[2] for _, match in nested if match[1] in options))[:_MAX_NESTED_FILES]


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments; those that a backslash continues are one, at the first one's number."""
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw[:_MAX_LINE])
        start = start or number
        if line.rstrip().endswith("\\"):
            pending = (pending + line.rstrip()[:-1] + " ")[:_MAX_LINE]
            continue
        if whole := (pending + line).strip():
            yield start, whole
        pending, start = "", 0


def _without_options(line: str) -> str:
    """A requirement without its hashes; a line that is an option itself (-r, --index-url) keeps what follows it."""
    return line if line.startswith("-") else _OPTIONS.sub("", line).strip()


def _of_lock(tree: "Tree", name: str) -> float:
    """Share of a lock's packages that are named by their content; 0 without the lock."""
    try:
        return hashed_share(name, tree.text(tree.find(name), _MAX_LOCK_BYTES))
    except NotFoundHere:
        return 0.0


def _of_environment(tree: "Tree", name: str) -> Iterator[Asked]:
    """The items under `dependencies` of a conda environment file, or the lines of an explicit list."""
    path = tree.find(name)
    is_yaml = path.suffix in {".yml", ".yaml"}
    if is_yaml and _CONDA_LOCK.search(path.name):
        evidence = Evidence(summary="no hashes", file=tree.shown(path))
        yield Asked(path.name, is_pinned=True, evidence=evidence, hashed=_of_lock(tree, name))
        return
    inside = not is_yaml
    for number, line in enumerate(tree.text(path).splitlines(), 1):
        if is_yaml and line[:1] not in {"", " ", "-", "#"}:
            inside = line.startswith("dependencies")
        match = _CONDA_ITEM.match(line) if is_yaml else re.match(r"^([^#@\s]\S*)", line)
        if not inside or not match or match[1].endswith(":"):
            continue
        evidence = Evidence(
            summary=_EXACT, file=tree.shown(path), line=number, excerpt=line.strip()[:_MAX_EXCERPT]
        )
        is_hashed = "://" in match[1] and "#" in match[1]
        yield Asked(match[1], bool(_CONDA_PIN.match(match[1])), evidence, float(is_hashed))


def _of_project(tree: "Tree", name: str) -> Iterator[Asked]:
    path = tree.find(f"{name.split('[', maxsplit=1)[0]}/pyproject.toml")
    text = tree.text(path)
    if len(text) > _MAX_PROJECT_BYTES or any(line.count(".") > _MAX_DOTS for line in text.splitlines()):
        raise NotFoundHere
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        raise NotFoundHere from None
    evidence = Evidence(summary=_EXACT, file=tree.shown(path))
    listed = _dig(document, "project", "dependencies")
    for wish in listed if isinstance(listed, list) else []:
        if isinstance(wish, str):
            yield Asked(wish, _is_pinned(wish), evidence)
    table = _dig(document, "tool", "poetry", "dependencies")
    for package, wish in table.items() if isinstance(table, dict) else []:
        if package != "python":
            version = wish.get("version", "") if isinstance(wish, dict) else wish
            yield Asked(str(package), bool(_POETRY_PIN.match(str(version))), evidence)


def _dig(document: object, *keys: str) -> Any:  # noqa: ANN401  anything TOML can hold
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


class Tree:
    """The submission's files, found by the names that they have in the image."""

    def __init__(self, workspace: Workspace, stage: BuildStage) -> None:
        """Look at every name once."""
        self._root = workspace.submission
        self._files = sorted(_files(self._root))
        self._copied = _copied(stage)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name anywhere."""
        return any(path.name == name for path in self._files)

    def find(self, name: str) -> Path:
        """The file that a command in the image means: the one whose path ends most alike.

        Raises:
            NotFoundHere: There is none, and no lock that it could have been made from.
        """
        wanted = PurePosixPath(self._copied.get(PurePosixPath(name).name, name))
        alike = [path for path in self._files if path.name == wanted.name]
        if not alike:
            raise NotFoundHere
        found = max(alike, key=lambda path: (_common_end(path, wanted), -len(path.parts)))
        return self._root / found

    def has_lock(self) -> bool:
        """Whether there is a lock file of any tool."""
        return any(self.has(name) for name in _LOCKS)

    def shown(self, path: Path) -> str:
        """A path as the candidate knows it."""
        return str(path.relative_to(self._root))

    def text(self, path: Path, max_bytes: int = _MAX_BYTES) -> str:
        """The text of a file; PowerShell writes UTF-16, which pip reads too.

        Raises:
            NotFoundHere: It is too large to be a list of packages.
        """
        if path.stat().st_size > max_bytes:
            raise NotFoundHere
        data = path.read_bytes()
        is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if is_wide else "utf-8-sig", errors="replace")


def _files(root: Path) -> Iterator[PurePosixPath]:
    count = 0
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            count += 1
            if count > _MAX_FILES:
                return
            if path.is_file() and not path.is_symlink():
                yield PurePosixPath(path.relative_to(root))


def _common_end(path: PurePosixPath, wanted: PurePosixPath) -> int:
    pairs = zip(reversed(path.parts), reversed(wanted.parts), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(path.parts), len(wanted.parts)))


def _copied(stage: BuildStage) -> dict[str, str]:
    """Names in the image of files that were copied or mounted under another name."""
    found = {}
    for instruction in stage.instructions:
        if instruction.name in {"copy", "add"} and len(instruction.words) == 2:  # noqa: PLR2004  one file
            source, target = instruction.words
            found[PurePosixPath(target).name] = source
        for flag in instruction.flags:
            parts = dict(part.partition("=")[::2] for part in flag.removeprefix("--mount=").split(","))
            source, target = (
                parts.get("source", parts.get("src", "")),
                parts.get("target", parts.get("dst", "")),
            )
            if flag.startswith("--mount=") and source and target:
                found[PurePosixPath(target).name] = source
    return {
        target: source
        for target, source in found.items()
        if target and "." in PurePosixPath(source).name.strip(".")
    }
