"""Drift evidence on its way into the judge's container."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition import codec
from audition.domain import places
from audition.domain.contract import Inventory
from audition.domain.evidence import RunEvidence
from audition.domain.grade import Dimension, GradeSheet, GradeStatus, dimension_scores
from audition.domain.run import Verdict
from tests.bench.drift import monitors
from tests.factories import make_manifest
from tests.graders.drift_world import PSI_SIGNAL, make_evidence
from tests.unit.grading.test_process import Room


@pytest.fixture
def judged(tmp_path: Path) -> Room:
    """A room of a challenge that has the drift grader."""
    room = Room(tmp_path / "root")
    room.manifest = make_manifest(graders=("drift",))
    room.lay_out()
    evidence = RunEvidence(verdict=Verdict.ACCEPTED, inventory=Inventory(), stages=())
    room.write(places.EVIDENCE_FILE, codec.to_json(evidence))
    return room


def sheet(room: Room) -> GradeSheet:
    code, stdout, stderr = room.grade("judge")
    assert code == 0, stderr
    return codec.from_json(GradeSheet, stdout, what="sheet")


def test_the_judge_grades_the_drift_evidence_that_is_there(judged: Room) -> None:
    evidence = make_evidence(monitors.sliding_psi(500), PSI_SIGNAL)
    judged.write(places.DRIFT_FILE, codec.to_json(evidence))
    found = sheet(judged)
    assert found.grades[0].status == GradeStatus.OK
    assert (dimension_scores(found.grades)[Dimension.DRIFT] or 0) > 0.9


def test_without_the_protocol_the_dimension_is_not_computed(judged: Room) -> None:
    found = sheet(judged)
    assert found.grades[0].status == GradeStatus.BLOCKED
    assert dimension_scores(found.grades) == {Dimension.DRIFT: None}


def test_evidence_of_a_wrong_shape_stops_the_judge_and_is_no_zero(judged: Room) -> None:
    evidence = make_evidence(monitors.sliding_psi(500), PSI_SIGNAL)
    broken = replace(evidence.runs[0], scrapes=replace(evidence.runs[0].scrapes, seconds=(0.0,)))
    judged.write(places.DRIFT_FILE, codec.to_json(replace(evidence, runs=(broken,))))
    code, stdout, stderr = judged.grade("judge")
    assert code != 0
    assert stdout == b""
    assert b"drift.json has 1 problem" in stderr
