"""The golden submission as it runs: 0.9 and more everywhere, and faults that only running shows."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

from audition import codec
from audition.catalog.archive import pack_folder
from audition.catalog.read import ChallengeFolder, read_challenge
from audition.catalog.samples import find_samples
from audition.domain.grade import COUNTED_OUTCOMES, Dimension, Grade, dimension_scores
from audition.domain.run import Stage, Verdict
from tests.challenges.conftest import PACK
from tests.challenges.mutants import GOLDEN
from tests.challenges.running_mutants import LIVE
from tests.pipeline import Pipeline, make_pipeline
from tests.stack import in_a_hurry

pytestmark = [pytest.mark.docker, pytest.mark.slow]

_numbers = count()
#: How far a dimension may move that nothing was done to. Source: the grader catalogue, section 11.
_SPREAD = 0.05
#: That can be in one repository; more workers than one hear no signal of ours and would hide another of them.
TOGETHER = LIVE[:3]


def challenge() -> ChallengeFolder:
    """The pack at the pace of tests. What drift shows takes minutes, and is seen in `test_golden_tried.py`."""
    return in_a_hurry(read_challenge(PACK), Stage.EXERCISE)


def offer_service_only(pipeline: Pipeline) -> None:
    """From now on, leave out what faults of a running service do not change: linters, alerts, commands, extra rows."""
    kept = (Stage.UNPACK, Stage.BUILD, Stage.PREDICT, Stage.SERVE, Stage.SCORE, Stage.JUDGE)
    with pipeline.ports.unit_of_work() as uow:
        whole = uow.challenges.latest(PACK.name)
        manifest = replace(whole.manifest, stages=kept)
        uow.challenges.add(
            replace(
                whole,
                id="chv_service_only",
                number=whole.number + 1,
                digest="5" * 64,
                manifest=manifest,
                manifest_digest=pipeline.ports.blobs.put(codec.to_json(manifest)),
            )
        )
        uow.commit()


@dataclass(frozen=True)
class Seen:
    """What a submission earned."""

    verdict: Verdict | None
    score: float
    grades: tuple[Grade, ...]
    checks: Mapping[str, tuple[Dimension, float]]
    """Dimension and share of the points, by check."""

    def blocked_by(self, causes: AbstractSet[str]) -> frozenset[str]:
        """Checks that have nothing to look at because of these."""
        return frozenset(f.check for g in self.grades for f in g.findings if f.blocked_by in causes)

    def dimensions(
        self, other: "Seen | None" = None, without: AbstractSet[str] = frozenset()
    ) -> dict[Dimension, float]:
        """Score of each dimension, by the checks alone that another one was given as well."""
        common = (self.checks.keys() & (other or self).checks.keys()) - without
        grades = (
            replace(grade, findings=tuple(f for f in grade.findings if f.check in common))
            for grade in self.grades
        )
        return {name: score for name, score in dimension_scores(tuple(grades)).items() if score is not None}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, images: Mapping[str, str]) -> Iterator[Pipeline]:
    """The pack, published once, at the pace of tests."""
    folder: Path = tmp_path_factory.mktemp("live")
    folder.chmod(0o755)
    pipeline = make_pipeline(folder, images)
    pipeline.publish(challenge())
    yield pipeline
    pipeline.runner.sandbox.sweep(lambda _run, _fence: True)


@pytest.fixture(scope="module")
def golden(published: Pipeline) -> Seen:
    """The golden submission, unchanged."""
    return submitted(published, GOLDEN)


def submitted(published: Pipeline, folder: Path) -> Seen:
    """Submit a folder and wait for its grades."""
    candidate = published.candidate("credit-scoring", f"live{next(_numbers)}@example.org")
    _, report = published.run(candidate, pack_folder(folder, leave_out={"expect.toml"}))
    checks = {
        finding.check: (grade.dimension, finding.points / finding.max_points)
        for grade in report.grades
        for finding in grade.findings
        if finding.outcome in COUNTED_OUTCOMES and finding.max_points
    }
    assert report.score is not None, report.verdict
    return Seen(report.verdict, report.score, report.grades, checks)


def test_every_dimension_of_the_golden_submission_is_at_least_nine_tenths(golden: Seen) -> None:
    expected = next(sample.expectation for sample in find_samples(PACK) if sample.folder == GOLDEN)
    assert golden.verdict == Verdict.ACCEPTED
    assert expected.score_low <= golden.score <= expected.score_high
    weak = {check: share for check, (_, share) in golden.checks.items() if share < 1}
    assert {name: score for name, score in golden.dimensions().items() if score < 0.9} == {}, weak
    asked = {name for name, weight in challenge().manifest.weights.items() if weight > 0}
    assert golden.dimensions().keys() >= asked - {Dimension.DRIFT}


def test_faults_that_show_when_it_runs_are_seen(published: Pipeline, golden: Seen, tmp_path: Path) -> None:
    """Several at once, for a run takes minutes."""
    first, *others = TOGETHER
    folder = first.made(tmp_path / "repository")
    for other in others:
        other.change(folder)
    drops = {check for mutant in TOGETHER for check in mutant.drops}
    offer_service_only(published)
    seen = submitted(published, folder)
    for check in drops:
        assert seen.checks[check][1] < golden.checks[check][1], check
    touched = {golden.checks[check][0] for check in drops}
    # A fault may drop what it blocks as well: the chain says what that is, and nothing else may move.
    blocked = seen.blocked_by(drops)
    before, after = golden.dimensions(seen, blocked), seen.dimensions(golden, blocked)
    assert before.keys() >= {Dimension.MODEL_QUALITY, Dimension.OBSERVABILITY, Dimension.KUBERNETES}
    moved = {name: after[name] - score for name, score in before.items() if name not in touched}
    assert {name: by for name, by in moved.items() if abs(by) > _SPREAD} == {}
