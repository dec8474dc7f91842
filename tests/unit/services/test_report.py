"""The report, what its candidate may see of it, and the sentences in it."""

from dataclasses import replace

import pytest

from audition.domain.contract import Inventory
from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.evidence import ArtifactKind
from audition.domain.execution import Exit, Limits, Usage
from audition.domain.grade import Dimension, GradeStatus, Outcome
from audition.domain.report import Report
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.domain.summary import Gauge
from audition.services.compose_report import compose_report
from audition.services.explain import explain
from audition.services.headline import band, headline
from audition.services.redact import for_candidate
from audition.services.release import release
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, deployment_grade, grades, keeps, model_grade

MODEL, DEPLOYMENT = Dimension.MODEL_QUALITY, Dimension.DEPLOYMENT


@pytest.fixture
def report(world: World) -> Report:
    """A reviewer's report, full of things that are not for candidates."""
    precise = factories.make_metric(
        value=0.8123456,
        low=0.7912345,
        high=0.8312345,
        score=0.5543210,
        score_low=0.3912345,
        score_high=0.7787654,
    )
    finding = factories.make_finding(
        check="model.metric.primary",
        outcome=Outcome.PARTIAL,
        points=5.543210,
        max_points=10.0,
        reviewer_note="Rows 7 and 9 of the answers are wrong.",
    )
    world.sandbox.programs["score"] = grades(
        replace(model_grade(), metrics=(precise,), findings=(finding,), note="Seed 42.")
    )
    submission = world.graded()
    return compose_report(world.ports, ALICE, submission.id)


class TestForReviewers:
    def test_it_holds_everything(self, report: Report) -> None:
        assert (report.state, report.verdict, report.fault) == (State.GRADED, Verdict.ACCEPTED, None)
        assert report.score == pytest.approx(0.7 * 0.554321 + 0.3)
        assert [(g.dimension, g.weight) for g in report.gauges] == [(MODEL, 0.7), (DEPLOYMENT, 0.3)]
        assert {a.kind for a in report.artifacts} == {
            ArtifactKind.OUTPUT, ArtifactKind.STDOUT, ArtifactKind.STDERR, ArtifactKind.EVIDENCE,
        }  # fmt: skip
        assert report.curves
        assert report.alias == "Teal Heron"

    def test_findings_come_weightiest_loss_first_and_uncounted_last(self, world: World) -> None:
        rows = (
            factories.make_finding(check="a", outcome=Outcome.PASSED, points=5.0, max_points=5.0),
            factories.make_finding(check="b", outcome=Outcome.NOT_APPLICABLE, points=0.0, max_points=9.0),
            factories.make_finding(check="c", outcome=Outcome.FAILED, points=0.0, max_points=1.0),
            factories.make_finding(check="d", outcome=Outcome.PARTIAL, points=1.0, max_points=4.0),
        )
        world.sandbox.programs["judge"] = grades(replace(deployment_grade(), findings=rows))
        found = compose_report(world.ports, ALICE, world.graded().id).findings

        assert [f.check for f in found] == ["model.metric.primary", "d", "c", "a", "b"]

    def test_a_gauge_moves_with_its_metric_by_the_share_of_its_points(self, world: World) -> None:
        other = factories.make_finding(check="x", outcome=Outcome.PASSED, points=10.0, max_points=10.0)
        sheet = replace(model_grade(), findings=(*model_grade().findings, other))
        world.sandbox.programs["score"] = grades(sheet)
        gauge = compose_report(world.ports, ALICE, world.graded().id).gauges[0]

        # Half of the points are the metric's: half of (0.525 - 0.39) below and of (0.775 - 0.525) above.
        assert gauge.score == pytest.approx(0.7625)
        assert gauge.low == pytest.approx(0.7625 - 0.0675)
        assert gauge.high == pytest.approx(0.7625 + 0.125)

    def test_a_gauge_without_metric_has_no_interval(self, report: Report) -> None:
        assert (report.gauges[1].low, report.gauges[1].high) == (None, None)

    def test_a_gauge_stays_between_0_and_1(self, world: World) -> None:
        metric = factories.make_metric(score=0.5, score_low=-3.0, score_high=4.0)
        world.sandbox.programs["score"] = grades(replace(model_grade(), metrics=(metric,)))
        gauge = compose_report(world.ports, ALICE, world.graded().id).gauges[0]

        assert (gauge.low, gauge.high) == (0.0, 1.0)

    def test_a_dimension_that_nobody_judged_is_hollow_and_no_zero(self, world: World) -> None:
        world.sandbox.programs["judge"] = grades()
        report = compose_report(world.ports, ALICE, world.graded().id)

        assert (report.gauges[1].dimension, report.gauges[1].score) == (DEPLOYMENT, None)
        assert report.score == pytest.approx(0.525)

    def test_a_dimension_without_weight_and_grades_is_not_shown(self, world: World) -> None:
        world.set_version(weights={MODEL: 1.0})
        world.sandbox.programs["judge"] = grades()
        report = compose_report(world.ports, ALICE, world.graded().id)

        assert [g.dimension for g in report.gauges] == [MODEL]

    def test_a_dimension_without_weight_that_nothing_counts_for_is_not_shown(self, world: World) -> None:
        none = factories.make_finding(outcome=Outcome.NOT_APPLICABLE, points=0.0)
        idle = replace(deployment_grade(), grader="lineage", dimension=Dimension.LINEAGE, findings=(none,))
        world.sandbox.programs["judge"] = grades(deployment_grade(), idle)
        report = compose_report(world.ports, ALICE, world.graded().id)

        assert [g.dimension for g in report.gauges] == [MODEL, DEPLOYMENT]

    def test_provenance_says_how_to_make_it_again(self, report: Report) -> None:
        made = report.provenance

        assert made.images == {
            "predict": "sha256:tabular", "score": "sha256:grader", "judge": "sha256:grader",
        }  # fmt: skip
        assert made.runtimes["score"] == "fake"
        assert made.graders == {"model-quality": "1", "dockerfile": "1"}
        assert set(made.data_digests) == {"test.csv", "train.csv"}, (
            "an answer file's digest is nobody's business"
        )
        assert made.limits["predict"]["time_seconds"] == 30.0

    def test_each_stage_has_the_limits_that_held_it(self, world: World) -> None:
        submission = world.graded()
        world.set_version(stages=tuple(Stage))
        limits = compose_report(world.ports, ALICE, submission.id).provenance.limits

        assert [limits[stage]["time_seconds"] for stage in ("static", "build", "predict")] == [
            90.0,
            300.0,
            30.0,
        ]

    def test_equal_grades_have_an_equal_report_digest(self, world: World) -> None:
        digests = {
            compose_report(world.ports, ALICE, world.graded().id).provenance.report_digest for _ in range(2)
        }
        assert len(digests) == 1
        world.sandbox.programs["judge"] = grades()
        assert compose_report(world.ports, ALICE, world.graded().id).provenance.report_digest not in digests


