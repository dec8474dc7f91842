"""Checks on what the image does when it runs: user, command, health."""

import re
from pathlib import PurePosixPath

from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from graders.dockerfile.build import readable
from graders.dockerfile.instructions import Instruction, Recipe, fill_in

_NO_FILE = "There is no readable Dockerfile."
_ROOT = frozenset({"root", "administrator", "containeradministrator"})
#: Tags by which publishers mark images whose own user is not root.
_NON_ROOT_TAG = re.compile(r"[:-](?:nonroot|non-root|rootless)\b")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
#: Health checks that are always healthy.
_EMPTY_CHECK = re.compile(r"^(?:/bin/)?(?:true|:|exit 0|echo\b[^|&;]*)$")


def _effective(recipe: Recipe, name: str) -> Instruction | None:
    """The instruction of this kind that holds in the final image, inherited ones included."""
    return next((found for stage in recipe.lineage() if (found := stage.last(name))), None)


@check(
    "dockerfile.user.non-root",
    "Runs as a non-root user",
    points=3,
    why="A flaw in the service is then a flaw in one unprivileged process, not in the host.",
    fix="End with USER and a number, e.g. USER 10001; Kubernetes can only verify a number.",
)
def non_root(workspace: Workspace) -> Result:
    """Non-root number 1, name 0.8, root 0 (catalogue A4, static part; CIS Docker Benchmark 4.1)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    user = _effective(recipe, "user")
    if user is not None:
        return _judge_user(user, fill_in(user.text, recipe.variables()))
    if _NON_ROOT_TAG.search(recipe.lineage()[-1].base):
        return partial(0.8, "The base image says that it is not root; a number of your own can be verified.")
    return failed("There is no USER instruction: the service runs as root.")


def _judge_user(user: Instruction, value: str) -> Result:
    name = value.partition(":")[0].strip("\"' ")
    if name.lower() in _ROOT or (name.isdecimal() and int(name) == 0):
        return failed("The service runs as root.", user.evidence("root"))
    if name.isdecimal():
        return passed(f"The service runs as user {name[:20]}.")
    if "$" in name:
        return partial(0.5, "The user depends on a variable without a default.", user.evidence("a variable"))
    sentence = f"The service runs as the named user {name[:40]!r}; a number can be verified."
    return partial(0.8, sentence, user.evidence("a name"))


@check(
    "dockerfile.command.exec-form",
    "The service is started in exec form",
    points=2,
    why="In shell form a shell is process 1 and swallows SIGTERM: every deployment then kills requests in flight.",
    fix='Write CMD ["python", "serve.py"] with brackets and quotes.',
)
def exec_form(workspace: Workspace) -> Result:
    """Nothing that keeps signals from the service stands before it."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    entrypoint, command = _set(_effective(recipe, "entrypoint")), _set(_effective(recipe, "cmd"))
    first = entrypoint or command
    if first is None:
        return failed("The Dockerfile says nowhere what to start (no CMD, no ENTRYPOINT).")
    if not _gets_signals(first):
        return failed("The service is started by a shell, which swallows signals.", first.evidence("a shell"))
    if entrypoint and command and not command.is_exec_form:
        sentence = "CMD is in shell form: ENTRYPOINT gets the words /bin/sh -c as its arguments."
        return partial(0.5, sentence, command.evidence("shell form"))
    return passed("Signals reach the service.")


def _set(instruction: Instruction | None) -> Instruction | None:
    """The instruction, unless its empty list takes back what was inherited."""
    return instruction if instruction and instruction.words else None


def _gets_signals(command: Instruction) -> bool:
    """Whether the service is process 1: no shell stands before it, or one that `exec` replaces."""
    if not command.is_exec_form:
        return command.text.startswith("exec ")
    words = command.words
    if PurePosixPath(words[0]).name not in _SHELLS or not any(_is_dash_c(word) for word in words[1:-1]):
        return True
    return "exec " in words[-1]


def _is_dash_c(word: str) -> bool:
    return word.startswith("-") and word.endswith("c")


@check(
    "dockerfile.health.declared",
    "Says how to tell that it is healthy",
    points=1,
    why="Without a health check a hung service counts as a running one.",
    fix="Add a HEALTHCHECK that asks the service's health route; under Kubernetes add probes as well.",
)
def health(workspace: Workspace) -> Result:
    """A HEALTHCHECK that asks something (CIS Docker Benchmark 4.6)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    found = _effective(recipe, "healthcheck")
    if found is None:
        return failed("There is no HEALTHCHECK.")
    if found.text.strip().upper() == "NONE":
        return failed("The health check is switched off.", found.evidence("NONE"))
    asks = " ".join(found.words[1:]).strip()
    if not asks or _EMPTY_CHECK.match(asks):
        return failed("The health check is healthy whatever happens.", found.evidence("asks nothing"))
    return passed("The image declares a health check.")


@check(
    "dockerfile.command.single",
    "One command, not several",
    points=0.5,
    why="Only the last CMD counts; the others tell the reader something that is not true.",
    fix="Keep one CMD and one ENTRYPOINT in the final stage.",
)
def one_command(workspace: Workspace) -> Result:
    """At most one CMD and one ENTRYPOINT in the final stage."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    repeated = [i for name in ("cmd", "entrypoint") for i in recipe.final.all(name)[:-1]]
    if repeated:
        return failed("A CMD or ENTRYPOINT is given twice.", *(i.evidence("has no effect") for i in repeated))
    return passed("There is one command.")
