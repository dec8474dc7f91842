"""DVC: does the lock describe the files that are there, and does the graph make the model that is served?"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

from audition.domain.grade import Dimension, Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.toml_table import is_inside
from audition.grading.tree import Tree
from audition.grading.yaml_files import Document, at, items, read_yaml, table

_MD5 = re.compile(r"[0-9a-f]{32}(?:\.dir)?")
_CHUNK = 1 << 20
_MOST_OUTPUTS = 200
_MOST_FILES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One output that a lock or a .dvc file speaks of."""

    path: str
    md5: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Tracked:
    """Everything that DVC is told."""

    outputs: tuple[Output, ...] = ()
    errors: tuple[Evidence, ...] = ()
    has_pipeline: bool = False
    planned: frozenset[str] = frozenset()
    """Outputs that the pipeline file names."""


@check(
    "lineage.dvc.verified",
    "Recorded hashes are those of the files",
    points=2,
    why="A lock that does not match its files says that the model is not the one that was made.",
    fix="Run `dvc repro` and commit dvc.lock together with what it made, the served model included.",
)
def verified(workspace: Workspace) -> Result:
    """Share of outputs that are verified, and whether the served model is one of them (catalogue I1)."""
    found = _read(workspace.submission)
    if not found.outputs and not found.errors and not found.has_pipeline:
        return _none(workspace)
    wrong: list[Evidence] = list(found.errors)
    present = 0
    for output in found.outputs:
        actual = _hash(workspace.submission, output.path, is_folder=output.md5.endswith(".dir"))
        if actual is None:
            continue  # Kept in remote storage, which is what DVC is for.
        present += 1
        if actual != output.md5:
            wrong.append(output.evidence)
    model = workspace.evidence.inventory.contract.model.path
    named = found.planned | {output.path for output in found.outputs}
    parts = present + len(found.errors)
    if model:
        parts += 1
        if not any(model == path or model.startswith(f"{path}/") for path in named):
            wrong.append(Evidence(summary=f"{model} is served, but DVC knows nothing of it", file=model))
    if not parts:
        return partial(
            0.5, "The pipeline parses; all of its outputs are elsewhere, so no hash could be verified."
        )
    if not wrong:
        return passed(f"All {parts} things that DVC records agree with the files.")
    share = max(0.0, 1 - len(wrong) / parts)
    sentence = f"{len(wrong)} of {parts} things that DVC records do not agree with the files."
    return partial(share, sentence, *wrong) if share > 0 else failed(sentence, *wrong)


def _none(workspace: Workspace) -> Result:
    if workspace.manifest.weights.get(Dimension.LINEAGE, 0) > 0:
        return failed("Nothing records which data and code the model was made of: there is no DVC pipeline.")
    return not_applicable("There is no DVC pipeline, and the challenge asks for none.")


def recorded(root: Path) -> tuple[Output, ...]:
    """What locks and .dvc files of a submission record."""
    return _read(root).outputs


def _read(root: Path) -> Tracked:
    tree = Tree(root)
    outputs: list[Output] = []
    errors: list[Evidence] = []
    planned: set[str] = set()
    has_pipeline = False
    for text in (*tree.named("dvc.yaml", "dvc.lock"), *tree.ending(".dvc")):
        file = read_yaml(text)
        if file.error:
            errors.append(Evidence(summary=f"is no YAML: {file.error}", file=file.path, line=file.line))
        folder = text.path.rpartition("/")[0]
        for document in file.documents:
            if text.path.endswith("dvc.yaml"):
                has_pipeline = True
                planned.update(_joined(folder, path) for path in _planned(document))
            else:
                outputs.extend(_outputs(document, folder))
    return Tracked(tuple(outputs[:_MOST_OUTPUTS]), tuple(errors), has_pipeline, frozenset(planned))


def _planned(document: Document) -> Iterator[str]:
    """Outputs of a pipeline file: plain paths, or mappings whose only key is the path."""
    for stage in table(document.value, "stages").values():
        for key in ("outs", "metrics", "plots"):
            for out in items(stage, key):
                if isinstance(out, str):
                    yield out
                elif isinstance(out, dict):
                    yield from (str(path) for path in out)


def _outputs(document: Document, folder: str) -> Iterator[Output]:
    """What a lock (by stage) or a .dvc file (by itself) records."""
    lists: list[tuple[tuple[str, ...], list[object]]] = [(("outs",), items(document.value, "outs"))]
    for name, stage in table(document.value, "stages").items():
        lists.append((("stages", name, "outs"), items(stage, "outs")))
    for where, outs in lists:
        for number, out in enumerate(outs):
            path, digest = at(out, "path"), at(out, "md5")
            if isinstance(path, str) and isinstance(digest, str) and _MD5.fullmatch(digest):
                line = document.line(*where, number)
                place = Evidence(
                    summary=f"the hash of {path[:100]} is another one", file=document.file, line=line
                )
                yield Output(_joined(folder, path), digest, place)


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


def _hash(root: Path, path: str, *, is_folder: bool) -> str | None:
    """MD5 as DVC computes it; None when the thing is not there."""
    if not is_inside(path):
        return None
    place = root / path
    if is_folder:
        return _folder_hash(place) if place.is_dir() else None
    return _file_hash(place) if place.is_file() else None


def _file_hash(path: Path) -> str:
    digest = md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _folder_hash(folder: Path) -> str:
    """Hash of the sorted list of the files' hashes. Source: DVC 3, `dvc_data.hashfile.tree`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())[:_MOST_FILES]
    entries = [{"md5": _file_hash(path), "relpath": path.relative_to(folder).as_posix()} for path in files]
    entries.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(entries, sort_keys=True)
    return f"{md5(text.encode(), usedforsecurity=False).hexdigest()}.dir"
