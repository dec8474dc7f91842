"""Manifests become starts of a real image beside a real prober, and a kubelet's judgement of each."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from audition.domain.contract import Contract, Inventory
from audition.domain.evidence import RunEvidence
from audition.domain.execution import ContainerSpec, Limits, Profile
from audition.domain.grade import Finding, Outcome
from audition.domain.pod import PodEvidence, pod_spec
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import ProbeTask
from audition.domain.run import Verdict
from audition.domain.service import ServiceSpec
from audition.domain.serving import Serving
from audition.grading import Workspace
from audition.grading.pods import pod_of
from audition.services.lease import Lease
from audition.services.probe_service import Wanted, converse
from audition.services.runner import PROBER_IMAGE
from graders.pods import grader
from tests.contract.boxes import DockerBox, owner
from tests.factories import make_manifest
from tests.graders.workspaces import by_check

pytestmark = [pytest.mark.docker, pytest.mark.slow]

#: The prober's own look at a pod, without the rest of its course.
LOOK = """
import asyncio, sys
from audition import codec
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import Line, ProbeTask
from audition.probing.course import plan_of
from audition.probing.inputs import Inputs
from audition.probing.pods import look_at_pod
from audition.probing.talk import Talk, open_pipes

async def main():
    reader, writer = await open_pipes()
    task = codec.from_json(ProbeTask, await reader.readline(), what="the task")
    talk = Talk(reader, writer)
    plan = plan_of(task, Inputs(rows=({"a": 1.0},), offline=None), ())
    seen = await look_at_pod(task.pod, plan, talk)
    await talk.say(Line(evidence=ServiceEvidence(pod=seen)))

asyncio.run(main())
"""
SERVE = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/health": b"{}", "/ready": b"{}", "/metrics": b"requests_total 3\\n"}
        self.answer(200 if self.path in known else 404, known.get(self.path, b"{}"))

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
        self.answer(200, json.dumps({"predictions": [row["a"] for row in rows]}).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if self.path == "/metrics" else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

SETUP
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: credit}
spec:
  template:
    metadata: {labels: {app: credit}, annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080"}}
    spec:
      POD
      volumes:
      - {name: tmp, emptyDir: {}}
      - {name: host, hostPath: {path: /}}
      containers:
      - name: service
        image: credit:1
        command: [python3, -c]
        args:
        - |
PROGRAM
        env: [{name: PORT, value: "8080"}]
        ports: [{name: http, containerPort: 8080}]
        startupProbe: {httpGet: {path: /health, port: http}, periodSeconds: 1, failureThreshold: 30}
        readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 2}
        livenessProbe: {httpGet: {path: /health, port: http}, periodSeconds: 10}
        resources: {limits: {memory: 64Mi, cpu: 500m}, requests: {memory: 32Mi, cpu: 250m}}
        volumeMounts: [{name: tmp, mountPath: /tmp}]
        securityContext: {runAsUser: 10001, runAsNonRoot: true, readOnlyRootFilesystem: true}
---
apiVersion: v1
kind: Service
metadata: {name: credit}
spec: {selector: {app: credit}, ports: [{port: 80, targetPort: http}]}
"""

Findings = dict[str, Finding]
Judge = Callable[..., tuple[PodEvidence, Findings]]


class NeverStops:
    """What `converse` asks of a lease."""

    def should_stop(self) -> bool:
        """Never."""
        return False


@pytest.fixture(scope="module")
def box() -> Iterator[DockerBox]:
    made = DockerBox()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def judge(tmp_path: Path, box: DockerBox, images: Mapping[str, str]) -> Judge:
    """Run the service as the manifest has it, and grade what was seen."""

    def run(*changes: tuple[str, str], setup: str = "", pod: str = "") -> tuple[PodEvidence, Findings]:
        program = textwrap.indent(SERVE.replace("SETUP", setup), " " * 10)
        text = MANIFEST.replace("PROGRAM", program).replace("POD", pod)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "k8s.yaml").write_text(text)
        contract = Contract(serving=Serving(startup_seconds=8.0))
        found = pod_of(tmp_path, contract)
        assert found is not None
        spec = ContainerSpec(
            stage="serve",
            image=images[PROBER_IMAGE],
            argv=("python", "-c", LOOK),
            profile=Profile.GRADER,
            ownership=owner(),
            limits=Limits(memory_bytes=512 << 20),
        )
        usual = ServiceSpec(
            image=box.image, ownership=spec.ownership, limits=Limits(memory_bytes=256 << 20, pids=128)
        )
        wanted = Wanted(spec=usual, models=(), grace_seconds=1.0, pod=pod_spec(found, usual))
        with box.sandbox.probe(spec) as prober:
            lease = cast("Lease", NeverStops())
            seen = converse(prober, ProbeTask(contract=contract, pod=found), wanted, lease, 120.0).evidence
        assert seen is not None
        assert seen.pod is not None
        inventory = Inventory(contract=contract, pod=found)
        evidence = RunEvidence(verdict=Verdict.ACCEPTED, inventory=inventory, stages=())
        workspace = Workspace(
            manifest=make_manifest(), evidence=evidence, service=ServiceEvidence(pod=seen.pod)
        )
        return seen.pod, by_check(grader.grade(workspace))

    return run


