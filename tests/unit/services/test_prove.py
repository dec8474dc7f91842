"""What a challenge has to show: judged on ends that are given here; the way there is run whole in tests/e2e."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audition.catalog.digest import folder_digest
from audition.catalog.read import ChallengeFolder
from audition.catalog.samples import Bar, Expectation, Interval
from audition.domain.challenge import Anchor
from audition.domain.errors import ConflictError
from audition.domain.execution import Limits, Usage
from audition.domain.grade import Dimension, Metric, Outcome
from audition.domain.metrics import Direction, OwnMetric
from audition.domain.run import Fault, Stage, StageRecord, StageStatus, Verdict
from audition.domain.submission import State
from audition.domain.variant import VariantSpread
from audition.services.keep_proof import keep_proof, require_proof
from audition.services.prove import CONSTANT, EMPTY, Ended, Trial, judge_sample, judge_spread, judge_together
from tests import factories
from tests.unit.services.world import World

REFERENCE = "accepted/reference"
STARTER = "accepted/starter"


def folder() -> ChallengeFolder:
    """A challenge whose constant is worth nothing, and whose reference 0.9."""
    manifest = factories.make_manifest(limits={Stage.PREDICT: Limits(time_seconds=10.0, memory_bytes=1000)})
    anchors = (
        Anchor(name="constant", value=0.5, score=0.0),
        Anchor(name="reference", value=0.8, score=0.9),
    )
    manifest = replace(manifest, metric=replace(manifest.metric, anchors=anchors))
    return ChallengeFolder(
        path=Path("/nowhere"),
        manifest=manifest,
        brief="",
        datacard="",
        rubric=(),
        checksums={},
        samples=(),
    )


def metric(score: float) -> Metric:
    return Metric(
        name="roc_auc", value=0.5 + score / 3, low=0.4, high=1.0, confidence=0.95, rows=9, score=score
    )


def stage(seconds: float, memory: int) -> StageRecord:
    return StageRecord(
        run_id="r",
        fence=1,
        stage=Stage.PREDICT,
        status=StageStatus.PASSED,
        message="",
        started_at=factories.NOW,
        usage=Usage(wall_seconds=seconds, peak_memory_bytes=memory),
    )


def ended(score: float = 0.5, **changes: Any) -> Ended:
    made = Ended(
        state=State.GRADED,
        reason="Graded.",
        verdict=Verdict.ACCEPTED,
        fault=None,
        score=score,
        metric=metric(score),
        dimensions={Dimension.MODEL_QUALITY: score},
        outcomes={"a.b": Outcome.PASSED},
        stages=(stage(1.0, 100),),
        is_equal_again=True,
    )
    return replace(made, **changes)


def trial(name: str = REFERENCE, **expected: Any) -> Trial:
    expectation = Expectation(about="It.", **{"verdict": Verdict.ACCEPTED, **expected})
    return Trial(name=name, archive=b"", expectation=expectation, is_starter=name == STARTER)


def test_a_sample_that_ends_as_expected_has_no_problem() -> None:
    expected = trial(
        score_low=0.4,
        score_high=0.6,
        dimensions={Dimension.MODEL_QUALITY: Interval(low=0.4)},
        findings={"a.b": Outcome.PASSED},
        says={"a.b": "pinned"},
    )
    assert judge_sample(expected, ended(sentences={"a.b": "It is pinned."}), folder()) == []


@pytest.mark.parametrize(
    ("expected", "how", "told"),
    [
        ({"verdict": Verdict.TIME_LIMIT}, {}, "verdict accepted, expected time_limit."),
        ({"score_low": 0.6}, {}, "score 0.500, expected 0.6 to 1."),
        (
            {"dimensions": {Dimension.MODEL_QUALITY: Interval(high=0.2)}},
            {},
            "model_quality 0.500, expected 0 to 0.2.",
        ),
        ({"dimensions": {Dimension.SERVING: Interval()}}, {}, "serving nothing, expected 0 to 1."),
        ({"findings": {"a.b": Outcome.FAILED}}, {}, "a.b passed, expected failed."),
        ({"findings": {"c.d": Outcome.FAILED}}, {}, "c.d is not there, expected failed."),
        (
            {"says": {"a.b": "beyond"}},
            {"sentences": {"a.b": "It is not."}},
            'a.b says "It is not.", expected "beyond".',
        ),
        ({"says": {"c.d": "beyond"}}, {}, 'c.d says "", expected "beyond".'),
        ({}, {"is_equal_again": False}, "graded twice, it got different grades."),
        ({}, {"stages": (stage(9.0, 100),)}, "took 9.0 of 10 s: raise limits.predict.time_seconds."),
        ({}, {"stages": (stage(1.0, 900),)}, "took 900 of 1,000 bytes: raise limits.predict.memory_bytes."),
        (
            {},
            {"state": State.ERRORED, "fault": Fault.PLATFORM, "reason": "A grader failed."},
            "ended as errored, whose fault is ours: A grader failed.",
        ),
    ],
)
def test_each_thing_that_is_not_as_expected_is_told(
    expected: dict[str, Any], how: dict[str, Any], told: str
) -> None:
    assert judge_sample(trial(**expected), ended(**how), folder()) == [told]


def test_nothing_handed_in_must_measure_nothing() -> None:
    nothing = Trial(name=EMPTY, archive=b"")
    assert judge_sample(nothing, ended(state=State.REJECTED, metric=None), folder()) == []
    assert judge_sample(nothing, ended(), folder()) == ["a submission with nothing in it got a metric."]


def together(**scores: float) -> list[str]:
    """What is wrong with samples of these scores."""
    names = {"reference": REFERENCE, "starter": STARTER, "constant": CONSTANT, "cheat": "attack/cheat"}
    usual = {"reference": 0.92, "starter": 0.3, "constant": 0.0, "cheat": 0.0} | scores
    found = {names[key]: (trial(names[key]), ended(score)) for key, score in usual.items() if score >= 0}
    return judge_together(folder(), found)


def test_samples_that_fit_each_other_have_no_problem() -> None:
    assert together() == []


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({"reference": 0.85}, "its anchor is 0.8: measure the anchor again."),
        ({"reference": -1}, "there is no sample accepted/reference."),
        ({"starter": -1}, "no sample submits the starter as it is."),
        ({"starter": 0.95}, "the starter scores as high as the reference: there is nothing to do."),
        ({"constant": 0.2}, "a constant earns 0.200 for the model, at most 0.05"),
        ({"constant": -1}, "nobody knows what a constant earns."),
        ({"cheat": 0.4}, "attack/cheat earns 0.400 for the model, the starter 0.300."),
    ],
)
def test_each_thing_that_does_not_fit_is_told(scores: dict[str, float], told: str) -> None:
    assert any(told in problem for problem in together(**scores))


@pytest.mark.parametrize(
    ("bar", "earned", "is_fit"),
    [
        (Bar.STARTER, 0.4, False),
        (Bar.REFERENCE, 0.92, True),
        (Bar.REFERENCE, 0.93, False),
        (Bar.TOLD, 1.0, True),
    ],
)
def test_an_attack_is_held_against_the_bar_that_its_author_gave_it(
    bar: Bar, earned: float, *, is_fit: bool
) -> None:
    cheat = trial("attack/cheat", bar=bar, why="The data are public.")
    found = {
        REFERENCE: (trial(), ended(0.92)),
        STARTER: (trial(STARTER), ended(0.3)),
        CONSTANT: (trial(CONSTANT), ended(0.0)),
        "attack/cheat": (cheat, ended(earned)),
    }
    assert (judge_together(folder(), found) == []) is is_fit


@pytest.mark.parametrize(
    ("metric_name", "copies", "is_fair"),
    [
        ("roc_auc", (0.796, 0.804), True),
        ("roc_auc", (0.8, 0.794), False),
        ("rmse", (0.803, 0.8), True),
        ("rmse", (0.806, 0.8), False),
    ],
)
def test_copies_may_hardly_move_the_reference(
    metric_name: str, copies: tuple[float, ...], is_fair: bool
) -> None:
    spec = replace(folder().manifest.metric, name=metric_name)
    spread = VariantSpread(whole=0.8, whole_score=0.9, copies=copies, scores=(0.9, 0.9))
    told = judge_spread(spec, spread)
    assert told == [] if is_fair else "withhold or mark fewer rows" in told[0]


def test_only_what_was_proved_as_it_is_may_be_published(tmp_path: Path) -> None:
    world = World()
    (tmp_path / "brief.md").write_text("One.")
    before = folder_digest(tmp_path)
    with pytest.raises(ConflictError) as caught:
        require_proof(world.ports, "tiny", before)
    assert "audition challenge test tiny" in caught.value.next_step
    keep_proof(world.ports, "cli", before, "tiny: 9 proofs")
    require_proof(world.ports, "tiny", before)
    (tmp_path / "brief.md").write_text("Two.")
    with pytest.raises(ConflictError):
        require_proof(world.ports, "tiny", folder_digest(tmp_path))


def test_an_authors_own_metric_has_to_tell_the_better_from_the_worse() -> None:
    made = folder()
    own = OwnMetric(label="Own")
    spec = replace(made.manifest.metric, name="own", own=own, direction=Direction.LOWER)
    turned = replace(made, manifest=replace(made.manifest, metric=spec))
    found = {name: (trial(name), ended(score)) for name, score in ((REFERENCE, 0.92), (STARTER, 0.3))}
    found[CONSTANT] = (trial(CONSTANT), ended(0.0))
    told = [problem for problem in judge_together(turned, found) if "metric.py" in problem]
    assert len(told) == 2
    assert told[0] == (
        "accepted/starter reaches 0.6000, made/constant 0.5000: metric.py does not tell the better from the worse."
    )
    assert not [problem for problem in judge_together(made, found) if "metric.py" in problem]


def test_what_failed_in_the_authors_own_metric_is_shown_to_the_author() -> None:
    failed = ended(
        state=State.ERRORED, fault=Fault.CHALLENGE, reason="It failed.", notes=("metric.py, line 3: no.",)
    )
    whose = "ended as errored, whose fault is the sample's or the challenge's: It failed."
    assert judge_sample(trial(), failed, folder()) == [whose, "metric.py, line 3: no."]
