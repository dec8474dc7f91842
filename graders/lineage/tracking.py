"""Records of experiments, and what MLflow says of the model."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.domain.grade import Dimension, Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.tree import Text, Tree
from audition.grading.yaml_files import items, read_yaml, table

_RUN = re.compile(
    r"^(?P<run>.*(?:^|/)mlruns/[^/]+/[^/]+)/(?P<part>params|metrics|tags|artifacts)/(?P<name>.+)$"
)
_COMMIT = "mlflow.source.git.commit"
_WANDB = re.compile(r"(?:^|/)wandb/(?:offline-)?run-[^/]+/files/(?P<name>[^/]+)$")
_PIN = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*([^\s;#\\]+)")
_LOCKS = ("requirements.txt", "requirements.lock", "constraints.txt")


@check(
    "lineage.tracking.complete",
    "Experiments are recorded with all that made them",
    points=1,
    why="Without parameters, metrics, the model and the commit together, the best run cannot be made again.",
    fix="Track with MLflow's or Weights & Biases' offline files and hand in the run of the served model.",
)
def complete(workspace: Workspace) -> Result:
    """Four things of the best recorded run: parameters, metrics, an artifact, the code's version (catalogue I2)."""
    tree = Tree(workspace.submission)
    runs = _mlflow_runs(tree) | _wandb_runs(tree)
    if not runs:
        if workspace.manifest.weights.get(Dimension.LINEAGE, 0) > 0:
            return failed("No experiment is recorded in files.")
        return not_applicable("No experiment is recorded in files, and the challenge asks for none.")
    best, has = max(runs.items(), key=lambda item: (len(item[1]), item[0]))
    missing = [
        name for name in ("parameters", "metrics", "an artifact", "the code's version") if name not in has
    ]
    if not missing:
        return passed(
            f"{len(runs)} run(s) are recorded; {best} has parameters, metrics, an artifact and a commit."
        )
    sentence = f"The most complete of {len(runs)} recorded run(s) lacks {', '.join(missing)}."
    place = Evidence(summary="the most complete run", file=best)
    return partial(1 - len(missing) / 4, sentence, place) if has else failed(sentence, place)


def _mlflow_runs(tree: Tree) -> dict[str, set[str]]:
    """Folders of MLflow's file store, and what each has."""
    runs: dict[str, set[str]] = {}
    words = {"params": "parameters", "metrics": "metrics", "artifacts": "an artifact"}
    for path in tree.paths:
        match = _RUN.match(path)
        if match is None:
            continue
        has = runs.setdefault(match["run"], set())
        if match["part"] in words:
            has.add(words[match["part"]])
        elif match["name"] == _COMMIT:
            has.add("the code's version")
    return runs


def _wandb_runs(tree: Tree) -> dict[str, set[str]]:
    """Offline runs of Weights & Biases."""
    runs: dict[str, set[str]] = {}
    for path in tree.paths:
        match = _WANDB.search(path)
        if match is None:
            continue
        has = runs.setdefault(path.rpartition("/files/")[0], set())
        if match["name"] == "config.yaml":
            has.add("parameters")
        elif match["name"] == "wandb-summary.json":
            has.add("metrics")
        elif match["name"] == "wandb-metadata.json":
            text = tree.text(path)
            if text and '"commit"' in text.content:
                has.add("the code's version")
        else:
            has.add("an artifact")
    return runs


@check(
    "lineage.mlmodel.signature",
    "The MLmodel file says what the model takes and needs",
    points=1,
    why="A signature is the contract between training and serving; without it a swapped column is found in production.",
    fix="Log the model with a signature, and pin in its requirements the versions of your lock.",
)
def signature(workspace: Workspace) -> Result:
    """Inputs, outputs, and requirements that agree with the lock (catalogue I3)."""
    tree = Tree(workspace.submission)
    text = next(tree.named("MLmodel"), None)
    if text is None:
        return not_applicable("There is no MLmodel file.")
    file = read_yaml(text)
    if file.error or not file.documents:
        place = Evidence(summary=file.error or "it is empty", file=file.path, line=file.line)
        return failed("The MLmodel file cannot be read.", place)
    said = table(file.documents[0].value, "signature")
    lacks = [f"no {key} in its signature" for key in ("inputs", "outputs") if not said.get(key)]
    total = 2
    other = list(_differing(tree, text))
    if _requirements(tree, text) is not None:
        total += 1
        lacks += [f"other versions than the lock: {', '.join(other)[:200]}"] if other else []
    if not lacks:
        return passed("The MLmodel file has inputs, outputs, and the versions of the lock.")
    sentence = f"The MLmodel file has {' and '.join(lacks)}."
    place = Evidence(summary="here", file=text.path)
    return partial(1 - len(lacks) / total, sentence, place) if len(lacks) < total else failed(sentence, place)


def _requirements(tree: Tree, model: Text) -> dict[str, str] | None:
    """What is pinned beside the model; None when nothing is said there."""
    folder = PurePosixPath(model.path).parent
    text = tree.text(str(folder / "requirements.txt"))
    if text is not None:
        return _pins(text.lines)
    conda = tree.text(str(folder / "conda.yaml"))
    for document in read_yaml(conda).documents if conda else ():
        listed = items(document.value, "dependencies")
        pip = [line for entry in listed for line in items(entry, "pip") if isinstance(line, str)]
        return _pins(pip)
    return None


def _differing(tree: Tree, model: Text) -> Iterator[str]:
    """Packages whose version beside the model is not that of the submission's lock."""
    beside = _requirements(tree, model) or {}
    folder = str(PurePosixPath(model.path).parent)
    for text in tree.named(*_LOCKS):
        if str(PurePosixPath(text.path).parent) == folder:
            continue
        lock = _pins(text.lines)
        yield from (
            f"{name} {version}" for name, version in beside.items() if lock.get(name, version) != version
        )
        return


def _pins(lines: object) -> dict[str, str]:
    matches = (_PIN.match(line) for line in lines) if isinstance(lines, list | tuple) else ()
    return {m[1].lower().replace("_", "-").replace(".", "-"): m[2] for m in matches if m}
