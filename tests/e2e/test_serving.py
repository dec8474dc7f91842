"""A submission's own image is built, served and probed: real engine, real prober, real services."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from audition import codec
from audition.domain.alerting import Situation
from audition.domain.evidence import ArtifactKind
from audition.domain.grade import Outcome
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import Pace
from audition.domain.report import Report
from audition.domain.run import Stage, Verdict
from audition.domain.service import Restriction
from audition.domain.submission import State
from tests import tiny
from tests.pipeline import make_pipeline

pytestmark = [pytest.mark.docker, pytest.mark.slow]

STAGES = (Stage.UNPACK, Stage.BUILD, Stage.PREDICT, Stage.SERVE, Stage.SCORE, Stage.JUDGE)
PACE = Pace(cost_requests=50, cost_windows=2, level_seconds=1.0, step_seconds=1.0, steps=2, burst_seconds=1.0)
GRADERS = ("model-quality", "runtime", "service", "metrics", "pods", "consistency", "integrity")
CONTRACT = """
[serving]
startup_seconds = 15
grace_seconds = 5

[monitoring]
path = "/metrics"

[model]
path = "model.json"
"""
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: tiny}
spec:
  template:
    metadata: {labels: {app: tiny}}
    spec:
      containers:
      - name: service
        image: tiny:1
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 2}
        resources: {limits: {memory: 64Mi}}
        securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true}
"""
RULES = """
groups:
- name: service
  rules:
  - record: service:bad
    expr: sum(rate(requests_total{outcome="bad"}[1m])) / sum(rate(requests_total[1m]))
  - {alert: Errors, expr: 'service:bad > 0.2', for: 15s}
  - {alert: Down, expr: 'up{job="credit"} == 0', for: 15s}
  - {alert: Gone, expr: absent(requests_total), for: 15s}
  - {alert: Unheard, expr: 'up{job="credit"} == 0 and requests_of_nobody'}
  - {alert: Yesterday, expr: 'requests_total offset 1d > 5'}
  - alert: Bomb
    expr: count({__name__=~".+"} * on() group_left() {__name__=~".+"} * on() group_left() {__name__=~".+"}) > 1e9
- name: broken
  rules:
  - {alert: Typo, expr: 'rate(requests_total'}
"""
RECIPE = """FROM python:3.11-slim
WORKDIR /app
COPY serve.py model.json ./
USER 10001:10001
EXPOSE 8080
CMD ["python", "serve.py"]
"""
SERVE = """
import json, signal, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = json.load(open("/app/model.json"))
COUNT = {"good": 0, "bad": 0}
LOCK = threading.Lock()

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path in ("/health", "/ready"):
            return self.answer(200, b"{}")
        if self.path == "/metrics":
            text = "# TYPE requests_total counter\\n" + "".join(
                f'requests_total{{outcome="{k}"}} {v}\\n' for k, v in COUNT.items())
            return self.answer(200, text.encode(), "text/plain; version=0.0.4")
        self.answer(404, b"{}")

    def do_POST(self):
        try:
            rows = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))["rows"]
            answers = [float(row["a"]) * MODEL["weight"] for row in rows]
            assert rows
        except Exception as error:
            with LOCK:
                COUNT["bad"] += 1
            return self.answer(400, json.dumps({"error": str(error)[:100]}).encode())
        with LOCK:
            COUNT["good"] += 1
        self.answer(200, json.dumps({"predictions": answers}).encode())

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *args):
        print(json.dumps({"level": "info", "path": self.path}), flush=True)

class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False

server = Server(("0.0.0.0", 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
"""


@dataclass(frozen=True, kw_only=True)
class Served:
    """How a submission ended, and what the prober saw of it."""

    state: State
    verdict: Verdict | None
    report: Report
    seen: ServiceEvidence | None
    left: int


