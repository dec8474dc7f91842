"""Do the objects fit together, and with the image that CI pushes and the port that the contract names?"""

import re
from collections.abc import Iterator

from audition.grading import Result, Workspace, check, failed, partial, passed
from audition.grading.manifests import Manifests, Thing, Where, find_manifests
from audition.grading.tree import Tree
from audition.grading.yaml_files import at, items
from graders.manifests.edges import Edge, edges
from graders.manifests.presence import NO_SERVER, absent

#: How pipelines name what they push: docker build/push/tag, buildah, kaniko, build-push actions.
_PUSHED = re.compile(
    r"(?:docker|podman|buildah)\s+(?:push|build|tag)\b(?P<words>.{0,300})|(?:tags|images|image|IMAGE(?:_NAME)?)\s*[:=]"
    r"\s*[\"']?(?P<name>[\w./${}:@ -]{3,200})|--destination[= ](?P<kaniko>\S{3,200})"
)
_REPOSITORY = re.compile(r"[a-z0-9][a-z0-9._-]*(?=[:@\s\"',]|$)")
_PIPELINES = (".gitlab-ci.yml", "Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml")


@check(
    "manifests.wiring.resolved",
    "Selectors, ports and references lead somewhere",
    points=3,
    why="A selector that matches nothing is no error for the cluster: it is a service that answers nobody.",
    fix="Let labels, ports and names agree across Deployment, Service, autoscaler, budget and pipeline.",
)
def wired(workspace: Workspace) -> Result:
    """Share of references that resolve (catalogue H4)."""
    found = find_manifests(workspace.submission)
    if not found.things:
        return absent(workspace, found)
    if not found.workloads:
        return failed(NO_SERVER)
    every = [*edges(found), *_pushed(workspace, found), *_contract_port(workspace, found)]
    loose = [edge.evidence for edge in every if not edge.holds]
    if not every:
        return failed("No object refers to another: pods without a Service answer nobody.")
    if not loose:
        return passed(f"All {len(every)} references between objects lead somewhere.")
    share = 1 - len(loose) / len(every)
    sentence = f"{len(loose)} of {len(every)} references between objects lead nowhere."
    return partial(share, sentence, *loose) if share > 0 else failed(sentence, *loose)


def _contract_port(workspace: Workspace, found: Manifests) -> Iterator[Edge]:
    """The port that the contract names, declared or found, has to be one of a container."""
    inventory = workspace.evidence.inventory
    key = "serving.port"
    if not (inventory.contract.says(key) or any(d.key == key for d in inventory.discovered)):
        return
    port = inventory.contract.serving.port
    servers = [thing for thing in found.servers if thing.containers]
    if servers:
        holds = any(_has_port(thing, port) for thing in servers)
        words = f"no container has the port {port}, which the service listens on"
        yield Edge(holds, servers[0].evidence(words, *servers[0].pod_path, "containers"))


def _has_port(thing: Thing, port: int) -> bool:
    return any(at(p, "containerPort") == port for box in thing.containers for p in items(box, "ports"))


def _pushed(workspace: Workspace, found: Manifests) -> Iterator[Edge]:
    """Images of the manifests that have the name of one that a pipeline pushes; no pipeline, no edge."""
    names = set(_names_in_pipelines(Tree(workspace.submission)))
    if not names:
        return
    for thing in found.servers:
        own = [(n, str(box.get("image") or "")) for n, box in enumerate(thing.containers)]
        if own:
            number, image = own[0]
            where: Where = (*thing.pod_path, "containers", number, "image")
            words = f"no pipeline pushes {_short(image)[:80]!r}"
            yield Edge(_short(image) in names, thing.evidence(words, *where))


def _names_in_pipelines(tree: Tree) -> Iterator[str]:
    """Last parts of the image names that pipelines build or push."""
    workflows = (text for text in tree.ending(".yml", ".yaml") if text.path.startswith(".github/workflows/"))
    for text in (*workflows, *tree.named(*_PIPELINES)):
        for line in text.lines:
            for match in _PUSHED.finditer(line):
                said = match["words"] or match["name"] or match["kaniko"] or ""
                yield from (_short(word.strip("\"',")) for word in said.split() if "/" in word or ":" in word)
                yield from _REPOSITORY.findall(match["name"] or "")


def _short(image: str) -> str:
    """The last part of an image's name, without registry, tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]
