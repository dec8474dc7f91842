"""What the first screen says, and that it says no more than was seen."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audition.domain.grade import Dimension, Finding, Grade, GradeStatus, Outcome
from audition.domain.summary import Standing, Summary, Topic, Worth
from audition.grading.runner import load_graders
from audition.services.answer_topics import EVIDENCE
from audition.services.ask_questions import (
    CONTRADICTIONS,
    MOST_PROMPTS,
    NOTEWORTHY,
    QUESTIONS,
    ask_questions,
)
from audition.services.list_gaps import NOT_ASKED, OUR_FAULT
from audition.services.rate_maturity import RUNGS
from audition.services.summarize import findings_by_check, summarize
from tests import factories
from tests.architecture.tree import REPO
from tests.graders.workspaces import make_workspace, with_answers

MODEL, CONTAINER, SERVING = Dimension.MODEL_QUALITY, Dimension.DEPLOYMENT, Dimension.SERVING
WEIGHTS = {MODEL: 0.5, CONTAINER: 0.3, SERVING: 0.2}


def finding(check: str, share: float | None = 1.0, points: float = 2.0, **more: Any) -> Finding:
    """A check that earned a share of its points; None for one that could not be looked at."""
    outcome = Outcome.NOT_ASSESSED if share is None else Outcome.FAILED if share == 0 else Outcome.PARTIAL
    values = {
        "check": check,
        "title": f"Title of {check}",
        "outcome": Outcome.PASSED if share == 1 else outcome,
        "points": points * (share or 0.0),
        "max_points": points,
        "sentence": f"Sentence of {check}.",
        "evidence": (),
    }
    return factories.make_finding(**{**values, **more})


def grade(dimension: Dimension, *findings: Finding, **more: Any) -> Grade:
    return factories.make_grade(
        grader=str(dimension), dimension=dimension, findings=findings, metrics=(), curves=(), **more
    )


def summary(*grades: Grade) -> Summary:
    return summarize(grades, WEIGHTS)


def served(start: float | None = 1.0, contract: float | None = 1.0) -> tuple[Grade, ...]:
    return (
        grade(CONTAINER, finding("runtime.start.ready", start)),
        grade(SERVING, finding("service.contract.kept", contract)),
    )


def unbuilt() -> tuple[Finding, Finding, Finding]:
    """An image that does not build, and two checks that it blocks, the second by way of the first."""
    cause = finding("image.build.succeeds", 0.0)
    first = finding("runtime.start.ready", 0.0)
    second = finding("service.contract.kept", 0.0)
    return (
        cause,
        replace(first, outcome=Outcome.BLOCKED, blocked_by=cause.check),
        replace(second, outcome=Outcome.BLOCKED, blocked_by=first.check),
    )


class TestBlockages:
    def test_what_is_blocked_is_folded_under_its_first_cause(self) -> None:
        cause, first, second = unbuilt()
        found = summary(grade(CONTAINER, cause, first), grade(SERVING, second))

        assert [(b.cause, set(b.checks)) for b in found.blockages] == [
            (cause.check, {first.check, second.check})
        ]
        lost = {worth.check: worth.lost for worth in found.worths}
        assert found.blockages[0].lost == pytest.approx(lost[first.check] + lost[second.check])

    def test_a_cause_is_one_risk_with_all_that_it_costs(self) -> None:
        cause, first, second = unbuilt()
        risks = summary(grade(CONTAINER, cause, first), grade(SERVING, second)).risks

        assert [(risk.check, risk.blocks) for risk in risks] == [(cause.check, 2)]
        assert risks[0].points == pytest.approx(100.0)

    def test_what_shows_no_level_for_its_own_fault_is_level_0(self) -> None:
        cause, first, second = unbuilt()
        rated = summary(grade(CONTAINER, cause, first), grade(SERVING, second)).maturity
        assert (rated.level, rated.above) == (
            0,
            "For level 1 (DevOps without MLOps): Sentence of runtime.start.ready.",
        )


class TestProfile:
    def test_every_dimension_of_deployment_is_there_and_says_why_it_has_no_score(self) -> None:
        profile = summary(*served()).profile

        assert [gauge.dimension for gauge in profile] == [d for d in Dimension if d != MODEL]
        assert [gauge.score for gauge in profile] == [1.0, 1.0, None, None, None, None, None, None]
        assert {gauge.reason for gauge in profile if gauge.score is None} == {NOT_ASKED}

    def test_what_could_not_be_looked_at_is_no_zero(self) -> None:
        blocked = finding("service.load.cost", None, sentence="Blocked: the service never answered.")
        gauge = next(g for g in summary(grade(SERVING, blocked)).profile if g.dimension == SERVING)

        assert (gauge.score, gauge.counted, gauge.unassessed) == (None, 0, 1)
        assert gauge.reason == "Blocked: the service never answered."

    def test_what_is_blocked_counts_and_is_told(self) -> None:
        cause, first, second = unbuilt()
        profile = summary(grade(CONTAINER, cause, first), grade(SERVING, second)).profile
        scores = {g.dimension: (g.score, g.counted, g.blocked) for g in profile if g.counted}
        assert scores == {CONTAINER: (0.0, 2, 1), SERVING: (0.0, 1, 1)}

    def test_a_broken_grader_is_ours(self) -> None:
        profile = summary(grade(SERVING, status=GradeStatus.ERRORED)).profile
        assert next(g for g in profile if g.dimension == SERVING).reason == OUR_FAULT

    def test_the_lowest_of_all_dimensions_is_named(self) -> None:
        assert summary(*served(contract=0.5)).lowest == SERVING
        assert summary().lowest is None


class TestMaturity:
    def test_nothing_that_ran_means_that_nobody_knows(self) -> None:
        rated = summary(grade(CONTAINER, finding("dockerfile.present", is_static=True))).maturity

        assert (rated.level, rated.name) == (None, "Not assessed")
        assert "not looked at in this run" in rated.above

    def test_a_service_that_fails_is_level_0_and_the_sentence_says_by_what(self) -> None:
        rated = summary(*served(start=0.0)).maturity

        assert (rated.level, rated.sentence) == (0, "")
        assert rated.above == "For level 1 (DevOps without MLOps): Sentence of runtime.start.ready."

    def test_a_service_that_answers_is_level_1(self) -> None:
        rated = summary(*served()).maturity

        assert (rated.level, rated.name) == (1, "DevOps without MLOps")
        assert rated.sentence == "Sentence of runtime.start.ready. Sentence of service.contract.kept."
        assert rated.above.startswith("For level 2 (Automated training): ")

    def test_what_was_only_read_from_files_shows_no_level(self) -> None:
        grades = served()
        read = tuple(
            replace(g, findings=tuple(replace(f, is_static=True) for f in g.findings)) for g in grades
        )
        assert summary(*read).maturity.level is None

    def test_the_next_level_says_what_stands_before_it(self) -> None:
        trains = grade(Dimension.PIPELINE, finding("pipeline.retrain.works", 0.4))
        assert summary(*served()).maturity.above.endswith("it was not looked at in this run.")
        assert summary(*served(), trains).maturity.above.endswith("Sentence of pipeline.retrain.works.")

    def test_the_top_needs_what_only_files_can_show_and_that_alone_shows_nothing(self) -> None:
        every = [finding(check) for rung in RUNGS for check in rung.checks]
        written = [finding(check, is_static=True) for rung in RUNGS for check in rung.written]
        below = summary(grade(SERVING, *every)).maturity
        top = summary(grade(SERVING, *every, *written)).maturity

        assert (below.level, top.level, top.above) == (3, 4, "")
        assert summary(grade(SERVING, *written)).maturity.level is None

    def test_a_level_needs_all_below_it(self) -> None:
        top = RUNGS[-1]
        alarms = grade(Dimension.DRIFT, *(finding(check) for check in top.checks))
        assert summary(alarms).maturity.level in {None, 0}


class TestTopics:
    def test_each_is_answered_once_and_in_order(self) -> None:
        assert [answer.topic for answer in summary().answers] == list(Topic)
        assert {answer.standing for answer in summary().answers} == {Standing.UNKNOWN}

    def test_what_was_seen_to_work_counts_more_than_what_was_read(self) -> None:
        answers = summary(
            grade(CONTAINER, finding("dockerfile.present", is_static=True)),
            grade(SERVING, finding("service.contract.kept", 0.5)),
        ).answers
        production = answers[list(Topic).index(Topic.PRODUCTION)]

        assert production.standing == Standing.OBSERVED
        assert production.checks == ("service.contract.kept", "dockerfile.present")
        assert production.sentence == "Sentence of service.contract.kept."

    @pytest.mark.parametrize(
        ("seen", "standing"),
        [
            (finding("pipeline.present", 1.0, is_static=True), Standing.READ),
            (finding("pipeline.present", 0.0, is_static=True), Standing.ABSENT),
            (
                finding("pipeline.present", None, is_static=True, outcome=Outcome.NOT_APPLICABLE),
                Standing.ABSENT,
            ),
            (finding("pipeline.present", None, is_static=True), Standing.UNKNOWN),
            (finding("pipeline.present", None, outcome=Outcome.NOT_APPLICABLE), Standing.UNKNOWN),
        ],
    )
    def test_no_evidence_is_told_from_nobody_looked(self, seen: Finding, standing: Standing) -> None:
        answers = summary(grade(Dimension.PIPELINE, seen)).answers
        assert answers[list(Topic).index(Topic.COLLABORATION)].standing == standing


class TestHighlights:
    def test_strengths_are_what_brought_most_and_risks_what_cost_most(self) -> None:
        found = summary(
            grade(MODEL, finding("model.metric.primary", 0.7, points=10.0)),
            grade(CONTAINER, finding("a", 1.0, points=1.0), finding("b", 0.0, points=3.0)),
            grade(SERVING, finding("c", 0.95), finding("d", 0.4)),
        )

        # Of 100: the model lost 15, b 22.5, d 6; c won 9.5, a 7.5.
        assert [(h.check, h.points) for h in found.risks] == [
            ("b", 22.5),
            ("model.metric.primary", 15.0),
            ("d", 6.0),
        ]
        assert [(h.check, h.points) for h in found.strengths] == [("c", 9.5), ("a", 7.5)]

    def test_at_most_three_of_each_and_equal_ones_by_name(self) -> None:
        found = summary(grade(CONTAINER, *(finding(name) for name in "dcba")))
        assert [h.check for h in found.strengths] == ["a", "b", "c"]

    def test_without_a_weight_the_points_are_those_of_the_dimension(self) -> None:
        found = summary(
            grade(CONTAINER, finding("a", 0.5)), grade(Dimension.KUBERNETES, finding("k", 0.0, points=1.0))
        )

        assert [(h.check, h.points, h.has_weight) for h in found.risks] == [
            ("a", 50.0, True),
            ("k", 100.0, False),
        ]

    def test_worths_add_up_to_the_score(self) -> None:
        found = summary(
            grade(MODEL, finding("model.metric.primary", 0.7, points=10.0)),
            grade(CONTAINER, finding("a", 1.0, points=1.0), finding("b", 0.5, points=3.0, is_static=True)),
        )

        assert sum(w.won + w.lost for w in found.worths) == pytest.approx(100.0, abs=0.1)
        # 0.5 and 0.3 of 0.8; b was read, so it is 35 % of its dimension.
        assert sum(w.won for w in found.worths) == pytest.approx(
            100 * (0.625 * 0.7 + 0.375 * (0.65 + 0.175)), abs=0.1
        )

    def test_no_digit_of_a_hidden_metric_is_told(self) -> None:
        coarse = summary(grade(MODEL, finding("model.metric.primary", 0.7, points=10.0)))
        fine = summary(grade(MODEL, finding("model.metric.primary", 0.7041, points=10.0)))
        assert coarse.worths == fine.worths


def test_gaps_say_each_reason_once_with_what_it_is_about() -> None:
    none = {"outcome": Outcome.NOT_APPLICABLE, "sentence": "There are no manifests."}
    gaps = summary(
        grade(
            Dimension.KUBERNETES,
            finding("k.a", None, **none),
            finding("k.b", None, **none),
            finding("k.c", None, sentence="The linter did not finish."),
            finding("k.d", 1.0),
        )
    ).gaps

    assert [(gap.outcome, gap.reason, gap.checks) for gap in gaps] == [
        (Outcome.NOT_ASSESSED, "The linter did not finish.", ("k.c",)),
        (Outcome.NOT_APPLICABLE, "There are no manifests.", ("k.a", "k.b")),
    ]


class TestQuestions:
    @staticmethod
    def parts(*grades: Grade) -> tuple[tuple[Worth, ...], dict[str, Finding]]:
        return summarize(grades, WEIGHTS).worths, findings_by_check(grades)

    def ask(self, *grades: Grade) -> list[tuple[tuple[str, ...], str]]:
        return [(prompt.checks, prompt.seen) for prompt in ask_questions(*self.parts(*grades))]

    def test_they_come_from_what_cost_most_with_what_was_seen(self) -> None:
        asked = self.ask(
            grade(
                CONTAINER,
                finding("runtime.start.ready", 0.4, sentence="The first prediction came 41.2 seconds after."),
                finding("dockerfile.user.non-root", 0.0, points=9.0),
                finding("runtime.logs.useful", 1.0),
            )
        )

        assert asked == [
            (("dockerfile.user.non-root",), "Sentence of dockerfile.user.non-root."),
            (("runtime.start.ready",), "The first prediction came 41.2 seconds after."),
        ]

    def test_a_contradiction_comes_first_and_is_asked_about_once(self) -> None:
        asked = self.ask(
            grade(
                CONTAINER,
                finding("dockerfile.command.exec-form", 1.0, is_static=True),
                finding("runtime.stop.graceful", 0.2),
                finding("dockerfile.user.non-root", 0.0, points=9.0),
            )
        )

        assert [checks for checks, _ in asked] == [
            ("dockerfile.command.exec-form", "runtime.stop.graceful"),
            ("dockerfile.user.non-root",),
        ]

    def test_what_the_score_does_not_show_is_asked_about_before_what_cost_points(self) -> None:
        asked = self.ask(
            grade(MODEL, finding("model.slices.declared", 0.0, points=0.0, outcome=Outcome.FAILED)),
            grade(CONTAINER, finding("runtime.start.ready", 0.0)),
        )

        assert [checks for checks, _ in asked] == [("model.slices.declared",), ("runtime.start.ready",)]

    def test_of_what_is_not_there_one_question_asks_what_would_come_first(self) -> None:
        prompts = ask_questions(
            *self.parts(
                grade(
                    CONTAINER,
                    finding("runtime.logs.useful", 0.0),
                    finding("pipeline.order.gated", 0.0, points=9.0, sentence="There is no gate."),
                    finding("lineage.card.structure", 0.0, points=8.0, sentence="There is no model card."),
                )
            )
        )

        assert [prompt.checks for prompt in prompts] == [
            ("runtime.logs.useful",),
            ("pipeline.order.gated", "lineage.card.structure"),
        ]
        assert prompts[-1].seen == "There is no gate. There is no model card."
        assert prompts[-1].question.startswith("Which of these")

    def test_what_was_not_looked_at_is_not_asked_about(self) -> None:
        assert self.ask(grade(CONTAINER, finding("runtime.start.ready", None))) == []

    def test_there_are_no_more_than_an_interview_holds(self) -> None:
        every = grade(CONTAINER, *(finding(check, 0.0) for check in QUESTIONS))
        absent = grade(SERVING, finding("x", 0.0, sentence="There is no x."))
        assert len(self.ask(every)) == MOST_PROMPTS - 1
        assert len(self.ask(every, absent)) == MOST_PROMPTS

    def test_every_question_asks(self) -> None:
        for question in (
            *QUESTIONS.values(),
            *NOTEWORTHY.values(),
            *(question for _, _, question in CONTRADICTIONS),
        ):
            assert question.endswith("?")


def test_every_check_that_is_named_exists(tmp_path: Path) -> None:
    names = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["entry-points"][
        "audition.graders"
    ]
    workspace = with_answers(make_workspace(tmp_path), {"1": 0, "2": 1})
    there = {f.check for grader in load_graders(names) for f in grader.grade(workspace).findings}
    named = {
        *QUESTIONS,
        *NOTEWORTHY,
        *(check for pair in CONTRADICTIONS for check in pair[:2]),
        *(check for checks in EVIDENCE.values() for check in checks),
        *(check for rung in RUNGS for check in rung.checks),
    }
    assert named - there == set()
