"""Do manifests, Dockerfile, contract, alerts and the running service speak of the same thing (K1, K2, K3, K8)?"""

from collections.abc import Iterator

from audition.domain.grade import Evidence
from audition.domain.pod import PodProbe, ProbeMeans
from audition.grading import Result, Workspace, check, failed, not_assessed, passed
from graders.dockerfile.instructions import find_recipe
from graders.pods.seen import Seen, seen_of
from graders.probed import why_missing

#: One fact agrees with itself; a comparison takes two beside the contract's own.
_LEAST_FACTS = 2


@check(
    "consistency.probes.answered",
    "Probes of the manifest are answered by the service",
    points=1,
    why="A probe of a route that moved takes every pod out of service with the next rollout.",
    fix="Name routes and port once, and let service and manifest take them from there.",
)
def probes(workspace: Workspace) -> Result:
    """Each probe's path and port gives a good answer in the end (K1)."""
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    asked = {item.kind: item for item in seen.start.probes if item.readings}
    known = [probe for probe in seen.pod.probes if probe.kind in asked]
    if not known:
        return not_assessed("Not assessed: the manifest has no probe that could be asked.")
    bad = [probe for probe in known if not asked[probe.kind].readings[-1].is_good]
    if not bad:
        return passed(f"All {len(known)} probes are answered.")
    told = (f"{probe.kind} asks {_where(probe)}: {asked[probe.kind].readings[-1].outcome}" for probe in bad)
    return seen.fault(f"{len(bad)} of {len(known)} probes get no good answer: {'; '.join(told)}.")


def _where(probe: PodProbe) -> str:
    port = probe.port or "a port that is not there"
    return f"{probe.path} on {port}" if probe.means == ProbeMeans.HTTP else f"port {port}"


@check(
    "consistency.ports.agree",
    "Image, manifest, contract and service name one port",
    points=1,
    why="Of four places that name the port, three are right after it was changed in one.",
    fix="Let EXPOSE, containerPort, targetPort and audition.toml name the port that the service listens on.",
)
def ports(workspace: Workspace) -> Result:
    """EXPOSE, the manifest's ports, the contract and the listening socket agree (K2)."""
    port = workspace.evidence.inventory.contract.serving.port
    facts = dict(_ports(workspace, port))
    if len(facts) < _LEAST_FACTS:
        return not_assessed("Not assessed: fewer than two places beside the contract name a port.")
    wrong = [place for place, agrees in facts.items() if not agrees]
    if wrong:
        return failed(f"The contract says {port}, but not so {', '.join(wrong)}.")
    return passed(f"{', '.join(facts)} and the contract agree on port {port}.")


def _ports(workspace: Workspace, port: int) -> Iterator[tuple[str, bool]]:
    """Places that name a port, and whether it is this one."""
    recipe = find_recipe(workspace)
    if recipe is not None and recipe.stages:
        words = [word for stage in recipe.lineage() for i in stage.all("expose") for word in i.words]
        numbers = [word.partition("/")[0] for word in words]
        if numbers and all(number.isdigit() for number in numbers):
            yield "EXPOSE", str(port) in numbers
    pod = workspace.evidence.inventory.pod
    if pod is not None and pod.ports:
        yield "the container's ports", port in pod.ports
    if pod is not None and pod.targets:
        yield "the Service's target", port in pod.targets
    binding = workspace.service.binding if workspace.service else None
    if binding is not None:
        yield "the listening socket", bool(binding.addresses)


@check(
    "consistency.metrics.live",
    "Alerts and dashboards look at series that the service has",
    points=1,
    why="An alert on a name that nobody exposes is silent for ever.",
    fix="Open the metrics page of the running service and copy the names from there.",
)
def metrics(workspace: Workspace) -> Result:
    """Every metric that a rule or panel names and that is the service's own is on its live page (K3)."""
    # Loads the parser of PromQL, for which those who only ask for this grader's checks should not wait.
    from graders.consistency.names import live_names, wanted_names  # noqa: PLC0415

    wanted = wanted_names(workspace)
    if not wanted:
        return not_assessed("Not assessed: no rule or panel names a metric of the service.")
    exposition = workspace.service.exposition if workspace.service else None
    if exposition is None or not exposition.is_parsed:
        return why_missing(workspace, "exposition")
    live = live_names(workspace)
    missing = sorted(name for name in wanted if name not in live)
    if not missing:
        return passed(f"All {len(wanted)} names of rules and panels are on the live page.")
    shown = ", ".join(missing[:5])
    return failed(
        f"{len(missing)} of {len(wanted)} names of rules and panels are not on the live page: {shown}.",
        *(Evidence(summary=name, file=wanted[name]) for name in missing[:10]),
    )


@check(
    "consistency.manifest.runs",
    "The image runs as its manifest says",
    points=1,
    why="User, read-only root and limits that were never tried are found out by the first rollout.",
    fix="Start the image with the user, the read-only root and the limits of the manifest before shipping it.",
)
def manifest(workspace: Workspace) -> Result:
    """A prediction comes with the manifest's user, root and limits (K8)."""
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    said = _said(seen)
    if not said:
        return not_assessed("Not assessed: the manifest says nothing of user, root or limits.")
    if seen.start.refused:
        return failed(f"A cluster would not start it: {seen.start.refused}")
    if seen.start.is_out_of_memory:
        return failed("It ran out of memory within the manifest's limit.")
    if seen.start.predict_seconds is None:
        return seen.fault(f"No prediction came with {said}.")
    return passed(f"It predicts with {said}.")


def _said(seen: Seen) -> str:
    pod = seen.pod
    parts = (
        f"user {pod.user}" if pod.user is not None else "",
        "a read-only root" if pod.is_read_only else "",
        "its limit of memory" if pod.memory_limit_bytes else "",
    )
    return ", ".join(part for part in parts if part)
