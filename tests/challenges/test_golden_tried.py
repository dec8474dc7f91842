"""The golden submission and faults in it, where they show only when something is run, without a container.

Its commands are tried as processes, its service is sent drifting rows inside a process; what came of that is judged by
the graders themselves. What a container adds to it is seen once, in `test_golden_live.py`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audition import codec
from audition.catalog.archive import pack_folder
from audition.catalog.read import read_challenge
from audition.domain.challenge import Manifest
from audition.domain.contract import Contract
from audition.domain.drift import DriftEvidence
from audition.domain.drift_plan import DriftScale, Lengths, make_plan, pace_of
from audition.domain.evidence import RunEvidence
from audition.domain.exercise import Exercise, OtherModel
from audition.domain.grade import COUNTED_OUTCOMES, Dimension, GradeStatus
from audition.domain.run import Verdict
from audition.grading.claims import claims_of
from audition.grading.drift import read_drift
from audition.grading.inventory import take_inventory
from audition.grading.runner import load_graders, run_graders
from audition.grading.workspace import Workspace
from graders.drift.make_traffic import make_traffic, read_data
from tests.challenges import drift_driver
from tests.challenges.conftest import PACK, Prepared
from tests.challenges.mutants import GOLDEN, Mutant
from tests.challenges.running_mutants import DRIFTING, MEASURED, TRIED
from tests.challenges.static_driver import Shares
from tests.challenges.test_golden_mutants import READ, dropped
from tests.challenges.trying import Trial, attempt_all

ROOT = str(PACK.parents[1])
TRYING = ("retraining", "reproduction", "own-tests")
TESTED = "code.tests.matter"
#: Checks of what is tried, and the command that each is about.
EXERCISES = {
    "pipeline.gate.decides": Exercise.GATE,
    "pipeline.retrain.works": Exercise.RETRAIN,
    "lineage.training.reproduces": Exercise.TRAIN,
    "lineage.data.checked": Exercise.DATA_CHECK,
    TESTED: Exercise.TESTS,
}
#: The shortest that is a plan of this window.
LENGTHS = Lengths(warm_up_requests=1000, control_requests=200, test_requests=1500)


@dataclass(frozen=True)
class Room:
    """A submission that was unpacked, with what graders see beside it."""

    root: Path
    workspace: Workspace

    def shares(self, *graders: str) -> Shares:
        """The share of its points that each counted check earned."""
        grades = run_graders(load_graders(graders), self.workspace)
        assert all(grade.status == GradeStatus.OK for grade in grades), [grade.note for grade in grades]
        return {
            finding.check: finding.points / finding.max_points
            for grade in grades
            for finding in grade.findings
            if finding.outcome in COUNTED_OUTCOMES and finding.max_points
        }

    def tried(self, trial: Trial) -> "Room":
        """With what came of commands."""
        made = replace(self.workspace, exercise=trial.evidence, exercise_outputs=trial.outputs)
        return replace(self, workspace=made)

    def drifted(self, seen: DriftEvidence) -> "Room":
        """With what came of rows that drift."""
        signals = self.workspace.evidence.inventory.contract.monitoring.signals
        return replace(self, workspace=replace(self.workspace, drift=replace(seen, signals=signals)))


@dataclass(frozen=True)
class Rooms:
    """Where submissions are unpacked."""

    manifest: Manifest
    prepared: Prepared
    outputs: Path
    """The golden submission's predictions: no fault here is one of how it predicts."""

    def of(self, folder: Path, root: Path) -> Room:
        """Unpack what a candidate would upload of a folder."""
        submission = root / "submission"
        submission.mkdir(parents=True)
        shutil.copytree(self.prepared.public, root / "in")
        archive = root / "archive.zip"
        archive.write_bytes(pack_folder(folder, leave_out={"expect.toml"}))
        inventory = take_inventory(archive, submission, max_bytes=1 << 27, max_entries=2000)
        claims = claims_of(submission, inventory.contract.model.card, self.manifest.metric.name)
        evidence = RunEvidence(
            verdict=Verdict.ACCEPTED,
            inventory=replace(inventory, claims=claims),
            stages=(),
            outputs=("predictions.csv",),
        )
        return Room(
            root,
            Workspace(
                manifest=self.manifest,
                evidence=evidence,
                submission=submission,
                outputs=self.outputs,
                inputs=root / "in",
                answers=self.prepared.private,
            ),
        )


@pytest.fixture(scope="module")
def rooms(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Rooms:
    """The released data, and what the golden submission predicts for it."""
    out = tmp_path_factory.mktemp("predicted")
    places = {"AUDITION_IN": str(prepared.public), "AUDITION_OUT": str(out), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "predict.py"], cwd=GOLDEN, env=os.environ | places, check=True)
    return Rooms(read_challenge(PACK).manifest, prepared, out)


