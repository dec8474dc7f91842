"""Workspaces of evidence in a folder, as graders find them in their container."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from audition.domain.contract import Inventory
from audition.domain.evidence import RunEvidence
from audition.domain.grade import Finding, Grade
from audition.domain.run import Verdict
from audition.grading import Workspace
from tests.factories import make_manifest


def make_workspace(root: Path, **overrides: Any) -> Workspace:
    """An empty workspace; `overrides` go into its manifest."""
    for name in ("submission", "outputs", "inputs", "answers"):
        (root / name).mkdir(parents=True, exist_ok=True)
    return Workspace(
        manifest=make_manifest(**overrides),
        evidence=RunEvidence(verdict=Verdict.ACCEPTED, inventory=Inventory(), stages=()),
        submission=root / "submission",
        outputs=root / "outputs",
        inputs=root / "inputs",
        answers=root / "answers",
    )


def with_answers(workspace: Workspace, answers: dict[str, float]) -> Workspace:
    """The hidden answers."""
    rows = "".join(f"{identifier},{value}\n" for identifier, value in answers.items())
    (workspace.answers / "answers.csv").write_text(f"id,defaulted\n{rows}")
    return workspace


def with_output(workspace: Workspace, content: bytes | str, name: str = "predictions.csv") -> Workspace:
    """One collected output file."""
    data = content.encode() if isinstance(content, str) else content
    (workspace.outputs / name).write_bytes(data)
    outputs = (*workspace.evidence.outputs, name)
    return replace(workspace, evidence=replace(workspace.evidence, outputs=outputs))


def by_check(grade: Grade) -> dict[str, Finding]:
    """The findings by the id of their check."""
    return {finding.check: finding for finding in grade.findings}
