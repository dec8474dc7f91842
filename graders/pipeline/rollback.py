"""Can the version before be served again? Read from what the submission keeps and what its programs do (catalogue G6).

That is the half which can be read; whether an older model predicts is for the grader of tried commands.
"""

import re
from collections.abc import Iterator

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.kept_models import kept_models
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
    kept = [Evidence(summary=f"version {m.version[:40]} is kept", file=m.path) for m in kept_models(tree)]
    back = list(_back(workspace, tree))
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
