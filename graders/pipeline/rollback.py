"""Can the version before be served again? Read from what the submission keeps and what its programs do (catalogue G6).

That is the half which can be read; whether the older version starts is not tried.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.tree import Tree
from graders.dockerfile.shell import script_commands
from graders.pipeline.flow import NO_PIPELINE
from graders.pipeline.jobs import pipelines

#: Commands whose first words go back to a version. Source: the manuals of these programs.
_BACK = (
    ("kubectl", "rollout", "undo"),
    ("helm", "rollback"),
    ("argocd", "app", "rollback"),
    ("docker", "service", "rollback"),
    ("dvc", "checkout"),
    ("git", "revert"),
)
#: Calls that move the alias under which a registry hands out a model. Source: MLflow's client.
_ALIAS = re.compile(r"\b(?:set_registered_model_alias|transition_model_version_stage)\s*\(")
_NAMED = re.compile(r"(?:^|[/_.-])(?:rollback|roll_back|restore_model|undo_deploy)[^/]*\.(?:py|sh|ya?ml)$")
_MODEL = re.compile(r"\.(?:joblib|pkl|pickle|onnx|safetensors|skops|pt|pth|h5|keras|ubj|json|txt|cbm)$")
_VERSION = re.compile(r"(?:^|[-_/])(?:v|version[-_]?)?\d+(?:\.\d+)*(?=$|[-_/.])")
_FOLDERS = frozenset(["models", "model", "registry", "artifacts", "releases", "mlruns"])
_KEPT = 2


@check(
    "pipeline.rollback.possible",
    "The version before can be served again",
    points=1,
    why="The fastest mend of a bad model is the last good one.",
    fix="Keep models under their versions or in a registry, and have a job or script that serves the one before.",
)
def rollback(workspace: Workspace) -> Result:
    """Half for older versions that are kept by name, half for a program or job that goes back to one."""
    tree = Tree(workspace.submission)
    kept, back = list(_kept(tree)), list(_back(workspace, tree))
    evidence = (*kept[:_KEPT], *back)
    if kept and back:
        return passed("Older versions are kept, and there is a way back to them.", *evidence)
    if back:
        return partial(
            0.5, "There is a way back, but no older version of the model is kept by name.", *evidence
        )
    if kept:
        return partial(
            0.5, "Older versions are kept, but nothing in the repository serves one again.", *evidence
        )
    if not pipelines(workspace):
        return not_applicable(NO_PIPELINE)
    return failed("No older version of the model is kept by name, and nothing goes back to one.")


def _kept(tree: Tree) -> Iterator[Evidence]:
    """Model files under at least two versions of one folder, also as MLflow's file store has them."""
    versions: dict[str, dict[str, str]] = {}
    for path in tree.paths:
        place = PurePosixPath(path)
        tops = [n for n, part in enumerate(place.parts[:-1]) if part.lower() in _FOLDERS]
        is_registered = place.name == "meta.yaml" and place.parent.name.startswith("version-")
        if not tops or not (is_registered or _MODEL.search(place.name.lower())):
            continue
        rest = "/".join(place.parts[tops[0] + 1 :]).lower()
        if found := _VERSION.search(rest):
            family = f"{'/'.join(place.parts[: tops[0] + 1])}/{rest[: found.start()]}"
            versions.setdefault(family, {}).setdefault(found[0].strip("-_/"), path)
    for found_versions in versions.values():
        if len(found_versions) >= _KEPT:
            for version, path in sorted(found_versions.items()):
                yield Evidence(summary=f"version {version[:40]} is kept", file=path)


def _back(workspace: Workspace, tree: Tree) -> Iterator[Evidence]:
    """Jobs, scripts and calls that go back."""
    for pipeline in pipelines(workspace):
        for job in pipeline.jobs.values():
            for step in job.steps:
                if step.script and _goes_back(step.script):
                    yield job.evidence("goes back to the version before", step.line)
    for text in (*tree.ending(".sh"), *tree.named("Makefile")):
        lines = [line.strip().lstrip("@-") for line in text.lines]
        if _goes_back("\n".join(lines)):
            yield Evidence(summary="goes back to the version before", file=text.path)
    yield from _in_python(tree)


def _in_python(tree: Tree) -> Iterator[Evidence]:
    for text in tree.ending(".py"):
        line = next(
            (n for n, line in enumerate(text.lines, 1) if _ALIAS.search(line.partition("#")[0])), None
        )
        if line is not None:
            yield Evidence(summary="moves the alias of a registered model", file=text.path, line=line)
        elif _NAMED.search(text.path.lower()):
            yield Evidence(summary="is named as a way back", file=text.path)


def _goes_back(script: str) -> bool:
    return any(command[: len(words)] == words for command in script_commands(script) for words in _BACK)
