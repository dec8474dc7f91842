"""Doors that are tried from inside, all in one run through the real pipeline; each id is a test of its own."""

import contextlib
import json
import os
from pathlib import Path

import pytest

from audition.adapters.docker.translate import GVISOR, LABEL_RUN
from tests.contract.boxes import UNDER_GVISOR, Deed, DockerBox, has_gvisor
from tests.security.corpus import probe_submission
from tests.security.corpus.aftermath import Watch, troubles_of
from tests.security.corpus.attack import ACCEPTED
from tests.security.corpus.probe_submission import NOTHING, PROBES, WORDS_FILE
from tests.security.corpus.proving_ground import CANARY_PARTS, HONEST, SECRET_PARTS, Ground, Outcome, packed

pytestmark = [pytest.mark.docker, pytest.mark.slow]


#: What is seen under gVisor where that differs: its own kernel answers and changes what is its own.
INSIDE_GVISOR = {"X72": "worked: -5", "X73": "worked: 4"}


@pytest.fixture(scope="module")
def probed_runs() -> dict[str, Outcome]:
    """The runs so far, by runtime."""
    return {}


@pytest.fixture
def probed(ground: Ground, watch: Watch, runtime: str, probed_runs: dict[str, Outcome]) -> Outcome:
    """A run that tried everything, and what must hold after it."""
    if runtime not in probed_runs:
        probed_runs[runtime] = _probe(ground, watch)
    return probed_runs[runtime]


def _probe(ground: Ground, watch: Watch) -> Outcome:
    source = Path(probe_submission.__file__).read_text()
    words = json.dumps([CANARY_PARTS, SECRET_PARTS])
    with watch.over() as troubles:
        outcome = ground.attack(packed({"predict.py": source + HONEST, WORDS_FILE: words}))
        troubles.extend(troubles_of(outcome, ACCEPTED))
    assert troubles == [], outcome.said + outcome.stderr
    return outcome


@pytest.mark.parametrize("id_", PROBES)
def test_no_door_is_open(probed: Outcome, id_: str) -> None:
    assert probed.evidence is not None
    is_inside = probed.evidence.stages[0].runtime == GVISOR

    assert probed.printed[id_] == (INSIDE_GVISOR.get(id_, NOTHING) if is_inside else NOTHING)


@pytest.mark.skipif(not has_gvisor(), reason="the engine has no gVisor")
def test_x72_x73_what_gvisor_answers_by_itself_changes_nothing_outside() -> None:
    script = (
        "import os, time\n"
        "print('about to', flush=True)\n"
        "time.sleep(3)\n"
        "os.nice(-5)\n"
        "open('/proc/self/oom_score_adj', 'w').write('-900')\n"
        "print('done', flush=True)\n"
        "time.sleep(60)\n"
    )
    box = DockerBox(runtimes=UNDER_GVISOR)
    try:
        spec = box.spec(Deed(script=script))
        with box.sandbox.serve(spec) as served:
            assert served.read_line(100, 30.0) == b"about to"
            label = {"label": f"{LABEL_RUN}={spec.ownership.run_id}"}
            (container,) = (c["Id"] for c in box.client.containers(filters=label))
            before = _ranks(container)
            assert served.read_line(100, 30.0) == b"done"
            after = _ranks(container)
    finally:
        box.close()
    assert (500, 0) in before.values()
    assert {pid: after[pid] for pid in before if pid in after} == {pid: before[pid] for pid in before}


def _ranks(container: str) -> dict[int, tuple[int, int]]:
    """Of each process of the host that a container has: its rank for the memory killer, and its priority."""
    tasks = [p.parent for p in Path("/proc").glob("[0-9]*/cgroup") if container in _text(p)]
    return {
        int(task.name): (
            int(_text(task / "oom_score_adj")),
            os.getpriority(os.PRIO_PROCESS, int(task.name)),
        )
        for task in tasks
    }


def _text(path: Path) -> str:
    """Of a kernel's file about a process that may have ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return path.read_text()
    return ""


def test_the_probes_cost_nothing_and_earn_nothing(probed: Outcome, fair_score: float) -> None:
    assert probed.quality == fair_score


def test_a_later_run_has_the_same_c_library(probed: Outcome, ground: Ground) -> None:
    """E15: a page cache that was written to would show in the next container."""
    script = (
        "import hashlib, pathlib\n"
        "print(hashlib.sha256(next(pathlib.Path('/usr/lib').glob('*/libc.so.6')).read_bytes()).hexdigest())\n"
    )
    later = ground.attack(packed({"predict.py": script + HONEST}))

    assert later.stdout.strip() == probed.printed["libc"]


def test_a_probe_that_finds_something_says_so(tmp_path: Path) -> None:
    """The probes themselves can fail: on this host, as this user, some doors are open."""
    (tmp_path / "open").write_text("x")

    assert probe_submission.writes(str(tmp_path / "open")) == str(tmp_path / "open")
    assert probe_submission.doors(str(tmp_path / "open"), "/nowhere") == str(tmp_path / "open")
    assert probe_submission.refused(lambda: None) != NOTHING
    assert probe_submission.environments() != NOTHING
