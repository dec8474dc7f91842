"""The exercise stage for real: an honest repository, one flaw at a time, and commands that mean harm."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from audition import codec
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.translate import LABEL_RUN, LABEL_STAGE
from audition.domain.evidence import ArtifactKind
from audition.domain.exercise import ExerciseEvidence
from audition.domain.grade import Finding, Outcome
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State
from tests import exercising, tiny
from tests.exercising import CHECK, GATE, TRAIN
from tests.pipeline import Pipeline, make_pipeline

pytestmark = [pytest.mark.docker, pytest.mark.slow]

GATED = "pipeline.gate.decides"
RETRAINED = "pipeline.retrain.works"
REPRODUCED = "lineage.training.reproduces"
CHECKED = "lineage.data.checked"
TESTED = "code.tests.matter"
LABELS, HIDDEN = "leakage.labels", "leakage.hidden-rows"
EVERY = (GATED, RETRAINED, REPRODUCED, CHECKED, TESTED)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a submission's commands."""

    findings: Mapping[str, Finding]
    evidence: ExerciseEvidence
    status: StageStatus
    seconds: float

    def shares(self, *checks: str) -> dict[str, float]:
        """Part of its points that each check earned."""
        return {
            name: round(self.findings[name].points / self.findings[name].max_points, 3) for name in checks
        }


Try = Callable[..., Tried]


def left(run_id: str) -> list[str]:
    """What the engine still has of a run that is over."""
    mine = {"label": f"{LABEL_RUN}={run_id}"}
    with contextlib.closing(connect(usual_addresses()[0])) as client:
        containers = [str(c["Names"]) for c in client.containers(all=True, filters=mine)]
        return containers + [str(v["Name"]) for v in client.volumes(filters=mine).get("Volumes") or ()]


def stages_made(run_id: str, since: float) -> set[str]:
    """Stages that the engine has made a container for."""
    asked = {"type": "container", "event": "create", "label": f"{LABEL_RUN}={run_id}"}
    with contextlib.closing(connect(usual_addresses()[0])) as client:
        events = client.events(since=int(since), until=int(time.time()) + 1, filters=asked, decode=True)
        return {event["Actor"]["Attributes"][LABEL_STAGE] for event in events}


@pytest.fixture
def pipeline(tmp_path: Path, images: Mapping[str, str]) -> Iterator[Pipeline]:
    tmp_path.chmod(0o755)
    made = make_pipeline(tmp_path, images)
    exercising.store(made.ports)
    yield made
    made.runner.sandbox.sweep(lambda _run, _fence: True)


@pytest.fixture
def attempt(pipeline: Pipeline) -> Try:
    def run(**changes: str | None) -> Tried:
        began = time.monotonic()
        submission, report = pipeline.run(tiny.principal(), exercising.archive(**changes))
        seconds = time.monotonic() - began
        assert submission.state == State.GRADED, submission.state_reason
        assert report.verdict == Verdict.ACCEPTED
        stage = next(s for s in report.stages if s.stage == Stage.EXERCISE)
        assert left(stage.run_id) == []
        kept = next(a for a in report.artifacts if a.kind == ArtifactKind.EXERCISE)
        data = pipeline.ports.blobs.get(kept.digest)
        assert tiny.CANARY.encode() not in data
        return Tried(
            findings={f.check: f for f in report.findings},
            evidence=codec.from_json(ExerciseEvidence, data, what="exercise"),
            status=stage.status,
            seconds=seconds,
        )

    return run


def only(**commands: str) -> str:
    """A contract with one command or a few."""
    lines = [line for line in exercising.CONTRACT.splitlines() if line.partition(" ")[0] in commands]
    return "\n".join(["[model]", 'path = "model.json"', "[pipeline]", *lines])


README = """
```console
$ pip install -r requirements.txt
$ python check_data.py data/train.csv
$ python train.py data/train.csv . && cat model.json > made.json
$ PLACE=made.json python -c "import json, os; print(json.load(open(os.environ['PLACE'])))"
{'a': 1.0}
$ python evaluate.py
```
"""