Serve = Callable[..., Served]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, images: Mapping[str, str]) -> Serve:
    def run(service: str = SERVE, recipe: str = RECIPE, contract: str = CONTRACT, rules: str = "") -> Served:
        folder = tmp_path_factory.mktemp("served")
        folder.chmod(0o755)
        pipeline = make_pipeline(folder, images)
        stages = (Stage.UNPACK, Stage.STATIC, *STAGES[1:]) if rules else STAGES
        tiny.store_tiny(pipeline.ports, stages=stages, pace=PACE, graders=GRADERS)
        files = {
            "predict.py": tiny.GOOD,
            "serve.py": service,
            "model.json": '{"weight": 0.01}',
            "Dockerfile": recipe,
            "audition.toml": contract,
            "k8s.yaml": MANIFEST,
            **({"ops/rules.yml": rules} if rules else {}),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        submission, report = pipeline.run(tiny.principal(), buffer.getvalue())
        with pipeline.ports.unit_of_work() as uow:
            last = uow.runs.latest(submission.id)
            kept = [a for a in uow.runs.artifacts(last.id) if a.kind == ArtifactKind.SERVICE]
        seen = None
        if kept:
            data = pipeline.ports.blobs.get(kept[0].digest)
            seen = codec.from_json(ServiceEvidence, data, what="service", max_bytes=8 << 20)
        return Served(
            state=submission.state,
            verdict=last.verdict,
            report=report,
            seen=seen,
            left=pipeline.runner.sandbox.sweep(lambda _run, _fence: True),
        )

    return run


@pytest.fixture(scope="module")
def served(serve: Serve) -> Served:
    """A good service with alert rules: everything is looked at in one run."""
    contract = CONTRACT.replace('path = "/metrics"', 'path = "/metrics"\nrules = ["ops/rules.yml"]')
    return serve(contract=contract, rules=RULES)


def test_a_good_service_is_looked_at_from_start_to_stop(served: Served) -> None:
    seen = served.seen
    assert (served.state, served.verdict) == (State.GRADED, Verdict.ACCEPTED)
    assert seen is not None
    assert seen.ladder is not None
    assert (seen.ladder.reached, seen.ladder.user) == (len(Restriction), "10001:10001")
    assert len(seen.starts) >= 3
    assert seen.contract is not None
    assert seen.contract.is_kept
    assert seen.parity is not None
    assert seen.parity.agreeing == seen.parity.rows > 0
    assert seen.cost is not None
    assert all(window > 0 for window in seen.cost.windows_ms)
    assert seen.stop is not None
    assert seen.stop.exit_code == 0
    assert seen.restart is not None
    assert (seen.restart.is_ready_again, seen.restart.agreeing) == (True, seen.restart.rows)
    assert seen.masked is not None
    assert (seen.masked.was_ready, seen.masked.predicted, seen.masked.exit_code) == (False, False, 1)
    assert seen.logs is not None
    assert seen.logs.structured == seen.logs.lines > 0
    assert seen.pod is not None
    assert seen.pod.refused == ""
    assert seen.pod.good == seen.pod.asked > 0
    found = {f.check: f for grade in served.report.grades for f in grade.findings}
    assert found["pods.ready.reached"].outcome == Outcome.PASSED
    assert found["consistency.ports.agree"].outcome == Outcome.PASSED
    assert served.left == 0


def test_a_service_that_listens_elsewhere_is_the_candidates_fault_and_still_gets_a_report(
    serve: Serve,
) -> None:
    served = serve(
        service=SERVE.replace("8080", "9999"),
        contract=CONTRACT.replace("startup_seconds = 15", "startup_seconds = 3"),
    )
    assert (served.state, served.verdict) == (State.GRADED, Verdict.UNHEALTHY)
    stage = next(s for s in served.report.stages if s.stage == Stage.SERVE)
    assert "never answered a prediction on port 8080 (/predict)" in stage.message
    blocked = {
        finding.check: finding.blocked_by
        for grade in served.report.grades
        for finding in grade.findings
        if finding.outcome == Outcome.BLOCKED
    }
    assert blocked["service.contract.kept"] == "runtime.start.ready"
    assert served.left == 0


def test_alerts_are_tried_on_the_running_service(served: Served) -> None:
    assert served.seen is not None
    lost = [item for item in served.seen.unfinished if item.probe == "alerting"]
    alerting = served.seen.alerting
    assert alerting is not None, lost
    assert alerting.version.startswith("2.")
    assert (alerting.factor, alerting.failed_scrapes) == (30.0, 0)
    assert alerting.scrapes > 10
    slow, quiet = alerting.stretch(Situation.SLOW), alerting.stretch(Situation.QUIET)
    assert slow is not None
    assert quiet is not None
    assert (slow.median_seconds or 0) > 10 * (quiet.median_seconds or 1)
    fired = {item.rule.name: bool(item.firings) for item in alerting.rules}
    assert fired == {
        "Errors": True,
        "Down": True,
        "Gone": True,
        "Unheard": False,
        "Yesterday": False,
        "Bomb": False,
        "Typo": False,
    }
    grade = next(grade for grade in served.report.grades if grade.grader == "metrics")
    finding = next(f for f in grade.findings if f.check == "metrics.alerts.act")
    assert finding.points == pytest.approx(3 * 3 / 4)
    assert "Silent in trouble: Unheard." in finding.sentence
    assert served.left == 0
