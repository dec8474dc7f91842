"""Do imports, requirements and the packages of the image agree (K6)?"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_assessed, passed
from audition.grading.tree import Text, Tree
from graders.dockerfile.installs import installs
from graders.dockerfile.instructions import find_recipe

#: Imports that have another name than what is installed for them. Source: the packages' own documentation.
_INSTALLED_AS = {
    "sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "pyyaml", "cv2": "opencv-python", "PIL": "pillow",
    "dateutil": "python-dateutil", "dotenv": "python-dotenv", "jose": "python-jose", "jwt": "pyjwt",
    "multipart": "python-multipart", "prometheus_client": "prometheus-client", "bs4": "beautifulsoup4",
    "google": "google", "grpc": "grpcio", "serial": "pyserial", "git": "gitpython", "attr": "attrs",
    "pkg_resources": "setuptools", "zmq": "pyzmq", "psycopg2": "psycopg2-binary", "redis": "redis", "docker": "docker",
    "onnxruntime": "onnxruntime", "kafka": "kafka-python", "slugify": "python-slugify", "magic": "python-magic",
}  # fmt: skip
_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_PINNED = re.compile(
    r"^\s*([A-Za-z0-9][A-Za-z0-9._-]{0,100})(?:\[[^\]]{0,100}\])?\s*==\s*([\w.!+-]{1,60})\s*(?:[\\#]|--|$)"
)
_LOCKED = re.compile(r"^name = \"([^\"]{1,100})\"$")
_REQUIREMENTS = re.compile(
    r"(?:^|/)(?:requirements|constraints)[^/]*\.(?:txt|in|lock)$|(?:^|/)requirements/[^/]+\.txt$"
)
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_MOST_PROJECT = 128 << 10
_MOST_FILES = 300
#: Characters of code that are parsed: some seconds of work at worst.
_MOST_CODE = 1 << 20
_OPTIONAL = frozenset({"ImportError", "ModuleNotFoundError", "Exception"})


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a package that is neither Python's nor the submission's."""

    module: str
    evidence: Evidence


@check(
    "consistency.packages.agree",
    "What the code imports is what is installed",
    points=1,
    why="An import that no requirement names works until the image is built anew.",
    fix="List every package that the code imports itself, and install from that list everywhere.",
)
def packages(workspace: Workspace) -> Result:
    """Every import outside tests is named by a requirement or lock (K6); those with a fallback may be missing."""
    tree = Tree(workspace.submission)
    declared = frozenset(_declared(tree))
    if not declared:
        return not_assessed("Not assessed: no requirement file or lock could be read.")
    imports = list(_imports(tree))
    if not imports:
        return not_assessed("Not assessed: the code imports nothing that has to be installed.")
    missing = [item for item in imports if not _is_declared(item.module, declared)]
    names = sorted({item.module for item in imports})
    other = list(_otherwise_installed(workspace, tree))
    if not missing and other:
        return failed(f"{len(other)} requirements are not what the image has.", *other)
    if not missing:
        return passed(f"All {len(names)} packages that the code imports are named by requirements.")
    lost = sorted({item.module for item in missing})
    return failed(
        f"{len(lost)} of {len(names)} packages that the code imports are in no requirement: {', '.join(lost[:8])}.",
        *(item.evidence for item in missing),
    )


def _otherwise_installed(workspace: Workspace, tree: Tree) -> Iterator[Evidence]:
    """Exact versions in the requirement files that the image is built from, and which the image does not have."""
    build, recipe = workspace.evidence.build, find_recipe(workspace)
    if (
        build is None
        or build.image is None
        or not build.image.distributions
        or recipe is None
        or not recipe.stages
    ):
        return
    versions = {item.name: item.version for item in build.image.distributions}
    used = {
        PurePosixPath(name).name
        for stage in recipe.lineage()
        for made in installs(stage)
        for name in made.files
    }
    for path in tree.paths:
        text = tree.text(path) if PurePosixPath(path).name in used else None
        for number, line in enumerate(text.lines if text else (), 1):
            match = _PINNED.match(line)
            found = versions.get(normalized(match[1])) if match else None
            if match and found is not None and not _is_version(match[2], found):
                words = f"{match[1]} {match[2]} is asked for, {found} is installed"
                yield Evidence(summary=words[:200], file=path, line=number)


def _is_version(asked: str, found: str) -> bool:
    """Whether two versions are the same; trailing zeros and local parts do not count. Source: PEP 440."""
    plain = [re.sub(r"(?:\.0)+$", "", version.partition("+")[0].lower()) for version in (asked, found)]
    return plain[0] == plain[1]


def normalized(name: str) -> str:
    """A distribution's name as the index knows it. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_declared(module: str, declared: frozenset[str]) -> bool:
    wanted = normalized(_INSTALLED_AS.get(module, module))
    # Parts of a family: opencv-python-headless is what imports as cv2, psycopg2-binary as psycopg2.
    return any(name == wanted or name.startswith(f"{wanted}-") for name in declared)


def _declared(tree: Tree) -> Iterator[str]:
    """Names of all distributions that requirements, projects and locks name."""
    for path in tree.paths:
        text = tree.text(path) if _REQUIREMENTS.search(path.lower()) else None
        for line in text.lines if text else ():
            match = None if line.lstrip().startswith(("-", "#")) else _NAME.match(line)
            if match:
                yield normalized(match[1])
    for text in tree.named(*_LOCKS):
        yield from (normalized(match[1]) for line in text.lines if (match := _LOCKED.match(line)))
    for text in tree.named("pyproject.toml"):
        yield from _of_project(text)


def _of_project(text: Text) -> Iterator[str]:
    if len(text.content) > _MOST_PROJECT:
        return
    try:
        document = tomllib.loads(text.content)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    project = document.get("project")
    lists = [project.get("dependencies")] if isinstance(project, dict) else []
    extras = project.get("optional-dependencies") if isinstance(project, dict) else None
    groups = document.get("dependency-groups")
    for several in (extras, groups):
        lists += list(several.values()) if isinstance(several, dict) else []
    for one in lists:
        for item in one if isinstance(one, list) else ():
            match = _NAME.match(item) if isinstance(item, str) else None
            if match:
                yield normalized(match[1])


def _imports(tree: Tree) -> Iterator[Import]:
    """Imports of what has to be installed, each package once a file."""
    own = {PurePosixPath(path).stem for path in tree.paths if path.endswith(".py")}
    own |= {part for path in tree.paths for part in PurePosixPath(path).parts[:-1]}
    left = _MOST_CODE
    for number, text in enumerate(tree.ending(".py")):
        parts = PurePosixPath(text.path).parts
        left -= len(text.content)
        if number >= _MOST_FILES or left < 0:
            return
        if "tests" in parts or "test" in parts or parts[-1].startswith(("test_", "conftest")):
            continue
        for module, line in dict(_of_file(text.content)).items():
            if module not in own and module not in sys.stdlib_module_names:
                yield Import(module, Evidence(summary=f"imports {module[:80]}", file=text.path, line=line))


def _of_file(content: str) -> Iterator[tuple[str, int]]:
    """Top packages that a file imports, without those that it can do without."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # Other graders say that it is no Python.
    optional = {
        id(below)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(_catches(handler) for handler in node.handlers)
        for statement in node.body
        for below in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in optional:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0], node.lineno


def _catches(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is there for a missing package."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in _OPTIONAL for kind in kinds)
