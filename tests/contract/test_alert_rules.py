"""The alert rules offered to operators: Prometheus takes them, they fire when they should, on metrics there are."""

import re
import subprocess
from pathlib import Path

import pytest

from audition.domain.fleet import Place, WorkerReport
from audition.domain.run import Fault
from audition.domain.submission import State
from audition.services.oversee import Overview, Queue
from audition.web.exposition import expose
from tests import factories

RULES = Path(__file__).parents[2] / "docs" / "monitoring"


def test_every_metric_that_a_rule_names_is_exposed() -> None:
    place = Place(path="/srv", free_bytes=1, total_bytes=2)
    report = WorkerReport(name="a/0", told_at=factories.NOW, places=(place,))
    overview = Overview(
        states=dict.fromkeys(State, 0),
        faults={Fault.PLATFORM: 1},
        queue=Queue(depth=0, reports=(report,), draining=frozenset()),
        oldest_waiting_at=None,
        seen_at=factories.NOW,
    )
    exposed = set(re.findall(r"^(audition_\w+)", expose(overview).decode(), re.MULTILINE))
    named = {name for file in RULES.glob("*.yml") for name in re.findall(r"audition_\w+", file.read_text())}
    assert named <= exposed
    assert len(named) > 5


@pytest.mark.docker
@pytest.mark.parametrize("words", ["check rules alerts.yml", "test rules alerts_test.yml"])
def test_prometheus_takes_the_rules_and_they_fire_when_they_should(prometheus: Path, words: str) -> None:
    argv = [str(prometheus / "promtool"), *words.split()]
    done = subprocess.run(argv, cwd=RULES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
