"""The chain of prerequisites: whose fault it is that there is nothing to look at, and what that costs."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.build import BuildCause
from audition.domain.build_failure import BuildFailure, FailureKind
from audition.domain.evidence import BuildEvidence
from audition.domain.grade import Dimension, Finding, Outcome
from audition.domain.probe import (
    GONE,
    NO_DOCUMENT,
    NO_RULES,
    ONLY_JSON,
    UNREADABLE,
    UNTRIED_RULES,
    Unfinished,
)
from audition.domain.run import Stage
from audition.grading import Workspace
from audition.services.summarize import METRIC_CHECK
from graders import chain, image, manifests, monitoring
from tests.factories import make_manifest
from tests.graders.test_live_service import GOOD, GRADERS, findings
from tests.graders.workspaces import make_workspace


def graded(workspace: Workspace) -> list[Finding]:
    return [finding for grader in GRADERS for finding in grader.grade(workspace).findings]


def test_without_an_image_everything_of_the_service_is_blocked_by_its_build(tmp_path: Path) -> None:
    """Where the challenge asks for one; a base that we lack is our limit and blocks nothing."""
    stages = (*make_manifest().stages, Stage.BUILD, Stage.SERVE, Stage.DRIFT)
    workspace = make_workspace(tmp_path, stages=stages)
    found = graded(workspace)
    assert {f.blocked_by for f in found if f.outcome is Outcome.BLOCKED} == {"image.build.succeeds"}
    assert {f.outcome for f in found} == {Outcome.BLOCKED}
    failure = BuildFailure(kind=FailureKind.BASE_NOT_APPROVED)
    ours = BuildEvidence(cause=BuildCause.POLICY, failure=failure)
    lacking = replace(workspace, evidence=replace(workspace.evidence, build=ours))
    assert {f.outcome for f in graded(lacking)} == {Outcome.NOT_ASSESSED}


@pytest.mark.parametrize(
    ("part", "reason", "outcome", "cause"),
    [
        ("parity", UNREADABLE, Outcome.BLOCKED, "service.contract.kept"),
        (
            "parity",
            "There are no offline predictions to compare with.",
            Outcome.BLOCKED,
            "model.metric.primary",
        ),
        ("parity", GONE, Outcome.BLOCKED, ""),
        ("latency", "The capacity is not known.", Outcome.BLOCKED, "service.load.capacity"),
        ("cost", "Only 3 of 100 requests were answered well.", Outcome.FAILED, ""),
        ("openapi", NO_DOCUMENT, Outcome.NOT_APPLICABLE, ""),
        ("bad_input", ONLY_JSON, Outcome.NOT_ASSESSED, ""),
        ("alerting", f"{UNTRIED_RULES}Old: it compares with yesterday.", Outcome.NOT_ASSESSED, ""),
        ("alerting", NO_RULES, Outcome.BLOCKED, "monitoring.rules.valid"),
        ("signals", "The contract names no metrics page.", Outcome.BLOCKED, "metrics.exposition.parses"),
        ("exposition", "The contract names no metrics page.", Outcome.FAILED, ""),
    ],
)
def test_each_reason_is_somebodys(
    tmp_path: Path, part: str, reason: str, outcome: Outcome, cause: str
) -> None:
    checks = {
        "parity": "service.predictions.parity",
        "latency": "service.load.latency",
        "cost": "service.load.cost",
        "openapi": "service.description.true",
        "bad_input": "service.input.refused",
        "alerting": "metrics.alerts.act",
        "signals": "metrics.signals.true",
        "exposition": "metrics.exposition.parses",
    }
    lost = (Unfinished(probe=part, reason=reason),)
    seen = replace(GOOD, **{part: None}, unfinished=lost)
    workspace = replace(make_workspace(tmp_path, weights={Dimension.OBSERVABILITY: 1.0}), service=seen)
    finding = next(f for f in graded(workspace) if f.check == checks[part])
    assert (finding.outcome, finding.blocked_by) == (outcome, cause)


def test_what_is_left_out_earns_nothing_where_serving_has_a_weight(tmp_path: Path) -> None:
    """Otherwise leaving it out would earn more than a bad one."""
    assert GOOD.latency is not None
    promises_none = replace(GOOD.latency, slo_p95_ms=None, slo_error_ratio=None)
    lost = (Unfinished(probe="openapi", reason=NO_DOCUMENT),)
    seen = replace(GOOD, openapi=None, latency=promises_none, unfinished=lost)
    for weight, outcome in ((1.0, Outcome.FAILED), (0.0, Outcome.NOT_APPLICABLE)):
        weights = {Dimension.SERVING: weight, Dimension.MODEL_QUALITY: 1 - weight}
        found = graded(replace(make_workspace(tmp_path, weights=weights), service=seen))
        told = {f.check: f.outcome for f in found}
        assert (told["service.description.true"], told["service.load.latency"]) == (outcome, outcome)


def test_what_needs_a_capacity_that_we_could_not_measure_is_ours(tmp_path: Path) -> None:
    lost = (
        Unfinished(probe="capacity", reason="There was no time left.", is_ours=True),
        Unfinished(probe="latency", reason="The capacity is not known."),
    )
    found = findings(tmp_path, replace(GOOD, capacity=None, latency=None, unfinished=lost))
    assert found["service.load.latency"].outcome is Outcome.NOT_ASSESSED


def test_alerts_that_are_not_there_are_blocked_where_the_challenge_asks_for_monitoring(
    tmp_path: Path,
) -> None:
    seen = replace(GOOD, alerting=None)
    stages, weights = (*make_manifest().stages, Stage.STATIC), {Dimension.OBSERVABILITY: 1.0}
    asking = replace(make_workspace(tmp_path, stages=stages, weights=weights), service=seen)
    found = {f.check: f for f in graded(asking)}["metrics.alerts.act"]
    assert (found.outcome, found.blocked_by) == (Outcome.BLOCKED, "monitoring.rules.valid")
    assert findings(tmp_path, seen)["metrics.alerts.act"].outcome is Outcome.NOT_APPLICABLE


def test_causes_are_checks_that_there_are() -> None:
    """Folding names them on the report."""
    checks = {
        check.id
        for grader in (*GRADERS, image.grader, manifests.grader, monitoring.grader)
        for check in grader.checks
    }
    causes = {
        chain.IMAGE,
        chain.START,
        chain.CONTRACT,
        chain.CAPACITY,
        chain.PAGE,
        chain.RULES,
        chain.MANIFESTS,
    }
    assert causes <= checks
    assert chain.MODEL == METRIC_CHECK
