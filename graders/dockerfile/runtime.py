"""Checks on what the image does when it runs: user, command, health."""

from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from graders.dockerfile.build import readable
from graders.dockerfile.instructions import Instruction, Recipe

_NO_FILE = "There is no readable Dockerfile."
_ROOT = frozenset({"root", "0"})


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
    if user is None:
        return failed("There is no USER instruction: the service runs as root.")
    name = user.text.partition(":")[0].strip()
    if name in _ROOT:
        return failed("The service runs as root.", user.evidence("root"))
    if name.isdecimal():
        return passed(f"The service runs as user {name}.")
    if name.startswith("$"):
        return partial(0.5, "The user depends on a variable.", user.evidence("a variable"))
    return partial(
        0.8,
        f"The service runs as the named user {name[:40]!r}; a number can be verified.",
        user.evidence("a name"),
    )


@check(
    "dockerfile.command.exec-form",
    "The service is started in exec form",
    points=2,
    why="In shell form a shell is process 1 and swallows SIGTERM: every deployment then kills requests in flight.",
    fix='Write CMD ["python", "serve.py"] with brackets and quotes.',
)
def exec_form(workspace: Workspace) -> Result:
    """The command that wins is an argument list."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    command = _effective(recipe, "entrypoint") or _effective(recipe, "cmd")
    if command is None:
        return failed("The Dockerfile says nowhere what to start (no CMD, no ENTRYPOINT).")
    if command.is_exec_form:
        return passed("Signals reach the service.")
    return failed(
        "The service is started by a shell, which swallows signals.", command.evidence("shell form")
    )


@check(
    "dockerfile.health.declared",
    "Says how to tell that it is healthy",
    points=1,
    why="Without a health check a hung service counts as a running one.",
    fix="Add a HEALTHCHECK that asks the service's health route; under Kubernetes add probes as well.",
)
def health(workspace: Workspace) -> Result:
    """A HEALTHCHECK other than NONE (CIS Docker Benchmark 4.6)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    found = _effective(recipe, "healthcheck")
    if found is None:
        return failed("There is no HEALTHCHECK.")
    if found.text.strip().upper() == "NONE":
        return failed("The health check is switched off.", found.evidence("NONE"))
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