class TestForCandidates:
    """One test a thing that is held back."""

    def test_before_the_release_there_is_nothing(self, world: World) -> None:
        submission = world.graded()
        with pytest.raises(ConflictError) as caught:
            compose_report(world.ports, CAROL, submission.id)
        assert caught.value.code == "not-released"

    def test_after_it_there_is_the_reduced_report(self, world: World) -> None:
        submission = world.graded()
        release(world.ports, ALICE, submission.id)

        full = compose_report(world.ports, ALICE, submission.id)
        assert compose_report(world.ports, CAROL, submission.id) == for_candidate(full)

    def test_of_others_there_is_nothing_ever(self, world: World) -> None:
        submission = world.graded()
        release(world.ports, ALICE, submission.id)
        with pytest.raises(NotFoundError):
            compose_report(world.ports, replace(CAROL, subject_id="inv_dave"), submission.id)

    def test_reviewer_notes(self, report: Report) -> None:
        assert any(f.reviewer_note for f in report.findings)
        reduced = for_candidate(report)
        assert not any(f.reviewer_note for f in reduced.findings)
        assert not any(f.reviewer_note for g in reduced.grades for f in g.findings)

    def test_questions_for_the_interview(self, report: Report) -> None:
        assert [prompt.checks for prompt in report.prompts] == [("model.metric.primary",)]
        assert for_candidate(report).prompts == ()

    def test_decimals_of_the_profile(self, report: Report) -> None:
        fine = replace(report.summary.profile[0], score=0.123456, low=0.111111, high=0.199999)
        summary = replace(report.summary, profile=(fine,))
        gauge = for_candidate(replace(report, summary=summary)).summary.profile[0]

        assert (gauge.score, gauge.low, gauge.high) == (0.12, 0.11, 0.2)

    def test_digits_of_what_checks_were_worth(self, report: Report) -> None:
        told = [w for w in for_candidate(report).summary.worths if w.check == "model.metric.primary"]
        # 0.554321 of the points, of which two decimals are told.
        assert [w.won_of_dimension for w in told] == [55.0]

    def test_notes_of_graders(self, report: Report) -> None:
        assert any(g.note for g in report.grades)
        assert not any(g.note for g in for_candidate(report).grades)

    def test_curves(self, report: Report) -> None:
        reduced = for_candidate(report)
        assert reduced.curves == ()
        assert all(g.curves == () for g in reduced.grades)

    def test_all_artifacts_but_their_own_logs(self, report: Report) -> None:
        kinds = {a.kind for a in for_candidate(report).artifacts}
        assert kinds == {ArtifactKind.STDOUT, ArtifactKind.STDERR}

    def test_decimals_of_metrics(self, report: Report) -> None:
        reduced = for_candidate(report)
        for metric in (*reduced.metrics, *(m for g in reduced.grades for m in g.metrics)):
            assert (metric.value, metric.low, metric.high) == (0.812, 0.791, 0.831)
            assert (metric.score, metric.score_low, metric.score_high) == (0.55, 0.39, 0.78)

    def test_decimals_of_scores_which_would_tell_the_metric(self, report: Report) -> None:
        reduced = for_candidate(report)

        assert reduced.score == 0.69
        assert [g.score for g in reduced.gauges] == [0.55, 1.0]
        assert reduced.gauges[0].low == round(reduced.gauges[0].low or 0, 2)
        assert reduced.gauges[0].high == round(reduced.gauges[0].high or 0, 2)

    def test_decimals_of_points_which_would_tell_it_too(self, report: Report) -> None:
        reduced = for_candidate(report)
        primary = next(f for f in reduced.findings if f.check == "model.metric.primary")

        assert primary.points == pytest.approx(5.5)
        assert "0.8123" not in repr(reduced)
        assert "5543" not in repr(reduced)

    def test_points_that_are_worth_nothing_stay_nothing(self, report: Report) -> None:
        free = factories.make_finding(points=0.0, max_points=0.0)
        assert for_candidate(replace(report, findings=(free,))).findings[0].points == 0.0

    def test_a_refused_upload_may_be_read_at_once(self, world: World) -> None:
        world.sandbox.programs["unpack"] = keeps(Inventory(refusals=("'x' is a link.",)))
        report = compose_report(world.ports, CAROL, world.graded().id)

        assert report.headline == "The upload was refused and no attempt was used: 'x' is a link."


