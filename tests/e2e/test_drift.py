"""Drift sent for real: traffic made in a container, a candidate's image started eight times, judged by the grader."""

import csv
import io
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from audition.domain.challenge import Area, DataFile
from audition.domain.drift_plan import DriftFamily, DriftKind, DriftSpec, Injection, Lengths
from audition.domain.evidence import ArtifactKind
from audition.domain.grade import Finding, Outcome
from audition.domain.probe_plan import Pace
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.grading.drift import read_drift
from audition.services.prepare_traffic import prepare_traffic
from tests import factories, tiny
from tests.e2e.test_serving import CONTRACT, RECIPE, SERVE
from tests.pipeline import make_pipeline

pytestmark = [pytest.mark.docker, pytest.mark.slow]

STAGES = (
    Stage.UNPACK,
    Stage.BUILD,
    Stage.PREDICT,
    Stage.SERVE,
    Stage.DRIFT,
    Stage.SCORE,
    Stage.JUDGE,
)
PACE = Pace(cost_requests=50, cost_windows=2, level_seconds=1.0, step_seconds=1.0, steps=4, burst_seconds=1.0)
SHORT = Lengths(warm_up_requests=200, control_requests=200, test_requests=300)
SPEC = DriftSpec(
    rows="train.csv",
    reference="train.csv",
    label="defaulted",
    family=DriftFamily(primary=Injection(kind=DriftKind.MEAN_SHIFT, column="a")),
    lengths=SHORT,
)
SIGNAL = """
[[monitoring.signals]]
metric = "psi"
direction = "up"
threshold = 0.5
window_requests = 100
feature_label = "feature"
"""
#: The service of the serving tests with PSI of its one column over the last hundred rows, ten bins of equal content.
MONITOR = (
    SERVE.replace(
        "LOCK = threading.Lock()",
        """LOCK = threading.Lock()
import math, collections
LAST = collections.deque(maxlen=100)

def psi():
    bins = collections.Counter(min(9, max(0, int(a // 10))) for a in LAST)
    shares = [max(1e-3, bins[b] / max(1, len(LAST))) for b in range(10)]
    return sum((s - 0.1) * math.log(s / 0.1) for s in shares)""",
    )
    .replace(
        """COUNT["good"] += 1""",
        """COUNT["good"] += 1
            LAST.extend(float(row["a"]) for row in rows)""",
    )
    .replace(
        """for k, v in COUNT.items())""",
        """for k, v in COUNT.items()) + "# TYPE psi gauge\\n" + f'psi{{feature="a"}} {psi()}\\n'""",
    )
)


def training_rows() -> bytes:
    """Two thousand rows of one number, evenly from 0 to 100."""
    chance = random.Random(3)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "a", "defaulted"])
    for number in range(2000):
        writer.writerow([number, round(chance.uniform(0, 100), 2), number % 2])
    return text.getvalue().encode()


def submission() -> bytes:
    files = {
        "predict.py": tiny.GOOD,
        "serve.py": MONITOR,
        "model.json": '{"weight": 0.01}',
        "Dockerfile": RECIPE,
        "audition.toml": CONTRACT + SIGNAL,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_a_monitor_that_works_is_found_to_work(tmp_path: Path, images: Mapping[str, str]) -> None:
    tmp_path.chmod(0o755)
    pipeline = make_pipeline(tmp_path, images)
    data = training_rows()
    train = DataFile(
        area=Area.PUBLIC, name="train.csv", digest=pipeline.ports.blobs.put(data), bytes=len(data)
    )
    said: list[str] = []
    traffic = prepare_traffic(pipeline.runner, factories.make_manifest(drift=SPEC), (train,), said.append)
    assert said[0].startswith("drift mean_shift: PSI ")
    graders = ("model-quality", "runtime", "drift")
    tiny.store_tiny(
        pipeline.ports, more=(train, traffic), stages=STAGES, pace=PACE, graders=graders, drift=SPEC
    )

    ended, report = pipeline.run(tiny.principal(), submission())

    with pipeline.ports.unit_of_work() as uow:
        run = uow.runs.latest(ended.id)
        kept = next(a for a in uow.runs.artifacts(run.id) if a.kind == ArtifactKind.DRIFT)
        stage = next(s for s in uow.runs.stages(run.id) if s.stage == Stage.DRIFT)
    seen = read_drift(pipeline.ports.blobs.get(kept.digest))
    found: dict[str, Finding] = {f.check: f for f in report.findings}
    assert (ended.state, run.verdict, stage.status) == (State.GRADED, Verdict.ACCEPTED, StageStatus.PASSED)
    assert (len(seen.runs), seen.invalid, seen.columns) == (8, (), ("a",))
    assert all(memory for r in seen.runs for memory in r.memory_bytes)
    for check in (
        "drift.runs.valid",
        "drift.signal.responds",
        "drift.alarm.detects",
        "drift.signal.names-column",
    ):
        assert found[check].outcome is Outcome.PASSED, found[check]
    assert found["runtime.memory.steady"].outcome in {Outcome.PASSED, Outcome.PARTIAL}
    assert {curve.kind for curve in report.curves} >= {"drift.signal", "drift.placebo", "drift.onset"}
    assert pipeline.runner.sandbox.sweep(lambda _run, _fence: True) == 0