def test_a_good_deployment_is_ready_alive_scraped_and_within_its_limits(judge: Judge) -> None:
    seen, found = judge()
    outcomes = {check: finding.outcome for check, finding in found.items()}
    # What it uses depends on the host, and on what else runs there.
    for check in ("pods.limits.true", "pods.cpu.true"):
        assert outcomes.pop(check) in {Outcome.PASSED, Outcome.PARTIAL}
    assert set(outcomes.values()) == {Outcome.PASSED}, found
    assert seen.listening == (8080,)
    assert seen.memory_bytes is not None
    assert 5 << 20 < seen.memory_bytes < 64 << 20


def test_a_service_that_sends_requests_to_another_port_answers_nobody(judge: Judge) -> None:
    _, found = judge(("targetPort: http", "targetPort: 9000"))
    assert found["pods.ready.reached"].outcome == Outcome.FAILED
    assert "port 9000, where requests would come" in found["pods.ready.reached"].sentence


def test_a_probe_of_a_route_that_is_not_there_is_never_ready(judge: Judge) -> None:
    _, found = judge(("path: /ready", "path: /readyz"))
    assert found["pods.ready.reached"].outcome == Outcome.FAILED
    assert "/readyz on 8080 gave 404" in found["pods.ready.reached"].sentence
    assert found["pods.limits.enough"].outcome == Outcome.PASSED


def test_a_liveness_probe_that_waits_too_short_kills_a_slow_start(judge: Judge) -> None:
    _, found = judge(
        (
            "startupProbe: {httpGet: {path: /health, port: http}, periodSeconds: 1, failureThreshold: 30}",
            "stdin: false",
        ),
        ("livenessProbe: {httpGet: {path: /health, port: http}, periodSeconds: 10}",
         "livenessProbe: {httpGet: {path: /health, port: http}, periodSeconds: 1, failureThreshold: 2}"),
        setup="import time; time.sleep(4)",
    )  # fmt: skip
    assert found["pods.alive.kept"].outcome == Outcome.FAILED
    assert "killed 1 s after its start" in found["pods.alive.kept"].sentence


def test_a_limit_that_is_too_small_ends_in_out_of_memory(judge: Judge) -> None:
    seen, found = judge(setup="model = bytearray(os.urandom(1 << 20)) * 100")
    assert seen.is_out_of_memory
    assert "ran out of memory within its limit of 64 MiB" in found["pods.limits.enough"].sentence
    assert found["pods.limits.true"].outcome == Outcome.FAILED


def test_a_service_that_writes_fails_on_a_read_only_root(judge: Judge) -> None:
    write = 'open("/var/tmp/cache", "w").close()'
    _, found = judge(setup=write)
    assert found["pods.limits.enough"].outcome == Outcome.FAILED
    assert "a root that cannot be written to" in found["pods.limits.enough"].sentence
    _, found = judge(("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"), setup=write)
    assert found["pods.limits.enough"].outcome == Outcome.PASSED


def test_volumes_that_begin_empty_can_be_written_to(judge: Judge) -> None:
    _, found = judge(setup='open("/tmp/cache", "w").close()')
    assert found["pods.limits.enough"].outcome == Outcome.PASSED


def test_a_user_who_may_not_read_the_model_gives_no_prediction(judge: Judge) -> None:
    read = 'open("/etc/shadow").read()'
    seen, found = judge(setup=read)
    assert (seen.is_running, seen.exit_code) == (False, 1)
    assert "user 10001" in found["pods.limits.enough"].sentence
    _, found = judge(("runAsUser: 10001, runAsNonRoot: true", "runAsUser: 0"), setup=read)
    assert found["pods.limits.enough"].outcome == Outcome.PASSED


def test_root_is_refused_where_the_manifest_forbids_it(judge: Judge) -> None:
    seen, found = judge(("runAsUser: 10001", "runAsUser: 0"))
    assert seen.refused
    assert found["pods.ready.reached"].outcome == Outcome.FAILED


def test_what_a_manifest_asks_of_its_host_is_never_given(judge: Judge) -> None:
    proof = (
        "status = dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines());"
        " assert not os.path.exists('/host');"
        " assert int(status['CapEff'], 16) == 0 and status['NoNewPrivs'].strip() == '1';"
        " assert os.listdir('/sys/class/net') == ['lo']"
    )
    _, found = judge(
        ("mountPath: /tmp}]", "mountPath: /tmp}, {name: host, mountPath: /host}]"),
        ("securityContext: {", "securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}, "),
        setup=proof,
        pod="hostNetwork: true",
    )
    assert found["pods.limits.enough"].outcome == Outcome.PASSED
    told = found["pods.wishes.refused"]
    assert told.outcome == Outcome.INFORMATIVE
    for wish in ("privileged", "hostNetwork", "added capabilities", "a folder of the host at /host"):
        assert wish in told.sentence