@pytest.fixture(scope="module")
def golden(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The golden submission, unpacked."""
    return rooms.of(GOLDEN, tmp_path_factory.mktemp("golden") / "room")


def read(room: Room) -> Shares:
    """What is earned by what can be read, without linters."""
    asked = dict.fromkeys(Dimension, 1 / len(Dimension))
    workspace = replace(room.workspace, manifest=replace(room.workspace.manifest, weights=asked))
    return replace(room, workspace=workspace).shares(*READ)


# What is tried


@pytest.fixture(scope="module")
def trial(golden: Room) -> Trial:
    """What came of the golden submission's commands; its tests are tried in a container, and take longest."""
    chosen = set(EXERCISES.values()) - {Exercise.TESTS}
    return attempt_all(golden.root, golden.workspace.manifest, contract_of(golden), chosen)


def contract_of(room: Room) -> Contract:
    """Its contract."""
    return room.workspace.evidence.inventory.contract


def test_every_command_of_the_golden_submission_does_what_it_is_for(golden: Room, trial: Trial) -> None:
    shares = golden.tried(trial).shares(*TRYING)
    assert shares == dict.fromkeys(set(EXERCISES) - {TESTED}, 1.0)
    assert OtherModel.RETRAINED in trial.evidence.outputs


@pytest.mark.parametrize("broken", TRIED, ids=lambda m: m.name)
def test_a_command_that_does_not_do_its_work_is_noticed_when_it_is_tried_and_only_then(
    rooms: Rooms, golden: Room, trial: Trial, tmp_path: Path, broken: Mutant
) -> None:
    room = rooms.of(broken.made(tmp_path / "repository"), tmp_path / "room")
    chosen = {EXERCISES[check] for check in broken.drops}
    own = attempt_all(room.root, room.workspace.manifest, contract_of(room), chosen)
    shares = room.tried(own.beside(trial)).shares(*TRYING)
    found = dropped(golden.tried(trial).shares(*TRYING), shares)
    assert set(found) == broken.drops, found
    assert all(share <= 0.7 for share in found.values()), found
    assert dropped(read(golden), read(room)) == {}


# What is measured


@pytest.mark.parametrize("broken", MEASURED, ids=lambda m: m.name)
def test_what_the_card_claims_is_compared_with_what_was_measured(
    rooms: Rooms, golden: Room, tmp_path: Path, broken: Mutant
) -> None:
    room = rooms.of(broken.made(tmp_path / "repository"), tmp_path / "room")
    assert golden.shares("claims") == dict.fromkeys(broken.drops, 1.0)
    assert room.shares("claims") == dict.fromkeys(broken.drops, 0.0)
    assert dropped(read(golden), read(room)) == {}


# What drifts


@pytest.fixture(scope="module")
def send(
    rooms: Rooms, golden: Room, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Room], DriftEvidence]:
    """Sends a lean plan to the service of a submission."""
    manifest, folder = rooms.manifest, tmp_path_factory.mktemp("drift")
    spec = manifest.drift
    assert spec is not None
    traffic = make_traffic(spec, read_data(manifest, spec, [rooms.prepared.public, rooms.prepared.private]))
    pace = pace_of(contract_of(golden).monitoring.signals, lengths=LENGTHS)
    plan, rows = folder / "plan.json", folder / "traffic.json"
    plan.write_bytes(codec.to_json(make_plan(spec, DriftScale.LEAN, pace, seed=7)))
    rows.write_bytes(codec.to_json(traffic))

    def sent(room: Room) -> DriftEvidence:
        argv = [sys.executable, drift_driver.__file__, str(room.workspace.submission), str(plan), str(rows)]
        done = subprocess.run(argv, env=os.environ | {"PYTHONPATH": ROOT}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return read_drift(done.stdout)

    return sent


@pytest.fixture(scope="module")
def seen(golden: Room, send: Callable[[Room], DriftEvidence]) -> DriftEvidence:
    """What the golden submission's metrics do."""
    return send(golden)


def test_the_golden_monitor_notices_each_drift_soon_and_nothing_else(
    golden: Room, seen: DriftEvidence
) -> None:
    shares = golden.drifted(seen).shares("drift")
    assert {check: share for check, share in shares.items() if share < 1}.keys() <= {
        "drift.alarm.prompt",  # A window of 500 rows has to fill.
        "drift.loop.closed",
    }
    assert shares["drift.alarm.prompt"] > 0.8


@pytest.mark.parametrize("broken", DRIFTING, ids=lambda m: m.name)
def test_a_monitor_with_a_fault_is_noticed_when_rows_drift_and_only_then(
    rooms: Rooms,
    golden: Room,
    seen: DriftEvidence,
    send: Callable[[Room], DriftEvidence],
    tmp_path: Path,
    broken: Mutant,
) -> None:
    room = rooms.of(broken.made(tmp_path / "repository"), tmp_path / "room")
    is_only_declared = contract_of(room) != contract_of(golden)
    whole = golden.drifted(seen).shares("drift")
    found = dropped(whole, room.drifted(seen if is_only_declared else send(room)).shares("drift"))
    assert set(found) == broken.drops, found
    assert all(share < whole[check] - 0.2 for check, share in found.items()), (found, whole)
    assert dropped(read(golden), read(room)) == {}
