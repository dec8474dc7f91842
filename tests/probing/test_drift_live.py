"""The drift protocol over real HTTP: services with honest monitors and with fakes, judged by the real grader.

One service shows all monitors at once, each in series of its own. For a verdict the evidence is cut down to the series
of one of them beside those of the service, which is what it would have been alone: monitors do not know each other.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from audition import codec
from audition.domain.drift import DriftEvidence, DriftRun, ScrapeTable, pack, problems, unpack
from audition.domain.drift_plan import DriftPlan, Lengths
from audition.domain.grade import Finding, Outcome
from audition.domain.monitoring import DriftSignal
from audition.domain.probe_plan import Answer, AskVerb, Start
from audition.grading.drift import read_drift
from audition.probing.drifting import Protocol
from graders import drift, runtime
from tests.graders.workspaces import by_check, make_workspace
from tests.ports import free_port
from tests.probing.drift_small import SIGNALS, make_contract, make_small_traffic, short_plan
from tests.services.start import Launcher, monitor_service
from tests.turns import turns

pytestmark = pytest.mark.slow
FAKES = ("ramp", "sine", "random", "constant")
#: 180 requests a second: also a small host sends them in time when it does nothing else.
CAPACITY = 600.0


def send(
    launcher: Launcher, plan: DriftPlan, *signals: DriftSignal, seconds: float = 600.0, trigger: str = ""
) -> tuple[DriftEvidence, list[str]]:
    said: list[str] = []

    async def say(text: str) -> None:
        said.append(text)

    contract = make_contract(launcher.port, *signals)
    contract = replace(contract, monitoring=replace(contract.monitoring, trigger_variable=trigger))
    protocol = Protocol(contract, plan, make_small_traffic(), launcher)
    # What is judged of it afterwards measures nothing.
    with turns().alone():
        return asyncio.run(protocol.take(seconds, say)), said


@pytest.fixture(scope="module")
def everything() -> Iterator[tuple[DriftEvidence, list[str]]]:
    """A lean plan sent to a service with every monitor."""
    url = f"http://127.0.0.1:{free_port()}/retrain"
    with pytest.MonkeyPatch.context() as patch:
        # In a container the address is always the same; here others may listen.
        patch.setattr("audition.probing.drifting.sink_port", lambda _: urlsplit(url).port)
        launcher = Launcher(lambda port: monitor_service(port, *SIGNALS, "calls", RETRAIN_URL=url))
        yield send(launcher, short_plan(capacity=CAPACITY), *SIGNALS.values(), trigger="RETRAIN_URL")
        launcher.close()


def only(evidence: DriftEvidence, monitor: str, *signals: DriftSignal) -> DriftEvidence:
    """The evidence as if this had been the only monitor."""
    others = {signal.metric for name, signal in SIGNALS.items() if name != monitor}
    runs = tuple(replace(run, scrapes=_without(run, others)) for run in evidence.runs)
    return replace(evidence, runs=runs, signals=signals)


def _without(run: DriftRun, metrics: set[str]) -> ScrapeTable:
    table, rows = run.scrapes, len(run.scrapes.requests)
    values = unpack(table)
    kept = [n for n, series in enumerate(table.series) if series.metric not in metrics]
    return replace(
        table,
        series=tuple(table.series[n] for n in kept),
        values=pack([values[n * rows : (n + 1) * rows].tolist() for n in kept]),
    )


def judged(tmp_path: Path, evidence: DriftEvidence) -> dict[str, Finding]:
    workspace = replace(make_workspace(tmp_path), drift=evidence)
    return by_check(drift.grader.grade(workspace)) | by_check(runtime.grader.grade(workspace))


def test_every_run_could_be_used_and_the_document_is_in_shape(
    everything: tuple[DriftEvidence, list[str]],
) -> None:
    evidence, said = everything
    assert evidence.invalid == ()
    assert said[:2] == ["Drift run 1 of 8", "Drift run 2 of 8"]
    assert problems(evidence) == []
    assert read_drift(codec.to_json(evidence)) == evidence
    for run in evidence.runs:
        lengths = list(evidence.plan.phases_of(run.plan).values())
        assert run.answered == sum(lengths)
        assert run.scrapes.requests == tuple(range(0, sum(lengths) + 1, 50))
        assert [span.end - span.first for span in run.spans] == lengths
        assert min(memory or 0 for memory in run.memory_bytes) > 1 << 20


def test_counters_tell_how_many_requests_there_were_at_each_scrape(
    everything: tuple[DriftEvidence, list[str]],
) -> None:
    for run in everything[0].runs:
        table, rows = run.scrapes, len(run.scrapes.requests)
        place = next(n for n, s in enumerate(table.series) if s.metric == "answers_total")
        counted = unpack(table)[place * rows : (place + 1) * rows]
        # The first prediction, which says that the service is ready, comes before the run.
        assert [round(value) - 1 for value in counted] == list(table.requests)


@pytest.mark.parametrize("monitor", ["psi-200", "ks"])
def test_an_honest_monitor_is_believed(
    everything: tuple[DriftEvidence, list[str]], tmp_path: Path, monitor: str
) -> None:
    found = judged(tmp_path, only(everything[0], monitor, SIGNALS[monitor]))
    assert found["drift.signal.responds"].outcome is Outcome.PASSED, found["drift.signal.responds"]
    assert found["drift.alarm.detects"].outcome is Outcome.PASSED
    assert found["drift.signal.names-column"].outcome is Outcome.PASSED
    assert found["drift.alarm.prompt"].points > 0
    assert found["drift.alarm.quiet"].points > 0.8 * found["drift.alarm.quiet"].max_points


def test_an_honest_monitor_that_nobody_declared_earns_less(
    everything: tuple[DriftEvidence, list[str]], tmp_path: Path
) -> None:
    found = judged(tmp_path, only(everything[0], "psi-200"))
    responds = found["drift.signal.responds"]
    assert responds.points == pytest.approx(0.7 * responds.max_points)
    assert found["drift.alarm.detects"].outcome is Outcome.FAILED


@pytest.mark.parametrize("monitor", FAKES)
def test_a_fake_is_not_believed(
    everything: tuple[DriftEvidence, list[str]], tmp_path: Path, monitor: str
) -> None:
    found = judged(tmp_path, only(everything[0], monitor, SIGNALS[monitor]))
    responds = found["drift.signal.responds"]
    assert responds.outcome is not Outcome.PASSED, responds
    assert responds.points <= 0.5 * responds.max_points


def test_a_window_of_fifty_rings_all_day(everything: tuple[DriftEvidence, list[str]], tmp_path: Path) -> None:
    found = judged(tmp_path, only(everything[0], "psi-50", SIGNALS["psi-50"]))
    honest = judged(tmp_path, only(everything[0], "psi-200", SIGNALS["psi-200"]))
    quiet = found["drift.alarm.quiet"]
    assert quiet.points < 0.5 * quiet.max_points
    assert found["drift.alarm.prompt"].points < honest["drift.alarm.prompt"].points


def test_a_training_is_asked_for_where_rows_drift_and_nowhere_else(
    everything: tuple[DriftEvidence, list[str]], tmp_path: Path
) -> None:
    loop = judged(tmp_path, everything[0])["drift.loop.closed"]
    assert (loop.outcome, loop.is_static) == (Outcome.PASSED, False), loop.sentence
    assert "in 4 of 4 runs with drift" in loop.sentence


def test_memory_is_watched_beside(everything: tuple[DriftEvidence, list[str]], tmp_path: Path) -> None:
    steady = judged(tmp_path, everything[0])["runtime.memory.steady"]
    assert steady.outcome in {Outcome.PASSED, Outcome.PARTIAL}
    assert "Over 8 runs" in steady.sentence


BRIEF = Lengths(warm_up_requests=200, control_requests=200, test_requests=200)


def test_a_sharded_registry_is_named_and_the_rest_of_the_plan_is_spared(tmp_path: Path) -> None:
    launcher = Launcher(lambda port: monitor_service(port, "psi-200", workers=3))
    evidence, said = send(launcher, short_plan(capacity=CAPACITY, lengths=BRIEF), SIGNALS["psi-200"])
    launcher.close()
    assert evidence.runs == ()
    assert "several processes answer /metrics" in evidence.invalid[0].reasons[0]
    assert len(said) == 4, said
    assert "too many runs before it" in evidence.invalid[-1].reasons[0]
    found = judged(tmp_path, evidence)
    assert found["drift.runs.valid"].outcome is Outcome.FAILED
    assert found["drift.signal.responds"].outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("monitor", "seconds", "reason", "outcome"),
    [
        ("dies", 600.0, "requests failed.", Outcome.BLOCKED),
        # It may be the host that is slow: nobody pays for that.
        ("slow", 14.0, "Answers came so late", Outcome.NOT_ASSESSED),
    ],
)
def test_a_service_that_fails_or_dawdles_takes_no_longer_than_it_may(
    tmp_path: Path, monitor: str, seconds: float, reason: str, outcome: Outcome
) -> None:
    launcher = Launcher(lambda port: monitor_service(port, monitor))
    began = time.monotonic()
    evidence, _ = send(launcher, short_plan(capacity=CAPACITY, lengths=BRIEF), seconds=seconds)
    launcher.close()
    assert evidence.runs == ()
    assert any(reason in told for run in evidence.invalid for told in run.reasons), evidence.invalid
    assert time.monotonic() - began < 300
    assert judged(tmp_path, evidence)["drift.signal.responds"].outcome is outcome


class NothingRuns:
    """A runner whose service does not come up."""

    async def ask(self, verb: AskVerb, start: Start | None = None) -> Answer:  # noqa: ARG002
        """Nothing runs."""
        return Answer(number=1, exit_code=1)


@pytest.mark.parametrize(
    ("seconds", "reason"), [(1.0, "the time of the stage was over"), (600.0, "gave no prediction within")]
)
def test_what_cannot_be_sent_says_why(seconds: float, reason: str) -> None:
    async def say(_text: str) -> None:
        return

    contract = make_contract(1, startup_seconds=0.3)
    protocol = Protocol(contract, short_plan(), make_small_traffic(), NothingRuns())
    evidence = asyncio.run(protocol.take(seconds, say))
    assert evidence.runs == ()
    assert [run.number for run in evidence.invalid] == list(range(1, 9))
    assert reason in evidence.invalid[0].reasons[0]