SUBMISSION = factories.make_submission(state=State.GRADED)
RUN = factories.make_run()


class TestHeadline:
    @pytest.mark.parametrize(
        ("score", "word"),
        [
            (None, "not computed"),
            (0.0, "weak"),
            (0.499, "weak"),
            (0.5, "fair"),
            (0.9, "strong"),
            (1.0, "strong"),
        ],
    )
    def test_bands(self, score: float | None, word: str) -> None:
        assert band(score) == word

    def test_a_good_run(self) -> None:
        gauges = (
            Gauge(dimension=MODEL, weight=0.7, score=0.52, low=0.39, high=0.77),
            Gauge(dimension=DEPLOYMENT, weight=0.3, score=0.95),
        )
        metrics = (factories.make_metric(),)

        assert headline(SUBMISSION, RUN, (), gauges, metrics, 0.6) == (
            "The model is fair (52 of 100, between 39 and 77) and the container is strong (95 of 100)."
            " On data it had never seen, its ROC AUC is 0.810 (95% interval 0.790 to 0.830)."
        )

    def test_of_many_dimensions_the_first_and_the_lowest_are_named(self) -> None:
        gauges = (
            Gauge(dimension=MODEL, weight=0.5, score=0.6),
            Gauge(dimension=DEPLOYMENT, weight=0.2, score=0.95),
            Gauge(dimension=Dimension.PIPELINE, weight=0.2, score=0.25),
            Gauge(dimension=Dimension.DRIFT, weight=0.1, score=None),
        )

        assert headline(SUBMISSION, RUN, (), gauges, (), 0.6) == (
            "The model is fair (60 of 100) and the lowest of the rest, the pipeline, is weak (25 of 100)."
        )

    def test_a_run_that_stopped(self) -> None:
        stage = factories.make_stage(status=StageStatus.FAILED, message="Time limit reached.")
        gauges = (
            Gauge(dimension=MODEL, weight=0.7, score=None),
            Gauge(dimension=DEPLOYMENT, weight=0.3, score=0.2),
        )

        run = replace(RUN, verdict=Verdict.TIME_LIMIT)
        assert headline(SUBMISSION, run, (stage,), gauges, (factories.make_metric(),), 0.2) == (
            "Stopped at predict: Time limit reached. Otherwise, the model could not be assessed"
            " and the container is weak (20 of 100)."
        )

    def test_the_stage_is_the_one_that_the_verdict_speaks_of(self) -> None:
        stages = tuple(
            factories.make_stage(stage=stage, status=StageStatus.FAILED, message=f"{stage} failed.")
            for stage in (Stage.STATIC, Stage.BUILD, Stage.EXERCISE, Stage.SCORE)
        )
        run = replace(RUN, verdict=Verdict.INVALID_OUTPUT)
        gauges = (Gauge(dimension=MODEL, weight=1.0, score=0.0),)
        assert headline(SUBMISSION, run, stages, gauges, (), 0.0).startswith(
            "Stopped at score: score failed."
        )

    @pytest.mark.parametrize("stage", [Stage.STATIC, Stage.REPEAT, Stage.EXERCISE, Stage.DRIFT])
    def test_a_run_that_went_to_its_end_stopped_nowhere(self, stage: Stage) -> None:
        failed = factories.make_stage(stage=stage, status=StageStatus.FAILED, message="There are no metrics.")
        run = replace(RUN, verdict=Verdict.ACCEPTED)
        gauges = (Gauge(dimension=MODEL, weight=1.0, score=0.9),)
        said = headline(SUBMISSION, run, (failed,), gauges, (factories.make_metric(),), 0.9)
        assert said.startswith("The model is strong (90 of 100). On data it had never seen")

    @pytest.mark.parametrize(
        ("fault", "owner"),
        [(Fault.PLATFORM, "our platform"), (Fault.CHALLENGE, "the challenge"), (None, "our platform")],
    )
    def test_a_fault_that_is_not_the_candidates(self, fault: Fault | None, owner: str) -> None:
        said = headline(replace(SUBMISSION, state=State.ERRORED), replace(RUN, fault=fault), (), (), (), None)
        assert f"a fault of {owner}; no attempt was used" in said

    def test_no_score_yet(self) -> None:
        said = headline(replace(SUBMISSION, state=State.QUEUED), RUN, (), (), (), None)
        assert said == "There is no score yet: the submission is queued."


