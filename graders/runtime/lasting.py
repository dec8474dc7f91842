"""Checks over several starts: network, restrictions, restart, a missing model, logs (B2, B3, B5, B6, B8)."""

import re

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, not_assessed, partial, passed
from graders.probed import part_of, plural, scored, service_of, why_missing

_TRIES = 0.5
#: Addresses turned into names, as servers do with their own at start.
_OWN_NAMES = re.compile(r"\.(?:in-addr|ip6)\.arpa$|(?:^|\.)localhost$|\.localdomain$")
_MOST_NAMED, _MOST_HOSTS = 3, 20

_STEPS = {
    "arbitrary_user": "a user id that the image does not know",
    "read_only_root": "a file system that cannot be written to",
    "small_scratch": "16 MiB of scratch space",
    "tight_limits": "half of the memory and 64 processes",
}


@check(
    "runtime.restrictions.kept",
    "It runs under the restrictions of production",
    points=2,
    why="Clusters run containers as any user, read-only and with limits.",
    fix="Write to /tmp or to declared folders only, make files readable by everybody, and need no particular user.",
)
def restrictions(workspace: Workspace) -> Result:
    """Highest step of the ladder over the number of steps (B3)."""
    service = service_of(workspace)
    found = service.ladder if service else None
    if found is None or not found.tried:
        return why_missing(workspace, "ladder")
    broke = f" It did not predict with {_STEPS.get(found.broke, found.broke)}." if found.broke else ""
    return scored(
        found.reached / found.tried,
        f"It predicts on {found.reached} of {found.tried} steps of restriction.{broke}",
    )


@check(
    "runtime.restart.same",
    "After a crash it comes back with the same answers",
    points=1,
    why="Containers are killed without warning; what a service knew only in memory is gone then.",
    fix="Keep no state in the container that predictions depend on.",
)
def restart(workspace: Workspace) -> Result:
    """1 if ready again with the same predictions (B5)."""
    found = part_of(workspace, "restart", lambda service: service.restart)
    if isinstance(found, Result):
        return found
    if not found.is_ready_again:
        return failed("After a SIGKILL it did not become ready again.")
    sentence = f"After a SIGKILL {found.agreeing} of {plural(found.rows, 'row')} got the same prediction."
    return passed(sentence) if found.agreeing == found.rows else failed(sentence)


@check(
    "runtime.model.missing",
    "Without its model it does not pretend to be healthy",
    points=1,
    why="A service that is healthy without its model answers nonsense and nobody is told.",
    fix="Load the model at start, and exit or stay not ready when that fails.",
)
def masked(workspace: Workspace) -> Result:
    """1 if never ready, 0 if it says that it is healthy (B6)."""
    found = part_of(workspace, "masked", lambda service: service.masked)
    if isinstance(found, Result):
        return found
    if found.predicted:
        return not_applicable(
            "It predicts although the file of its model was hidden: the image has it elsewhere."
        )
    if found.was_ready:
        return failed("With an empty model file it said that it was ready.")
    how = "stayed not ready" if found.is_running else f"ended with code {found.exit_code}"
    return passed(f"With an empty model file it {how}.")


@check(
    "runtime.network.offline",
    "It works without a network, and asks for none",
    points=1,
    why="What is fetched at start is missing on the day when the other side is down, or changes unseen.",
    fix="Put the model and everything else into the image, and switch off telemetry and downloads of libraries.",
)
def offline(workspace: Workspace) -> Result:
    """1, 0.5 if it tries to reach somebody and predicts all the same, 0 if it needs them (B2)."""
    service = service_of(workspace)
    found = service.network if service else None
    if service is None or found is None:
        return why_missing(workspace, "start")
    names = [name for name in found.names if not _OWN_NAMES.search(name) and "." in name]
    tries = [f"looked up {', '.join(names[:_MOST_NAMED])}"] if names else []
    if found.unreachable:
        tries.append(f"sent {plural(found.unreachable, 'packet')} to addresses outside")
    told = " and ".join(tries)
    evidence = tuple(Evidence(summary=name) for name in names[:_MOST_HOSTS])
    if not service.has_predicted:
        return (
            failed(f"It {told}, and never predicted.", *evidence) if told else why_missing(workspace, "start")
        )
    if told:
        return partial(_TRIES, f"It {told}; it predicts all the same.", *evidence)
    if not found.is_heard:
        return not_assessed("It connected to nobody; whether it looked names up could not be heard here.")
    return passed("It looked up no name and connected to nobody.")


@check(
    "runtime.logs.useful",
    "Logs can be searched and keep payloads to themselves",
    points=1,
    why="Logs are read by machines first, and by many people: they need fields and levels, and no personal data.",
    fix="Log JSON or key=value with a level to stdout; log route, status and time, never the body.",
)
def logs(workspace: Workspace) -> Result:
    """0.5 x share of structured lines, 0.3 levels, 0.2 no value that was sent (B8)."""
    found = part_of(workspace, "logs", lambda service: service.logs)
    if isinstance(found, Result):
        return found
    if not found.lines:
        return failed("It printed nothing.")
    structured, levels = found.structured / found.lines, found.with_level / found.lines
    share = 0.5 * structured + 0.3 * levels + 0.2 * (not found.canaries_found)
    leak = (
        f" {plural(found.canaries_found, 'value')} that were sent stand in them."
        if found.canaries_found
        else ""
    )
    sentence = (
        f"{structured:.0%} of {plural(found.lines, 'line')} are structured, {levels:.0%} name a level.{leak}"
    )
    return scored(share, sentence)
