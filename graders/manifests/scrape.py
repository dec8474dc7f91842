"""Is Prometheus told where the metrics are? The half that can be read; whether they are there is measured."""

from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.manifests import find_manifests
from audition.grading.scrape_targets import scrape_targets
from graders.manifests.presence import absent


@check(
    "manifests.scrape.configured",
    "Prometheus is sent to the metrics",
    points=1,
    why="Metrics that nobody collects raise no alarm.",
    fix="Add a ServiceMonitor, a PodMonitor or prometheus.io annotations with the path and port of your metrics.",
)
def scraped(workspace: Workspace) -> Result:
    """Path and port agree with the contract's; half when only one does (catalogue H6, static half)."""
    found = find_manifests(workspace.submission)
    if not found.things:
        return absent(workspace, found)
    contract = workspace.evidence.inventory.contract
    if not contract.monitoring.path:
        return not_applicable("The contract says that there are no metrics.")
    targets = scrape_targets(found)
    if not targets:
        return failed("Nothing tells Prometheus where the metrics are.")
    path, port = contract.monitoring.path, str(contract.monitoring.port or contract.serving.port)
    best = max(targets, key=lambda target: (target.path == path) + (target.port == port))
    agree = (best.path == path) + (best.port == port)
    if agree == 2:  # noqa: PLR2004  both
        return passed(f"Prometheus is sent to {path} on port {port}.")
    sentence = (
        f"Prometheus is sent to {best.path} on port {best.port or '?'}, but metrics are at {path} on {port}."
    )
    return partial(0.5, sentence, best.evidence) if agree else failed(sentence, best.evidence)