EXIT = Exit(exit_code=139, usage=Usage(wall_seconds=75.0))
LIMITS = Limits(time_seconds=30.0, memory_bytes=512 << 20, flood_bytes=2 << 20)
#: What each sentence must name besides the stage, and the verb of its advice.
SENTENCES = {
    Verdict.TIME_LIMIT: ("30.0 s", "Load the model once"),
    Verdict.MEMORY_LIMIT: ("512 MiB", "Read the data in smaller parts"),
    Verdict.OUTPUT_LIMIT: ("2 MiB", "keep logs short"),
    Verdict.NONZERO_EXIT: ("exit code 139", "run the same command"),
    Verdict.SIGNALLED: ("signal 11", "Check that the libraries"),
    Verdict.INVALID_OUTPUT: ("1.2 min", "Check the file"),
    Verdict.BUILD_FAILED: ("30.0 s", "Build it at home"),
    Verdict.UNHEALTHY: ("30.0 s", "Check that it listens"),
    Verdict.INTERNAL_ERROR: ("Our platform", "No attempt was used"),
}


class TestExplain:
    @pytest.mark.parametrize(("verdict", "parts"), SENTENCES.items(), ids=SENTENCES)
    def test_it_names_stage_limit_and_what_to_do(self, verdict: Verdict, parts: tuple[str, str]) -> None:
        said = explain(verdict, Stage.PREDICT, EXIT, LIMITS)

        assert "predict" in said
        assert all(part in said for part in parts), said
        assert "{" not in said

    def test_every_verdict_has_one(self) -> None:
        assert set(SENTENCES) | {Verdict.ACCEPTED} == set(Verdict)
        assert explain(Verdict.ACCEPTED, Stage.PREDICT, EXIT, LIMITS) == ""

    def test_large_limits_read_well(self) -> None:
        said = explain(Verdict.MEMORY_LIMIT, Stage.PREDICT, EXIT, replace(LIMITS, memory_bytes=3 << 30))
        assert "3.0 GiB, after 1.2 min" in said

    def test_nothing_that_was_printed_is_quoted(self) -> None:
        loud = replace(EXIT, stdout=b"<script>", stderr=b"{stage} secret")
        assert all("script" not in explain(v, Stage.PREDICT, loud, LIMITS) for v in Verdict)
        assert all("secret" not in explain(v, Stage.PREDICT, loud, LIMITS) for v in Verdict)


def test_a_broken_grader_shows_in_the_report_as_ours(world: World) -> None:
    world.sandbox.programs["score"] = grades(
        replace(model_grade(), status=GradeStatus.ERRORED, findings=(), metrics=(), curves=())
    )
    report = compose_report(world.ports, ALICE, world.graded().id)

    assert (report.state, report.fault) == (State.ERRORED, Fault.PLATFORM)
    assert report.gauges[0].score is None
    assert "our platform" in report.headline
