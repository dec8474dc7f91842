"""Checks, workspaces, versions and the runner."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from audition.domain.contract import Inventory
from audition.domain.evidence import RunEvidence
from audition.domain.grade import Dimension, Evidence, Grade, GradeStatus, Outcome, dimension_scores
from audition.domain.run import Verdict
from audition.grading import (
    CheckList,
    Need,
    Result,
    Workspace,
    check,
    failed,
    informative,
    not_applicable,
    partial,
    passed,
)
from audition.grading.runner import load_graders, run_graders, timed_sheet
from audition.grading.versions import content_version, sources_of
from tests.factories import make_grade, make_manifest, make_metric


def make_workspace(root: Path, *outputs: str) -> Workspace:
    evidence = RunEvidence(verdict=Verdict.ACCEPTED, inventory=Inventory(), stages=(), outputs=outputs)
    return Workspace(manifest=make_manifest(), evidence=evidence, outputs=root)


def saying(result: Result) -> Callable[[Workspace], Result]:
    return lambda _: result


def make_list(*results: Result) -> CheckList:
    checks = tuple(
        check(f"test.number-{n}", "Title", points=4, why="Why.", fix="Fix.")(saying(result))
        for n, result in enumerate(results)
    )
    return CheckList(
        name="test", version="1", dimension=Dimension.DEPLOYMENT, needs=frozenset(), checks=checks
    )


@pytest.mark.parametrize(
    ("result", "outcome", "points", "has_fix"),
    [
        (passed("Good."), Outcome.PASSED, 4.0, False),
        (partial(0.25, "Some."), Outcome.PARTIAL, 1.0, True),
        (failed("Bad."), Outcome.FAILED, 0.0, True),
        (not_applicable("Nothing there."), Outcome.NOT_APPLICABLE, 0.0, False),
        (informative("By the way."), Outcome.INFORMATIVE, 0.0, True),
    ],
)
def test_a_result_becomes_a_finding(
    tmp_path: Path, result: Result, outcome: Outcome, points: float, has_fix: bool
) -> None:
    finding = make_list(result).grade(make_workspace(tmp_path)).findings[0]
    assert (finding.outcome, finding.points, finding.max_points) == (outcome, points, 4)
    assert (finding.check, finding.title, finding.why) == ("test.number-0", "Title", "Why.")
    assert finding.how_to_fix == ("Fix." if has_fix else "")


def test_what_a_candidate_wrote_is_quoted_at_bounded_length(tmp_path: Path) -> None:
    evidence = [Evidence(summary="x")] * 500
    result = replace(failed("s" * 9000, *evidence), note="n" * 9000)
    finding = make_list(result).grade(make_workspace(tmp_path)).findings[0]
    assert len(finding.sentence) == len(finding.reviewer_note) == 2000
    assert len(finding.evidence) == 20


def test_the_first_accepted_name_that_is_there_is_the_output(tmp_path: Path) -> None:
    assert make_workspace(tmp_path).output() is None
    assert make_workspace(tmp_path, "other.csv").output() is None
    both = make_workspace(tmp_path, "predictions.parquet", "predictions.csv")
    assert both.output() == tmp_path / "predictions.csv"


def test_a_changed_line_is_a_changed_version(tmp_path: Path) -> None:
    module = tmp_path / "__init__.py"
    module.write_text("x = 1\n")
    first = content_version("2", str(module))
    assert first == content_version("2", str(module))
    assert first.startswith("2+")
    assert len(first) == len("2+") + 8
    (tmp_path / "rules.py").write_text("")
    second = content_version("2", str(module))
    module.write_text("x = 2\n")
    third = content_version("2", str(module))
    assert len({first, second, third, content_version("2", str(module), __file__)}) == 4


def test_a_version_follows_what_a_grader_imports_wherever_it_says_so(tmp_path: Path) -> None:
    package = tmp_path / "others" / "grader"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").write_text("")
    (package / "look.py").write_text(
        "import os\nfrom audition.grading import Result, tree\n\ndef look():\n    from others.near import (\n"
        "        far,  # late\n        near,\n    )\n"
    )
    (package.parent / "near.py").write_text("import others.far, json\n")
    (package.parent / "far.py").write_text("")
    (package.parent / "stranger.py").write_text("")
    found = {path.name for path in sources_of(str(package / "__init__.py"))}
    assert found == {"__init__.py", "look.py", "near.py", "far.py", "tree.py"}
    before = content_version("1", str(package / "__init__.py"))
    (package.parent / "stranger.py").write_text("x = 1\n")
    assert content_version("1", str(package / "__init__.py")) == before
    (package.parent / "far.py").write_text("x = 1\n")
    assert content_version("1", str(package / "__init__.py")) != before


@dataclass(frozen=True)
class Grader:
    """A stranger's grader, which does whatever it was made with."""

    outcome: object
    name: str = "stranger"
    version: str = "3"
    dimension: Dimension = Dimension.DEPLOYMENT
    needs: frozenset[Need] = frozenset()

    def grade(self, workspace: Workspace) -> Grade:
        del workspace
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (ValueError("oops \udcff"), "ValueError"),
        (RecursionError("deep"), "RecursionError"),
        (MemoryError(), "MemoryError"),
        (None, "stranger"),
        ({"points": 100}, "stranger"),
        (SimpleNamespace(grader="x"), "SimpleNamespace"),
        (make_grade(metrics=(make_metric(value=math.nan),)), "metrics.0.value"),
        (make_grade(metrics=(make_metric(low=-math.inf),)), "metrics.0.low"),
        (make_grade(findings="all fine"), "findings"),
        (make_grade(note="x" * (5 << 20)), "at most 4,194,304"),
    ],
)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_grader_that_fails_is_errored_and_never_a_zero(tmp_path: Path, outcome: object, words: str) -> None:
    healthy = Grader(make_grade(grader="healthy"), name="healthy")
    grades = run_graders([Grader(outcome), healthy], make_workspace(tmp_path))
    assert [grade.status for grade in grades] == [GradeStatus.ERRORED, GradeStatus.OK]
    assert (grades[0].grader, grades[0].version, grades[0].findings) == ("stranger", "3", ())
    assert words in grades[0].note
    assert len(grades[0].note) < 9000
    assert dimension_scores(grades[:1]) == {Dimension.DEPLOYMENT: None}


def test_grades_keep_their_order(tmp_path: Path) -> None:
    graders = [Grader(make_grade(grader=name), name=name) for name in "cab"]
    assert [grade.grader for grade in run_graders(graders, make_workspace(tmp_path))] == ["c", "a", "b"]


def test_how_long_each_took_stands_beside_the_grades(tmp_path: Path) -> None:
    graders = [Grader(make_grade(grader="ours"), name="ours"), Grader(ValueError("oops"), name="broken")]
    sheet = timed_sheet(graders, make_workspace(tmp_path))
    assert sheet.seconds.keys() == {"ours", "broken"}
    assert min(sheet.seconds.values()) >= 0
    assert sheet.grades[0] == run_graders(graders, make_workspace(tmp_path))[0]


def test_our_graders_come_through_the_door_for_everybody() -> None:
    loaded = load_graders(["dockerfile", "model-quality", "output-format"])
    assert [grader.name for grader in loaded] == ["dockerfile", "model-quality", "output-format"]
    assert load_graders([]) == []


def test_an_unknown_grader_is_named_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match=r"Unknown graders \['nope'\]; registered are .*dockerfile"):
        load_graders(["dockerfile", "nope"])
