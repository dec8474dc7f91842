"""B9: memory that grows with requests is told from memory that fills a window, and from noise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.drift import DriftEvidence, DriftRun, PhaseSpan, ScrapeTable
from audition.domain.drift_plan import Phase
from audition.domain.grade import Finding, Outcome
from graders import runtime
from graders.runtime.memory import interval
from tests.graders.drift_world import LEAN
from tests.graders.workspaces import by_check, make_workspace

REQUESTS = tuple(range(0, 3501, 50))
SPANS = (
    PhaseSpan(phase=Phase.WARM_UP, first=0, end=1000),
    PhaseSpan(phase=Phase.CONTROL, first=1000, end=2000),
    PhaseSpan(phase=Phase.TEST, first=2000, end=3500),
)
MIB = 1 << 20
Memory = Callable[[int, int], float]


def make_run(number: int, memory: Memory) -> DriftRun:
    table = ScrapeTable(requests=REQUESTS, seconds=tuple(n / 200 for n in REQUESTS))
    used = tuple(round(memory(n, number)) for n in REQUESTS)
    return DriftRun(plan=LEAN.runs[number], spans=SPANS, scrapes=table, memory_bytes=used)


def judged(tmp_path: Path, memory: Memory, runs: int = 8) -> Finding:
    drift = DriftEvidence(plan=LEAN, runs=tuple(make_run(number, memory) for number in range(runs)))
    workspace = replace(make_workspace(tmp_path), drift=drift)
    return by_check(runtime.grader.grade(workspace))["runtime.memory.steady"]


@pytest.mark.parametrize(
    ("memory", "share"),
    [
        (lambda _, run: (100 + run) * MIB, 1.0),
        (lambda n, _: (60 + 40 * min(1.0, n / 1000)) * MIB, 1.0),
        (lambda n, run: 100 * MIB + (n * 300 if run % 2 else -n * 300), 1.0),
        (lambda n, _: 100 * MIB * (1 + 0.055 * (n - 2250) / 1000), 0.5),
        (lambda n, _: 50 * MIB + n * 40_000, 0.0),
    ],
    ids=["flat", "a window that fills", "noise", "half way", "a leak"],
)
def test_only_growth_that_is_sure_and_goes_on_costs(tmp_path: Path, memory: Memory, share: float) -> None:
    found = judged(tmp_path, memory)
    assert found.points / found.max_points == pytest.approx(share, abs=1e-3)
    assert "per 1,000 requests" in found.sentence


def test_too_few_runs_say_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, lambda n, _: MIB * n, runs=3).outcome is Outcome.NOT_APPLICABLE


def test_the_interval_is_students() -> None:
    low, high = interval([1.0, 2.0, 3.0, 4.0])
    # By hand: mean 2.5, standard deviation 1.291, t(3) = 3.182.
    assert (low, high) == pytest.approx((0.4460, 4.5540), abs=1e-3)
