"""Grade archives by what can be read of them: in this process, or as a program in the container that has the linters.

`python static_driver.py FOLDER` reads `manifest.json` and every `*.zip` there and prints one JSON document: for each
archive the share of its points that each check earned; checks that were not assessed are left out.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from audition import codec
from audition.domain.challenge import Manifest
from audition.domain.evidence import RunEvidence
from audition.domain.grade import COUNTED_OUTCOMES, Grade, GradeStatus
from audition.domain.run import Verdict
from audition.grading.inventory import take_inventory
from audition.grading.runner import load_graders, run_graders
from audition.grading.workspace import Need, Workspace

Shares = dict[str, float]


def grade(archive: Path, manifest: Manifest, *, has_tools: bool) -> Shares:
    """The share that each counted check earned."""
    return shares(graded(archive, manifest, has_tools=has_tools))


def graded(archive: Path, manifest: Manifest, *, has_tools: bool) -> tuple[Grade, ...]:
    """What graders say of what can be read."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "empty").mkdir()
        (root / "files").mkdir()
        inventory = take_inventory(archive, root / "files", max_bytes=1 << 27, max_entries=2000)
        assert not inventory.refusals, inventory.refusals
        evidence = RunEvidence(verdict=Verdict.ACCEPTED, inventory=inventory, stages=())
        other = root / "empty"
        workspace = Workspace(
            manifest=manifest,
            evidence=evidence,
            submission=root / "files",
            outputs=other,
            inputs=other,
            answers=other,
        )
        return _grades(workspace, has_tools=has_tools)


def _grades(workspace: Workspace, *, has_tools: bool) -> tuple[Grade, ...]:
    if has_tools:
        # Only there is everything that they need.
        from audition.grading.static.first_look import look  # noqa: PLC0415
        from audition.grading.static.tools import installed  # noqa: PLC0415

        grades = look(workspace, installed()).grades
    else:
        static = {Need.SUBMISSION, Need.TOOLS}
        chosen = [g for g in load_graders(workspace.manifest.graders) if g.needs and g.needs <= static]
        grades = run_graders(chosen, workspace)
    assert all(grade.status != GradeStatus.ERRORED for grade in grades), [grade.note for grade in grades]
    return grades


def shares(grades: tuple[Grade, ...]) -> Shares:
    """The share that each counted check earned."""
    return {
        finding.check: finding.points / finding.max_points
        for grade in grades
        for finding in grade.findings
        if finding.outcome in COUNTED_OUTCOMES and finding.max_points
    }


def main(folder: Path) -> None:
    """Grade what is in a folder, with the linters."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Whatever tools print is no part of the document.
    manifest = codec.from_json(Manifest, (folder / "manifest.json").read_bytes(), what="manifest.json")
    found = {path.stem: grade(path, manifest, has_tools=True) for path in sorted(folder.glob("*.zip"))}
    json.dump(found, channel)
    channel.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
