"""The image grader: whether it builds, and whose rights it runs with."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.build import BuildCause
from audition.domain.build_failure import BuildFailure, FailureKind
from audition.domain.contract import Contract, Inventory
from audition.domain.evidence import BuildEvidence
from audition.domain.grade import Finding, Outcome
from audition.domain.image import ImageConfig
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_runtime import LadderEvidence
from audition.domain.run import Stage
from audition.domain.serving import Serving, ServingKind
from audition.grading import Workspace
from graders.image import grader
from tests.graders.workspaces import by_check, make_workspace

GOOD = BuildEvidence(
    cause=BuildCause.OK,
    file="Dockerfile",
    image_id="sha256:own",
    size_bytes=300 << 20,
    seconds=12.0,
    config=ImageConfig(user="10001:10001", working_dir="/app"),
)


def workspace_of(root: Path, build: BuildEvidence | None) -> Workspace:
    workspace = make_workspace(root)
    return replace(workspace, evidence=replace(workspace.evidence, build=build))


def finding(workspace: Workspace, check: str) -> Finding:
    return by_check(grader.grade(workspace))[check]


def broken(kind: FailureKind) -> BuildEvidence:
    failure = BuildFailure(kind=kind, file="Dockerfile", line=7, instruction="RUN make", detail="code 2")
    return BuildEvidence(cause=BuildCause.STEP_FAILED, failure=failure, log_tail="make: no rule")


def test_a_challenge_that_builds_nothing_asks_for_nothing(tmp_path: Path) -> None:
    grade = grader.grade(workspace_of(tmp_path, None))
    assert {f.outcome for f in grade.findings} == {Outcome.NOT_APPLICABLE}


def test_an_image_that_builds_earns_all(tmp_path: Path) -> None:
    found = finding(workspace_of(tmp_path, GOOD), "image.build.succeeds")
    assert found.points == found.max_points
    assert "in 12 s; with its base it has 300 MiB" in found.sentence


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        (FailureKind.NETWORK, 0.3),
        (FailureKind.PACKAGE_NOT_ON_MIRROR, 0.3),
        (FailureKind.COMMAND_FAILED, 0.0),
        (FailureKind.TIME, 0.0),
        (FailureKind.OUT_OF_MEMORY, 0.0),
        (FailureKind.DISK, 0.0),
        (FailureKind.REFUSED, 0.0),
        (FailureKind.NO_RECIPE, 0.0),
    ],
)
def test_a_failed_build_earns_what_its_cause_is_worth_and_says_where(
    tmp_path: Path, kind: FailureKind, share: float
) -> None:
    workspace = workspace_of(tmp_path, broken(kind))
    found = finding(workspace, "image.build.succeeds")
    assert found.points == pytest.approx(share * found.max_points)
    assert (found.evidence[0].file, found.evidence[0].line) == ("Dockerfile", 7)
    assert found.evidence[0].excerpt == "RUN make"
    assert found.evidence[1].excerpt == "make: no rule"
    blocked = finding(workspace, "image.user.non-root")
    assert (blocked.outcome, blocked.blocked_by) == (Outcome.BLOCKED, "image.build.succeeds")


def test_a_base_that_we_lack_is_our_limit(tmp_path: Path) -> None:
    failure = BuildFailure(kind=FailureKind.BASE_NOT_APPROVED, detail="Start from one of these: python:3.11.")
    build = BuildEvidence(cause=BuildCause.POLICY, failure=failure)
    found = finding(workspace_of(tmp_path, build), "image.build.succeeds")
    assert found.outcome == Outcome.NOT_ASSESSED
    assert finding(workspace_of(tmp_path, build), "image.user.non-root").outcome == Outcome.NOT_ASSESSED
    assert "python:3.11" in found.sentence


@pytest.mark.parametrize(
    ("user", "share"),
    [("10001:0", 1.0), ("7", 1.0), ("app", 0.8), ("", 0.0), ("0", 0.0), ("root:root", 0.0), ("00:5", 0.0)],
)
def test_the_user_that_the_image_starts_as(tmp_path: Path, user: str, share: float) -> None:
    build = replace(GOOD, config=ImageConfig(user=user))
    found = finding(workspace_of(tmp_path, build), "image.user.non-root")
    assert found.points == pytest.approx(share * found.max_points)


def test_what_runs_counts_before_what_was_configured(tmp_path: Path) -> None:
    service = ServiceEvidence(ladder=LadderEvidence(tried=5, reached=3, user="10001"))
    build = replace(GOOD, config=ImageConfig(user="root"))
    workspace = replace(workspace_of(tmp_path, build), service=service)
    assert finding(workspace, "image.user.non-root").outcome == Outcome.PASSED


def test_root_costs_nothing_where_the_contract_asks_for_it(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path, replace(GOOD, config=ImageConfig()))
    inventory = Inventory(contract=Contract(serving=Serving(kind=ServingKind.SAGEMAKER)))
    workspace = replace(workspace, evidence=replace(workspace.evidence, inventory=inventory))
    assert finding(workspace, "image.user.non-root").outcome == Outcome.PASSED


def test_without_a_dockerfile_there_is_no_image_where_one_is_asked_for(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path, None)
    stages = (Stage.UNPACK, Stage.BUILD, Stage.PREDICT)
    asked = replace(workspace, manifest=replace(workspace.manifest, stages=stages))
    assert finding(asked, "image.build.succeeds").outcome == Outcome.FAILED
    assert "no Dockerfile" in finding(asked, "image.build.succeeds").sentence
    assert finding(workspace, "image.build.succeeds").outcome == Outcome.NOT_APPLICABLE
