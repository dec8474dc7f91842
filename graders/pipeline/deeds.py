"""What the steps of a pipeline do: train, evaluate, decide, package, deploy. Commands are read, never text alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.grading.tree import Tree
from graders.dockerfile.shell import script_commands
from graders.pipeline.jobs import Job, Step

DEEDS = ("train", "evaluate", "gate", "package", "deploy")
_SILENT = frozenset(
    ["echo", "printf", "cat", "ls", "true", ":", "cd", "mkdir", "export", "set", "sleep", "git", "test"]
)
_INTERPRETERS = re.compile(
    r"^(?:python[0-9.]*|uv|poetry|pipenv|pdm|conda|hatch|sh|bash|make|dvc|just|nox|tox|papermill)$"
)
#: Words of a command, split at what joins them, that say what it does.
_WORDS = {
    "train": re.compile(r"^(?:re)?train(?:ing|er)?$|^fit$|^repro$"),
    "evaluate": re.compile(r"^eval(?:uate|uation)?$|^validat(?:e|ion)$|^benchmark$|^metrics$"),
    "gate": re.compile(r"^gate$|^threshold$|^promote$|^check(?:quality|metrics)$|^quality$"),
    "deploy": re.compile(r"^deploy(?:ment)?$|^rollout$|^release$"),
    "package": re.compile(r"^package$|^containeri[sz]e$"),
}
#: Commands whose first words say it. Source: the manuals of these programs.
_COMMANDS = (
    ("package", ("docker", "build")),
    ("package", ("docker", "buildx")),
    ("package", ("podman", "build")),
    ("package", ("buildah", "bud")),
    ("package", ("buildah", "build")),
    ("package", ("bentoml", "build")),
    ("package", ("mlflow", "models", "build-docker")),
    ("package", ("/kaniko/executor",)),
    ("package", ("executor",)),
    ("train", ("dvc", "repro")),
    ("train", ("dvc", "exp", "run")),
    ("deploy", ("kubectl", "apply")),
    ("deploy", ("kubectl", "set")),
    ("deploy", ("kubectl", "rollout")),
    ("deploy", ("helm", "upgrade")),
    ("deploy", ("helm", "install")),
    ("deploy", ("argocd", "app")),
    ("deploy", ("kustomize", "edit")),
    ("deploy", ("terraform", "apply")),
    ("deploy", ("ansible-playbook",)),
    ("deploy", ("gcloud", "run")),
    ("deploy", ("aws", "ecs")),
    ("deploy", ("aws", "sagemaker")),
    ("deploy", ("az", "ml")),
    ("deploy", ("docker", "compose", "up")),
    ("deploy", ("docker", "stack", "deploy")),
    ("deploy", ("flyctl", "deploy")),
)
_ACTIONS = {
    "package": re.compile(r"^(?:docker/build-push-action|redhat-actions/buildah-build|.*kaniko.*)(?:@|$)"),
    "deploy": re.compile(r"(?i)(?:deploy|helm|kubectl|kubernetes|argocd|k8s)[^@]*(?:@|$)"),
}
_METRIC = re.compile(
    r"(?i)(?:metric|auc|score|accuracy|threshold|minimum|rmse|mae|f1|recall|precision|baseline)"
)
_MAX_FOLLOWED = 40
_MAX_DEPTH = 2


def deeds_of(job: Job, tree: Tree) -> dict[str, int]:
    """Each deed of a job with the line of the step that does it first."""
    found: dict[str, int] = {}
    for step in job.steps:
        for deed in _of_step(step, tree):
            found.setdefault(deed, step.line)
    return found


def _of_step(step: Step, tree: Tree) -> Iterator[str]:
    for deed, pattern in _ACTIONS.items():
        if step.uses and pattern.search(step.uses):
            yield deed
    if step.script:
        budget = [_MAX_FOLLOWED]
        for command in script_commands(step.script):
            yield from _of_command(command, tree, budget, 0)


def _of_command(command: tuple[str, ...], tree: Tree, budget: list[int], depth: int) -> Iterator[str]:
    if command[0] in _SILENT:
        return
    for deed, words in _COMMANDS:
        if command[: len(words)] == words:
            yield deed
    runs = command[1:] if _INTERPRETERS.match(command[0]) else command[:1]
    named = {word for part in runs if not part.startswith("-") for word in _split(part)}
    for deed, pattern in _WORDS.items():
        if any(pattern.match(word) for word in named):
            # A gate by name only is one when what it runs can say no; see below.
            yield deed if deed != "gate" or not _scripts(command, tree) else "evaluate"
    if depth < _MAX_DEPTH:
        yield from _of_called(command, tree, budget, depth)


def _split(part: str) -> list[str]:
    """The words of a program's or target's name: src/train_model.py, model-train, mypkg.training."""
    return [word for word in re.split(r"[^a-z]+", part.lower()[:200]) if word]


def _scripts(command: tuple[str, ...], tree: Tree) -> list[str]:
    """Files of the submission that a command runs."""
    known = set(tree.paths)
    found = []
    for before, word in zip(("", *command), command, strict=False):
        name = str(PurePosixPath(word)) if not word.startswith("-") else ""
        names = [name]
        if before == "-m":
            names = [f"{word.replace('.', '/')}.py", f"src/{word.replace('.', '/')}.py"]
        found += [name for name in names if name in known and name.endswith((".py", ".sh"))]
    return found


def _of_called(command: tuple[str, ...], tree: Tree, budget: list[int], depth: int) -> Iterator[str]:
    """What scripts and make targets do that a command starts."""
    for name in _scripts(command, tree):
        budget[0] -= 1
        text = tree.text(name) if budget[0] >= 0 else None
        if text is None:
            continue
        if name.endswith(".py"):
            yield from _of_python(text.content)
        else:
            for inner in script_commands(text.content):
                yield from _of_command(inner, tree, budget, depth + 1)
    if command[0] == "make":
        for script in _targets(tree, command[1:]):
            for inner in script_commands(script):
                yield from _of_command(inner, tree, budget, depth + 1)


def _targets(tree: Tree, names: tuple[str, ...]) -> Iterator[str]:
    """The recipes of make targets, without those that they depend on."""
    text = tree.text("Makefile")
    wanted = {name for name in names if not name.startswith("-")}
    current = False
    for line in text.lines if text else ():
        if line.startswith("\t"):
            if current:
                yield line.strip().lstrip("@-")
        elif (head := re.match(r"^([\w./ -]+):(?!=)", line)) is not None:
            current = bool(wanted & set(head[1].split()))


def _of_python(source: str) -> Iterator[str]:
    """What a Python program does, by what it calls."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if can_refuse(tree):
        yield "gate"
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {c.attr if isinstance(c, ast.Attribute) else getattr(c, "id", "") for c in calls}
    if names & {"fit", "fit_transform", "train", "partial_fit"}:
        yield "train"
    if any(name.endswith(("_score", "_error", "_loss")) or name in {"evaluate", "score"} for name in names):
        yield "evaluate"


def can_refuse(tree: ast.AST) -> bool:
    """Whether a program compares a metric and ends badly because of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and _compares_metric(node.test) and _ends(node):
            return True
        if isinstance(node, ast.Assert) and _compares_metric(node.test):
            return True
        if isinstance(node, ast.Call) and _is_exit(node) and any(_compares_metric(a) for a in node.args):
            return True
    return False


def _compares_metric(test: ast.AST) -> bool:
    compares = [node for node in ast.walk(test) if isinstance(node, ast.Compare)]
    return any(_METRIC.search(ast.dump(node)) for node in compares)


def _ends(node: ast.If) -> bool:
    inside = [below for part in (*node.body, *node.orelse) for below in ast.walk(part)]
    returns = [n.value for n in inside if isinstance(n, ast.Return)]
    is_code = any(isinstance(v, ast.Constant) and v.value not in {None, 0} for v in returns)
    return is_code or any(
        isinstance(n, ast.Raise) or (isinstance(n, ast.Call) and _is_exit(n)) for n in inside
    )


def _is_exit(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"exit", "SystemExit", "_exit"}
