"""A whole task: rows from files, several starts, and the program with a runner at the other end of its pipes."""

import asyncio
import csv
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audition import codec
from audition.domain.contract import Contract, ModelFiles
from audition.domain.execution import Limits
from audition.domain.exercise import OtherModel
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import Answer, AskVerb, Line, Pace, Probe, ProbeTask, Reference, Start
from audition.domain.probe_runtime import LadderEvidence, MaskedEvidence, RestartEvidence, SwappedEvidence
from audition.domain.run import Stage
from audition.domain.service import Restriction
from audition.probing.course import take_course
from audition.probing.inputs import Inputs, read_inputs
from audition.probing.logs import look_at_logs
from tests.factories import make_manifest
from tests.probing.sessions import ROWS, make_serving
from tests.services.start import REPO, Launcher


def write_table(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def folders(root: Path) -> Inputs:
    manifest = make_manifest(inputs=("train.csv", "test.csv"))
    return read_inputs(manifest, root / "in", root / "evidence/outputs")


def fill(root: Path, gaps: int = 0) -> None:
    manifest = make_manifest()
    key, value = manifest.output.id_column, manifest.output.prediction_column
    rows = [{key: f"r{n}", **row} for n, row in enumerate(ROWS)]
    write_table(root / "in/train.csv", [{key: "t1", **ROWS[0], "truth": 1}])
    write_table(
        root / "in/test.csv", [{**row, "income": ""} if n < gaps else row for n, row in enumerate(rows)]
    )
    write_table(
        root / "evidence/outputs/predictions.csv", [{key: f"r{n}", value: n / 1000} for n in range(len(ROWS))]
    )


def test_rows_come_from_the_input_that_was_predicted_with_their_types(tmp_path: Path) -> None:
    fill(tmp_path)
    found = folders(tmp_path)
    assert found.rows == ROWS
    assert found.offline is not None
    assert found.offline[7] == 0.007
    assert isinstance(found.rows[0]["age"], int)


def test_rows_with_gaps_are_left_out_when_there_are_enough_others(tmp_path: Path) -> None:
    fill(tmp_path, gaps=10)
    found = folders(tmp_path)
    assert found.rows == ROWS[10:]
    assert found.offline is not None
    assert found.offline[0] == 0.01


@pytest.mark.parametrize("bad", [b"\xff\xfe\x00", b'id,x\n"', b"", b"id\nr0\n"])
def test_predictions_that_cannot_be_read_are_none(tmp_path: Path, bad: bytes) -> None:
    fill(tmp_path)
    (tmp_path / "evidence/outputs/predictions.csv").write_bytes(bad)
    found = folders(tmp_path)
    assert found.offline is None
    assert len(found.rows) > 0


class NothingStarts:
    """A runner whose engine is away."""

    async def ask(self, verb: AskVerb, start: Start | None = None) -> Answer:
        """Say so."""
        assert start == (Start() if verb is AskVerb.START else None)
        return Answer(number=1, trouble="The engine does not answer.")


def test_a_service_that_we_could_not_start_is_our_fault_in_every_probe() -> None:
    task = ProbeTask(contract=Contract(serving=make_serving(1)))
    seen = asyncio.run(take_course(task, Inputs(ROWS, None), NothingStarts()))
    assert seen.starts == ()
    assert seen.unfinished
    assert all(item.is_ours for item in seen.unfinished)


QUICK = Pace(cost_requests=5, cost_windows=1, level_seconds=0.5, step_seconds=0.5, steps=1, most_rate=20.0)


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    made = Launcher()
    yield made
    made.close()


def make_task(port: int) -> ProbeTask:
    contract = Contract(
        serving=make_serving(port, startup_seconds=120.0),
        model=ModelFiles(version="2026-03-01", path="model.joblib"),
    )
    return ProbeTask(contract=contract, seed=5, pace=QUICK, other_models=tuple(OtherModel))


@pytest.mark.slow
def test_the_program_leads_through_every_start_and_ends_with_its_evidence(
    tmp_path: Path, launcher: Launcher
) -> None:
    fill(tmp_path)
    manifest = make_manifest(
        inputs=("train.csv", "test.csv"), limits={Stage.SERVE: Limits(time_seconds=600.0)}
    )
    (tmp_path / "evidence/manifest.json").write_bytes(codec.to_json(manifest))
    launcher.flaws[Restriction.SMALL_SCRATCH] = "dies"
    argv = [sys.executable, "-m", "audition.probing", str(tmp_path)]
    with subprocess.Popen(argv, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        seen = converse(program, make_task(launcher.port), launcher)
    assert program.returncode == 0
    assert len(codec.to_json(seen)) < 1 << 20
    assert set(launcher.verbs) == set(AskVerb) - {AskVerb.SLOW, AskVerb.FAST}
    assert seen.trace is not None
    assert seen.trace.expected == ("2026-03-01",)
    assert seen.parity is not None
    assert seen.parity.agreeing < seen.parity.rows
    assert len(seen.starts) == 3
    assert seen.restart == RestartEvidence(is_ready_again=True, rows=10, agreeing=10)
    assert seen.ladder == LadderEvidence(tried=5, reached=3, broke="small_scratch", user="10001")
    assert seen.masked == MaskedEvidence(was_ready=False, predicted=False, is_running=True)
    assert seen.retrained == seen.older == SwappedEvidence(predicted=True, is_usable=True)
    assert seen.logs is not None
    assert (seen.logs.lines, seen.logs.structured, seen.logs.with_level) == (2, 1, 1)


def converse(program: "subprocess.Popen[bytes]", task: ProbeTask, runner: Launcher) -> ServiceEvidence:
    """Be the worker."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(codec.to_json(task) + b"\n")
    program.stdin.flush()
    while True:
        line = codec.from_json(Line, program.stdout.readline(), what="line")
        if line.evidence is not None:
            return line.evidence
        assert line.ask is not None
        answer = asyncio.run(runner.ask(line.ask.verb, line.ask.start))
        program.stdin.write(codec.to_json(replace(answer, number=line.ask.number)) + b"\n")
        program.stdin.flush()


def test_logs_are_counted_by_kind_and_searched_for_what_was_sent() -> None:
    text = '{"level": "info"}\n\na=1 b=2\nWARNING secret\n{broken\n'
    seen = look_at_logs(text, ["secret", "other"])
    assert (seen.lines, seen.structured, seen.with_level) == (4, 2, 2)
    assert (seen.canaries_sent, seen.canaries_found) == (2, 1)


def test_a_task_that_cannot_be_read_ends_with_a_sentence(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "audition.probing", str(tmp_path)]
    result = subprocess.run(argv, cwd=REPO, input=b'{"contract": 1}\n', capture_output=True, check=False)
    assert result.returncode == 2
    assert b"The task cannot be done" in result.stderr
    assert result.stdout == b""


@pytest.mark.slow
def test_a_task_of_a_few_probes_is_one_start_and_those(launcher: Launcher) -> None:
    task = replace(make_task(launcher.port), probes=(Probe.CONTRACT, Probe.COST, Probe.CAPACITY))
    seen = asyncio.run(take_course(task, Inputs(ROWS, None, 300.0), launcher))
    assert seen.order == ("start", "contract", "cost", "capacity")
    assert len(seen.starts) == 1
    assert Reference.of(seen).capacity_per_second is not None
