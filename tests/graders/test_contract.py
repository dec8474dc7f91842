"""What was assumed about a submission is said, with its place, and costs nothing by itself."""

from dataclasses import replace
from pathlib import Path

from audition.domain.contract import Discovery
from audition.domain.grade import Outcome
from graders.contract import grader
from tests.graders.workspaces import by_check, make_workspace


def test_what_was_assumed_is_said_with_its_place(tmp_path: Path) -> None:
    made = make_workspace(tmp_path)
    found = Discovery(key="serving.port", value="9000", source="EXPOSE", file="Dockerfile", line=3)
    inventory = replace(made.evidence.inventory, discovered=(found,))
    made = replace(made, evidence=replace(made.evidence, inventory=inventory))
    finding = by_check(grader.grade(made))["contract.assumed"]
    assert (finding.outcome, finding.max_points) == (Outcome.INFORMATIVE, 0)
    assert "leaves 1 value(s) open" in finding.sentence
    assert "70%" in finding.sentence
    place = finding.evidence[0]
    assert (place.summary, place.file, place.line) == ("serving.port = 9000, by EXPOSE", "Dockerfile", 3)


def test_nothing_is_said_where_nothing_was_assumed(tmp_path: Path) -> None:
    finding = by_check(grader.grade(make_workspace(tmp_path)))["contract.assumed"]
    assert finding.outcome == Outcome.NOT_APPLICABLE
