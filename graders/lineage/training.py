"""Is what training depends on written down: seeds, the packages' versions, and the digest of its data?"""

import ast
import hashlib
import re
from collections.abc import Iterator

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, informative, not_applicable, passed
from audition.grading.tree import Text, Tree
from graders.python_code import calls_in, has_seed, is_random, is_seeding, is_test_code, name_of

_FITS = re.compile(r"\bfit\w*\(|\.train\(")
_LOCKS = frozenset(
    {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml", "renv.lock"}
)
_REQUIREMENTS = re.compile(r"(?:^|/)(?:requirements[\w.-]*|constraints)\.(?:txt|lock)$")
#: Lines of requirements that ask for something, and those that name one version of it.
_ASKS, _ASKS_ONE = re.compile(r"^[A-Za-z0-9]"), re.compile(r"^[^;#]*==\s*[^*\s;#]+\s*(?:[;#\\].*)?$")
_HEX = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b")
_RECORDS = (".lock", ".dvc", ".yaml", ".yml", ".json", ".toml", ".md", ".txt", ".sha256", ".md5", ".py")
_MOST_SHOWN = 10


@check(
    "lineage.training.pinned",
    "What training depends on is written down",
    points=0,
    why="Other seeds, versions or rows make another model, and without a record nobody can tell which of them changed.",
    fix="Give every random call a seed, pin each package, and commit the SHA-256 or MD5 of the training data.",
)
def pinned(workspace: Workspace) -> Result:
    """Seeds, packages and data (catalogue I5): what is missing of the three. Read, so worth no points."""
    tree = Tree(workspace.submission)
    code = [text for text in tree.ending(".py") if not is_test_code(text.path) and _FITS.search(text.content)]
    if not code:
        return not_applicable("No Python code outside tests trains a model.")
    loose = list(_loose(code))
    missing = [
        *(["a seed for each random call"] if loose else []),
        *([] if _is_locked(tree) else ["one version of each package"]),
        *([] if _names_data(workspace, tree) else ["the digest of the public data"]),
    ]
    if not missing:
        return passed("Seeds, the packages' versions and the digest of the data are written down.")
    return informative(f"Not written down: {', '.join(missing)}.", *loose[:_MOST_SHOWN])


def _loose(code: list[Text]) -> Iterator[Evidence]:
    """Random calls without a seed, in files that do not seed their libraries."""
    for text in code:
        try:
            calls = list(calls_in(ast.parse(text.content)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # Other graders say that it is no Python.
        if not any(map(is_seeding, calls)):
            for call in calls:
                if is_random(call) and not has_seed(call):
                    words = f"{name_of(call)[:60]} has no seed"
                    yield Evidence(summary=words, file=text.path, line=call.lineno)


def _is_locked(tree: Tree) -> bool:
    """Whether there is a lock, or requirements whose every line names one version."""
    if any(path.rpartition("/")[2] in _LOCKS for path in tree.paths):
        return True
    files = [text for path in tree.paths if _REQUIREMENTS.search(path) and (text := tree.text(path))]
    asked = [line for text in files for line in text.lines if _ASKS.match(line)]
    return bool(asked) and all(_ASKS_ONE.match(line) for line in asked)


def _names_data(workspace: Workspace, tree: Tree) -> bool:
    """Whether a record holds the digest of one of the challenge's public files."""
    ours = set(_digests(workspace))
    found = (set(_HEX.findall(text.content)) for text in tree.ending(*_RECORDS, "data_sha256", "data_md5"))
    return any(ours & digests for digests in found)


def _digests(workspace: Workspace) -> Iterator[str]:
    for name in workspace.manifest.inputs:
        path = workspace.inputs / name
        for method in ("sha256", "md5"):
            if path.is_file():
                with path.open("rb") as stream:
                    yield hashlib.file_digest(stream, method).hexdigest()
