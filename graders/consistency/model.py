"""Is the model that is served the one that locks and registry records speak of (K7)?"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_assessed, passed
from audition.grading.toml_table import is_inside
from audition.grading.tree import Text, Tree
from audition.grading.yaml_files import read_yaml
from graders.lineage.dvc import recorded

_CHUNK = 1 << 20
_KEYS = re.compile(r"sha-?256|md5|digest|checksum|hash", re.IGNORECASE)
_HEX = re.compile(r"(?:sha256:|md5:)?([0-9a-f]{64}|[0-9a-f]{32})")
#: Files in which pipelines and registries write down what they made.
_RECORDS = re.compile(
    r"(?:registry|metadata|model|version|manifest|meta)[^/]*\.(?:json|ya?ml)$|(?:^|/)MLmodel$"
)
_MOST_RECORDS = 20
_MOST_DEPTH = 10


@check(
    "consistency.model.recorded",
    "The model is the one that its records name",
    points=1,
    why="When lock and file differ, nobody can say what was evaluated and what is served.",
    fix="Write the hash of the model where it is made, and commit lock, record and model together.",
)
def model(workspace: Workspace) -> Result:
    """The hash of the served model's file is the one in dvc.lock, in registry records and in the image (K7)."""
    path = workspace.evidence.inventory.contract.model.path
    if not path or not is_inside(path) or not (workspace.submission / path).is_file():
        return not_assessed("Not assessed: no file of the submission is known to be the model.")
    own = _hashes(workspace, path)
    told = [*_locked(workspace, path), *_recorded(Tree(workspace.submission), path), *_built(workspace)]
    if not told:
        return not_assessed("Not assessed: no lock and no record names a hash of the model.")
    wrong = [evidence for hashes, evidence in told if not hashes & own]
    if not wrong:
        return passed(f"{len(told)} record(s) name the hash of {path}.")
    return failed(f"{len(wrong)} of {len(told)} records name another hash than that of {path}.", *wrong)


def _hashes(workspace: Workspace, path: str) -> set[str]:
    sha, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with (workspace.submission / path).open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha.update(chunk)
            md5.update(chunk)
    return {sha.hexdigest(), md5.hexdigest()}


def _locked(workspace: Workspace, path: str) -> Iterator[tuple[set[str], Evidence]]:
    """What DVC's files record of this path."""
    for output in recorded(workspace.submission):
        if output.path == path:
            yield {output.md5}, output.evidence


def _recorded(tree: Tree, path: str) -> Iterator[tuple[set[str], Evidence]]:
    """Records that name the model's file and a hash; of which of several files is not asked."""
    name = PurePosixPath(path).name
    found = 0
    for place in tree.paths:
        text = tree.text(place) if _RECORDS.search(place) else None
        if text is None or name not in text.content or found >= _MOST_RECORDS:
            continue
        hashes = set(_hex(_document(text), 0, is_named=False))
        if hashes:
            found += 1
            yield hashes, Evidence(summary="names another hash of the model", file=text.path)


def _built(workspace: Workspace) -> Iterator[tuple[set[str], Evidence]]:
    """The files of that name that are in the image."""
    build = workspace.evidence.build
    for file in build.image.models if build and build.image else ():
        yield {file.sha256}, Evidence(summary=f"the image has another file at {file.path[:100]}")


def _document(text: Text) -> object:
    if text.path.endswith(".json"):
        try:
            return json.loads(text.content)
        except (ValueError, RecursionError):
            return None
    return [document.value for document in read_yaml(text).documents]


def _hex(value: object, depth: int, *, is_named: bool) -> Iterator[str]:
    """Hashes under keys that speak of one."""
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _hex(below, depth + 1, is_named=bool(_KEYS.search(str(key))))
    elif isinstance(value, list):
        for below in value:
            yield from _hex(below, depth + 1, is_named=is_named)
    elif is_named and isinstance(value, str) and (match := _HEX.fullmatch(value.lower())):
        yield match[1]
