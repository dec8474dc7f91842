"""Are the limits of the manifest those of the service (K8, D5)?"""

from audition.domain.run import Stage
from audition.grading import Result, Workspace, check, failed, not_assessed, passed
from graders.pods.seen import Seen, seen_of
from graders.probed import plural, scored

#: Share of the memory limit that the peak should be. Source: the grader catalogue, D5.
_LOW, _HIGH = 0.4, 0.9
#: So much of what there is counts as all of it; less than so many processors is what a process uses that does nothing.
_BUSY, _IDLE = 0.8, 0.01
_MIB = 1 << 20


@check(
    "pods.limits.enough",
    "It predicts within its own limits and as its own user",
    points=2,
    why="What works on a laptop as root ends in a cluster as another user with less memory.",
    fix="Try the image with the limits, the user and the read-only root of its manifest before shipping it.",
)
def predicts(workspace: Workspace) -> Result:
    """Share of predictions answered under load, with the manifest's limits, user, root and volumes."""
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    start = seen.start
    if start.refused:
        return failed(f"A cluster would not start it: {start.refused}")
    if start.is_out_of_memory:
        return failed(f"It ran out of memory within its limit of {_mib(seen.pod.memory_limit_bytes)}.")
    if start.predict_seconds is None:
        return seen.fault(_silent(seen))
    if not start.asked:
        return not_assessed("Not assessed: no load could be put on it.")
    sentence = f"{start.good} of {plural(start.asked, 'prediction')} were answered under load."
    return scored(start.good / start.asked, sentence)


def _silent(seen: Seen) -> str:
    """Why there was no prediction, as far as it shows."""
    wishes = [
        "a root that cannot be written to" if seen.pod.is_read_only else "",
        f"user {seen.pod.user}" if seen.pod.user is not None else "",
    ]
    under = " and ".join(wish for wish in wishes if wish)
    how = f", which ended with code {seen.start.exit_code}" if not seen.start.is_running else ""
    return f"No prediction came from the container{f' with {under}' if under else ''}{how}."


@check(
    "pods.cpu.true",
    "Its processors fit what it uses",
    points=0.5,
    why="What is reserved and never used is paid for; what is used and not asked for is missing on a busy node.",
    fix="Measure under load: set the limit to at most 2.5 times the use, and ask for 40 % of the use or more.",
)
def true_processors(workspace: Workspace) -> Result:
    """1 while use under full load is 40 % or more of the limit, or at most 250 % of the request without one (D5).

    A service takes what it is given when it is asked as fast as it answers: nothing is lost at the limit itself.
    """
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    limit, request, used = seen.pod.cpu_limit, seen.pod.cpu_request, seen.start.cpus
    if seen.start.refused or seen.start.predict_seconds is None:
        return seen.blocked()
    if not limit and not request:
        return failed("The manifest neither asks for processors nor limits them.")
    most = workspace.manifest.limits_of(Stage.SERVE).cpus
    if used is None or (limit and limit > most and used > _BUSY * most):
        known = "who used how much is not known" if used is None else f"it used all {most:g} that there are"
        return not_assessed(f"Not assessed: of this host's processors {known}.")
    if limit:
        sentence = f"Under load it used {used:.2g} of the {limit:g} processors of its limit."
        return _scored(used / limit / _LOW, sentence)
    sentence = f"Under load it used {used:.2g} processors and asks for {request:g}."
    return _scored((request or 0.0) / max(used, _IDLE) / _LOW, sentence)


def _scored(share: float, sentence: str) -> Result:
    return passed(sentence) if share >= 1 else scored(share, sentence)


@check(
    "pods.limits.true",
    "Its memory limit fits what it uses",
    points=1.5,
    why="A limit far above the use wastes a node; one just above it ends the service on a busy day.",
    fix="Measure the peak under load, and set the limit so that the peak is about two thirds of it.",
)
def true_limits(workspace: Workspace) -> Result:
    """1 while the peak is 40 to 90 % of the limit, falling to 0 at nothing and at all of it (D5)."""
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    limit, peak = seen.pod.memory_limit_bytes, seen.start.memory_bytes
    if limit is None or limit <= 0:
        return failed("The manifest sets no limit of memory.")
    if seen.start.is_out_of_memory:
        return failed(f"It needs more than its limit of {_mib(limit)}.")
    if seen.start.refused or seen.start.predict_seconds is None:
        return seen.blocked()
    if peak is None:
        return not_assessed("Not assessed: this host does not say how much memory was used.")
    ratio = peak / limit
    share = ratio / _LOW if ratio < _LOW else (1 - ratio) / (1 - _HIGH) if ratio > _HIGH else 1.0
    sentence = f"Its peak of {_mib(peak)} is {ratio:.0%} of its limit of {_mib(limit)}."
    return _scored(share, sentence)


def _mib(size: int | None) -> str:
    return "our own ceiling" if size is None else f"{size / _MIB:,.0f} MiB"
