"""A report as files: complete, readable by the programs they are for, and harmless."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.grade import Evidence, Finding, Outcome
from audition.services.export_report import EXPORTS, export_report
from audition.services.release import release
from audition.services.write_table import write_table
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, deployment_grade, grades

HOSTILE = "=cmd|' /C calc'!A1\x00\x1b]]><x>"


def _finding(outcome: Outcome, points: float = 0.0, **more: object) -> Finding:
    return factories.make_finding(
        check=f"x.{outcome}", outcome=outcome, points=points, max_points=2.0, **more
    )


@pytest.fixture
def submission_id(world: World) -> str:
    """Graded, with a finding of every outcome."""
    evidence = (Evidence(summary="Here", file="a dir/Docker:file", line=3, excerpt="USER root"),)
    findings = (
        _finding(Outcome.FAILED, evidence=evidence, reviewer_note="Between us."),
        _finding(Outcome.PARTIAL, 1.0),
        _finding(Outcome.PASSED, 2.0),
        *(_finding(o) for o in (Outcome.NOT_APPLICABLE, Outcome.NOT_ASSESSED, Outcome.INFORMATIVE)),
    )
    world.sandbox.programs["judge"] = grades(replace(deployment_grade(), findings=findings))
    return world.graded().id


def _export(world: World, submission_id: str, name: str) -> bytes:
    return export_report(world.ports, ALICE, submission_id, name).data


def test_a_table_has_a_row_for_each_finding(world: World, submission_id: str) -> None:
    rows = list(
        csv.DictReader(io.StringIO(_export(world, submission_id, "findings.csv").decode("utf-8-sig")))
    )
    by_check = {row["check"]: row for row in rows}
    assert len(rows) == 7
    assert by_check["x.failed"]["places"] == "a dir/Docker:file:3"
    assert (by_check["x.partial"]["points"], by_check["x.partial"]["max_points"]) == ("1.0", "2.0")
    # Three of six points of a dimension that weighs 0.3 are lost, all but one of them here.
    assert float(by_check["x.failed"]["points_lost_of_100"]) == pytest.approx(10.0)
    assert by_check["x.not_assessed"]["points_lost_of_100"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1"])
def test_no_text_is_a_formula_and_numbers_stay_numbers(text: str) -> None:
    written = write_table(["a", "b"], [[text, -1.5]]).decode("utf-8-sig")
    (row,) = list(csv.reader(io.StringIO(written, newline="")))[1:]
    assert row == [f"'{text}", "-1.5"]


def test_junit_counts_what_was_not_assessed_as_skipped(world: World, submission_id: str) -> None:
    root = ET.fromstring(_export(world, submission_id, "junit.xml"))
    suites = {suite.get("name"): suite for suite in root}
    judged = suites["deployment"]
    assert {key: judged.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "2", "errors": "0", "skipped": "3",
    }  # fmt: skip
    fates = Counter(child.tag for case in judged for child in case)
    assert fates == {"failure": 2, "skipped": 3}
    assert "model_quality" in suites


def test_sarif_shows_a_finding_beside_its_line(world: World, submission_id: str) -> None:
    document = json.loads(_export(world, submission_id, "findings.sarif"))
    (run,) = document["runs"]
    by_check = {result["ruleId"]: result for result in run["results"]}
    assert document["version"] == "2.1.0"
    place = by_check["x.failed"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20dir/Docker%3Afile", "uriBaseId": "SUBMISSION"}
    assert place["region"] == {"startLine": 3, "snippet": {"text": "USER root"}}
    assert {check: (r["kind"], r["level"]) for check, r in by_check.items() if check[0] == "x"} == {
        "x.failed": ("fail", "error"),
        "x.partial": ("fail", "warning"),
        "x.passed": ("pass", "none"),
        "x.not_applicable": ("notApplicable", "none"),
        "x.not_assessed": ("open", "none"),
        "x.informative": ("informational", "none"),
    }
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


@pytest.mark.parametrize("name", EXPORTS)
def test_hostile_text_spoils_no_file(world: World, name: str) -> None:
    evidence = (Evidence(summary=HOSTILE, file=HOSTILE, line=1, excerpt=HOSTILE),)
    finding = _finding(Outcome.FAILED, title=HOSTILE, sentence=HOSTILE, why=HOSTILE, evidence=evidence)
    world.sandbox.programs["judge"] = grades(replace(deployment_grade(), findings=(finding,)))
    data = _export(world, world.graded().id, name)
    if name.endswith(".xml"):
        assert "\ufffd" in str(ET.fromstring(data).findtext(".//*[@classname='deployment.x.failed']/failure"))
    elif name.endswith(".csv"):
        assert next(
            r for r in csv.DictReader(io.StringIO(data.decode("utf-8-sig"))) if r["check"] == "x.failed"
        )
    else:
        json.loads(data)


def test_candidates_get_their_own_once_it_is_released_and_nothing_for_reviewers(
    world: World, submission_id: str
) -> None:
    with pytest.raises(ConflictError, match="not released"):
        export_report(world.ports, CAROL, submission_id, "report.json")
    release(world.ports, ALICE, submission_id)
    for name in EXPORTS:
        assert b"Between us" not in export_report(world.ports, CAROL, submission_id, name).data
    assert b"Between us" in export_report(world.ports, ALICE, submission_id, "report.json").data


def test_a_file_that_is_not_made_is_not_found(world: World, submission_id: str) -> None:
    with pytest.raises(NotFoundError, match="no export"):
        export_report(world.ports, ALICE, submission_id, "report.exe")
