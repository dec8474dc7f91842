"""Whose rights the service has: by the image's configuration, and by its process when it was served (A4)."""

from audition.domain.serving import SERVING_KINDS
from audition.grading import Result, Workspace, check, failed, not_assessed, partial, passed
from graders.chain import no_image

_ROOT = frozenset({"", "root"})
#: What a name is worth beside a number. Source: the grader catalogue, A4.
_NAMED_SHARE = 0.8


@check(
    "image.user.non-root",
    "The built image does not run as root",
    points=2,
    why="A flaw in the service is then a flaw in one unprivileged process, not in the host.",
    fix="End with USER and a number, e.g. USER 10001; Kubernetes can only verify a number.",
)
def without_root(workspace: Workspace) -> Result:
    """Non-root number 1, name 0.8, root 0; a process that was seen counts before what was configured (A4)."""
    if reason := no_image(workspace):
        return reason
    build, service = workspace.evidence.build, workspace.service
    config = build.config if build else None
    if config is None:
        return not_assessed("The image's configuration was not recorded.")
    ladder = service.ladder if service else None
    seen, how = (ladder.user, "runs as") if ladder and ladder.reached else (config.user, "starts as")
    user = seen.partition(":")[0]
    if user in _ROOT or (user.isdecimal() and not int(user)):
        kind = workspace.evidence.inventory.contract.serving.kind
        if SERVING_KINDS[kind].expects_root:
            return passed(f"It {how} root, which the contract of {kind} asks for.")
        return failed(f"It {how} root.")
    if user.isdecimal():
        return passed(f"It {how} user {user[:20]}.")
    return partial(_NAMED_SHARE, f"It {how} the named user {user[:40]!r}; a number can be verified.")
