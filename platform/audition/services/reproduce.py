"""Say how to see the same again: commands for a shell, and what chance was seeded with.

The commands hold a program as a run does, as far as a plain container engine can. Words of the candidate in them are
quoted for the shell, so that pasting one runs what is written and nothing else.
"""

import shlex
from collections.abc import Iterator

from audition.domain.contract import Contract
from audition.domain.evidence import RunEvidence
from audition.domain.probe import ServiceEvidence
from audition.domain.report import Provenance
from audition.domain.run import Stage
from audition.domain.summary import Command, Reproduction

_HELD = "--read-only --cap-drop ALL --security-opt no-new-privileges"
_ARCHIVE = "solution.zip"
_IMAGE = "submission"


def reproduce(
    provenance: Provenance, evidence: RunEvidence | None, service: ServiceEvidence | None
) -> Reproduction:
    """Commands and seeds.

    Args:
        provenance: Of the report.
        evidence: Of the run; without it only the bytes can be compared.
        service: What the prober saw; None when no service ran.
    """
    seeds = (("Traffic to the service", service.seed),) if service else ()
    return Reproduction(commands=tuple(_commands(provenance, evidence, service)), seeds=seeds)


def _commands(
    provenance: Provenance, evidence: RunEvidence | None, service: ServiceEvidence | None
) -> Iterator[Command]:
    check = f'echo "{provenance.archive_digest}  {_ARCHIVE}" | sha256sum --check'
    yield Command(purpose="These are the bytes that were graded", line=check)
    yield Command(
        purpose="What the platform reads of them, every problem at once", line=f"audition check {_ARCHIVE}"
    )
    if evidence is None:
        return
    contract = evidence.inventory.contract
    if Stage.PREDICT in provenance.images:
        yield Command(purpose="Predict, in the unpacked folder", line=_predict(provenance, evidence))
    if evidence.build is not None:
        file = f" --file {shlex.quote(evidence.build.file)}" if evidence.build.file else ""
        yield Command(
            purpose="Build the image, in the unpacked folder", line=f"docker build{file} --tag {_IMAGE} ."
        )
    if service is not None:
        yield from _serve(provenance, contract)


def _predict(provenance: Provenance, evidence: RunEvidence) -> str:
    contract = evidence.inventory.contract
    limits = provenance.limits.get(Stage.PREDICT, {})
    held = [f"docker run --rm --network none {_HELD}", *_limits(limits)]
    words = contract.predicting(evidence.outputs)
    mounts = '--tmpfs /tmp -v "$PWD:/submission:ro" -v "$PWD/data:/in:ro" -v "$PWD/out:/out" -w /submission'
    return " ".join([*held, mounts, provenance.images[Stage.PREDICT], shlex.join(words)])


def _serve(provenance: Provenance, contract: Contract) -> Iterator[Command]:
    serving = contract.serving
    limits = " ".join(_limits(provenance.limits.get(Stage.SERVE, {})))
    port = f"--publish 127.0.0.1:{serving.port}:{serving.port}"
    words = f" {shlex.join(serving.arguments)}" if serving.arguments else ""
    yield Command(
        purpose="Serve",
        line=f"docker run --rm --name {_IMAGE} {_HELD} --tmpfs /tmp {limits} {port} {_IMAGE}{words}",
    )
    address = f"http://127.0.0.1:{serving.port}"
    if serving.routes.ready:
        ready = shlex.quote(address + serving.path(serving.routes.ready))
        yield Command(purpose="Ask whether it is ready", line=f"curl --include {ready}")
    predict = shlex.quote(address + serving.path(serving.routes.predict))
    yield Command(
        purpose="Ask for a prediction, with rows in the form that the contract says",
        line=f"curl --include --header 'Content-Type: application/json' --data @rows.json {predict}",
    )
    yield Command(
        purpose="Stop it as an orchestrator does",
        line=f"docker stop --time {serving.grace_seconds:g} {_IMAGE}",
    )


def _limits(limits: dict[str, float]) -> list[str]:
    names = (("memory_bytes", "--memory"), ("cpus", "--cpus"), ("pids", "--pids-limit"))
    return [
        f"{option} {limits[name]:g}" if name == "cpus" else f"{option} {limits[name]:.0f}"
        for name, option in names
        if name in limits
    ]