def test_an_honest_repository_earns_everything_and_a_readme_what_of_it_works(attempt: Try) -> None:
    tried = attempt(**{"README.md": README})
    typed = tried.findings["consistency.readme.works"]
    assert typed.points == pytest.approx(3 / 4), typed
    assert [(e.line, "evaluate.py" in e.excerpt) for e in typed.evidence] == [(8, True), (3, False)]
    assert tried.shares(*EVERY) == dict.fromkeys(EVERY, 1.0), [
        tried.findings[name].sentence for name in EVERY
    ]
    assert (tried.evidence.trouble, tried.evidence.omitted) == ("", {})
    assert tried.status == StageStatus.PASSED
    assert len(tried.evidence.attempts) == 4 + 2 + 4 + 6 + 8 + 4 + 2
    probed = [tried.findings[check] for check in (LABELS, HIDDEN)]
    assert [finding.outcome for finding in probed] == [Outcome.PASSED] * 2, probed


FLAWED: dict[str, tuple[dict[str, str | None], dict[str, tuple[float, str]]]] = {
    "commands that never say no": (
        {
            "gate.py": "print('fine')\n",
            "retrain.py": "import shutil, sys\nshutil.copy('model.json', sys.argv[2])\n",
            "check_data.py": "",
            "tests/test_risk.py": "import risk\ndef test_a():\n    risk.risk\n",
            "train.py": "import shutil, sys\nopen('/in/test.csv')\n"
            "shutil.copy('spare.json', sys.argv[2] + '/model.json')\n",
            "model.json": '{"a": 1.0, "b": -9.0, "bias": 0.0}',
            "spare.json": '{"a": 1.0, "b": -9.0, "bias": 0.0}',
        },
        {
            GATED: (0.0, "never says no"),
            RETRAINED: (0.4, "byte for byte"),
            REPRODUCED: (0.0, "turned round"),
            CHECKED: (0.0, "5 of 5 faulty"),
            TESTED: (0.3, "6 of 6 seeded faults"),
        },
    ),
    "commands that always say no": (
        {
            "gate.py": "raise SystemExit(1)\n",
            "retrain.py": "raise SystemExit('no')\n",
            "train.py": "raise SystemExit('no')\n",
            "check_data.py": "exit(1)",
            "tests/test_risk.py": "def test_a():\n    assert 0\n",
        },
        {
            GATED: (0.0, "own model"),
            RETRAINED: (0.0, "fails"),
            REPRODUCED: (0.0, "fails"),
            CHECKED: (0.0, "sound batch"),
            TESTED: (0.0, "do not pass"),
        },
    ),
    "commands that almost work": (
        {
            "gate.py": GATE.replace("sys.exit(0 if auc >= 0.7 else 1)", "print({True: 1}[auc >= 0.7])"),
            "retrain.py": "import sys\nopen(sys.argv[2] + '/model.json', 'w').write('{}')\n",
            "train.py": TRAIN.replace("8 * gaps[0]", "8 * gaps[0] * __import__('random').uniform(-9, 0)"),
            "check_data.py": CHECK.replace("<= 100 and 0", "<= 1e9 and 0").replace(
                "<= 100 for", "<= 1e9 for"
            ),
            "tests/test_risk.py": "import risk\ndef test_a():\n    assert open('risk.py').read()[-2:] == ')\\n'\n",
        },
        {
            GATED: (0.0, "is no refusal"),
            RETRAINED: (0.7, "cannot be used"),
            REPRODUCED: (0.0, "Predictions differ"),
            CHECKED: (0.8, "100 times as large"),
            TESTED: (0.0, "flaky"),
        },
    ),
}
APART = exercising.CONTRACT.replace('retrain = ["python", "train.py"', 'retrain = ["python", "retrain.py"')


@pytest.mark.parametrize("what", FLAWED)
def test_each_flaw_is_seen_and_named(attempt: Try, what: str) -> None:
    changes, expected = FLAWED[what]
    tried = attempt(**{"audition.toml": APART, "retrain.py": "", **changes})
    told = {name: tried.findings[name].sentence for name in expected}
    assert all(words in told[name] for name, (_, words) in expected.items()), told
    assert tried.shares(*expected) == {name: share for name, (share, _) in expected.items()}, told
    if "spare.json" in changes:
        assert "nearly the same model" in tried.findings[LABELS].sentence
        assert "where test.csv is not there" in tried.findings[HIDDEN].sentence


def test_a_gate_that_knows_its_own_model_by_heart_is_shown_to_the_reviewer(attempt: Try) -> None:
    by_heart = "import sys\nsys.exit(open(sys.argv[1]).read() != open('model.json').read())\n"
    tried = attempt(**{"audition.toml": only(gate="", retrain=""), "gate.py": by_heart})
    assert "by heart" in tried.findings[GATED].reviewer_note


def test_a_command_that_was_found_earns_less_and_one_that_is_not_there_nothing(attempt: Try) -> None:
    tried = attempt(**{"audition.toml": None, "train.py": None, "gate.py": None, "check_data.py": None})
    assert tried.shares(TESTED) == {TESTED: 0.7}
    assert tried.findings[RETRAINED].outcome == Outcome.NOT_APPLICABLE


HANGS = "import time\ntime.sleep(1000)\n"
FORKS = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
FILLS = """
for n in range(10**6):
    open(f'/out/{n}', 'wb').write(bytes(1 << 20))
"""
LEAVES_A_PROCESS = """
import os, time
if os.fork() == 0:
    os.setsid()
    while True:
        open('/out/model.json', 'a').write('x')
        time.sleep(0.01)
"""
DIGS = """
import os
for n in range(4000):
    try:
        os.mkdir('d')
        os.chdir('d')
    except OSError:
        break
raise SystemExit(1)
"""
LINKS = "import os\nos.symlink('/evidence/manifest.json', '/out/model.json')\n"
LOCKS = "import os\nos.makedirs('x/y')\nos.chmod('x/y', 0)\nos.chmod('x', 0)\nos.chmod('/out', 0)\nos.chmod('.', 0)\n"
SAYS = "print('{\"step\":null}')\nprint('{\"files\":[]}')\n"
HARM = {
    "hangs, forks, fills the disk, leaves a process": (HANGS, FORKS, FILLS, LEAVES_A_PROCESS),
    "says turns, digs, links, locks": (SAYS, DIGS, LINKS, LOCKS),
}


@pytest.mark.parametrize("harm", HARM)
def test_what_means_harm_ends_where_it_began_and_the_rest_is_tried(attempt: Try, harm: str) -> None:
    check, gate, retrain, train = HARM[harm]
    changes = {"check_data.py": check, "gate.py": gate, "retrain.py": retrain, "train.py": train}
    tried = attempt(**{"audition.toml": APART, **changes})
    assert (tried.evidence.trouble, tried.evidence.omitted) == ("", {})
    shares = tried.shares(*EVERY)
    assert shares.pop(TESTED) == 1.0
    assert shares.pop(RETRAINED) <= 0.4
    assert set(shares.values()) == {0.0}


SPY = """
import os, sys
found = []
for top in ("/", "/in", "/exercise", "/submission", "/out", "/evidence", "/answers", "/workspace"):
    for folder, _, files in os.walk(top) if top != "/" else ():
        for name in files:
            try:
                found.append((folder, name, "canary-7d1f" in open(os.path.join(folder, name), errors="replace").read()))
            except OSError:
                pass
print(sorted(os.listdir("/")))
print([f for f in found if f[2] and f[1] != "spy.py"], len(found))
print(os.path.exists("/answers"), os.path.exists("/evidence"), os.path.exists("/workspace"))
sys.exit(3)
"""


def test_no_answer_can_be_found_by_a_command(attempt: Try) -> None:
    contract = only(retrain="").replace("train.py", "spy.py")
    tried = attempt(**{"audition.toml": contract, "spy.py": SPY})
    spied = tried.evidence.of("retrain.slice")
    assert spied is not None
    said = spied.log.splitlines()
    assert said[1].startswith("[] ")
    assert int(said[1].split()[-1]) > 5
    assert said[2] == "False False False"


def test_the_workspace_is_fresh_each_time(attempt: Try) -> None:
    spoils = "import os\nassert not os.path.exists('mark'), 'used before'\nopen('mark', 'w')\nopen('/out/mark', 'w')\n"
    tried = attempt(**{"audition.toml": only(data_check=""), "check_data.py": spoils})
    checks = tried.evidence.starting("data_check.")
    assert [check.log for check in checks if not check.is_well] == []
    assert len(checks) == 6


def test_where_nothing_is_declared_the_stage_costs_no_container(pipeline: Pipeline) -> None:
    submission, report = pipeline.run(tiny.principal(), tiny.archive())
    assert submission.state == State.GRADED
    stage = next(s for s in report.stages if s.stage == Stage.EXERCISE)
    assert stage.status == StageStatus.SKIPPED
    made = stages_made(stage.run_id, submission.created_at.timestamp())
    assert Stage.JUDGE in made
    assert Stage.EXERCISE not in made
