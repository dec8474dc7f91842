"""How much the same submission's scores move when it is looked at again: the golden one, one time after the other.

Two questions. Is the same evidence judged the same? Each recorded run is graded again, and grades compared whole. And
what does the same submission earn when it runs once more? There scores may move by `_MOST_SPREAD`. Images are built
once and services looked at in a hurry, so that a run takes minutes less; what is timed is noisier for it than in
earnest. Drift is left out: `--only drift` and `--only drift-live` measure its errors.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from audition import bootstrap
from audition.catalog.read import read_challenge
from audition.domain.grade import COUNTED_OUTCOMES, Dimension, Grade, dimension_scores
from audition.domain.run import Stage
from audition.services.publish import publish
from audition.services.retry import regrade
from audition.settings import Settings
from tests.pipeline import REVIEWER, Pipeline, make_pipeline
from tests.stack import SLUG, in_a_hurry

_SAMPLE = "accepted/golden"
#: Beyond it a grader has to be widened or its check not be assessed. Source: the grader catalogue, section 11.
_MOST_SPREAD = 0.05
#: How often each run's evidence is graded once more.
_AGAIN = 4
#: Parts of a check's points less than this apart are the same.
_SAME = 0.005


@dataclass(frozen=True, slots=True)
class Looked:
    """One run, and how many of its later gradings said something else."""

    grades: tuple[Grade, ...]
    different: int

    @property
    def shares(self) -> Mapping[str, float | None]:
        """Part of its points that each check earned; None for one that did not count."""
        return {
            finding.check: finding.points / finding.max_points
            if finding.outcome in COUNTED_OUTCOMES
            else None
            for grade in self.grades
            for finding in grade.findings
            if finding.max_points
        }


def report(runs: int, say: Callable[[str], None]) -> str:
    """Submit the golden submission so often, grade each run again, and print what moved."""
    settings = Settings.from_env()
    challenge = in_a_hurry(read_challenge(settings.challenges_dir / SLUG), Stage.EXERCISE)
    archive = next(sample for sample in challenge.samples if sample.name == _SAMPLE).pack()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Containers read blobs by bind mount, under a user id of their own.
        folder.chmod(0o755)
        pipeline = make_pipeline(folder, bootstrap.image_references(settings))
        try:
            publish(pipeline.runner, "bench", challenge, say, measures=True)
            found = [_looked(pipeline, archive, number, say) for number in range(runs)]
        finally:
            pipeline.runner.sandbox.sweep(lambda _run, _fence: True)
    return "\n".join((_table(found), _moved(found), _graded_again(found)))


def _looked(pipeline: Pipeline, archive: bytes, number: int, say: Callable[[str], None]) -> Looked:
    candidate = pipeline.candidate(SLUG, f"again{number}@example.org")
    submission, result = pipeline.run(candidate, archive)
    say(f"run {number + 1}: {result.score}")
    lost = (f for f in result.findings if f.outcome in COUNTED_OUTCOMES and f.points < f.max_points)
    for finding in lost:
        say(f"  {finding.check}: {finding.points:g} of {finding.max_points:g}. {finding.sentence}")
    first, different = _published(pipeline, submission.id), 0
    for _ in range(_AGAIN):
        regrade(pipeline.ports, REVIEWER, submission.id, "Measured.")
        pipeline.work()
        different += _published(pipeline, submission.id) != first
    say(f"run {number + 1}: graded again {_AGAIN} times, {different} of them otherwise")
    return Looked(first, different)


def _published(pipeline: Pipeline, submission_id: str) -> tuple[Grade, ...]:
    with pipeline.ports.unit_of_work() as uow:
        return uow.grades.of_run(uow.runs.latest(submission_id).id)


def _table(found: list[Looked]) -> str:
    lines = [
        f"{len(found)} times the same submission",
        "",
        "| dimension | lowest | highest | spread | |",
        "|---|---|---|---|---|",
    ]
    every = [dimension_scores(run.grades) for run in found]
    for dimension in Dimension:
        scores = [score for run in every if (score := run.get(dimension)) is not None]
        if scores:
            spread = max(scores) - min(scores)
            verdict = "too wide" if spread > _MOST_SPREAD else ""
            lines.append(
                f"| {dimension} | {min(scores):.3f} | {max(scores):.3f} | {spread:.3f} | {verdict} |"
            )
    return "\n".join(lines)


def _moved(found: list[Looked]) -> str:
    """Checks that did not earn the same each time, or did not count each time."""
    lines = ["", "| check that moved | part of its points, run by run |", "|---|---|"]
    for check in sorted({check for run in found for check in run.shares}):
        shares = [run.shares.get(check) for run in found]
        known = [share for share in shares if share is not None]
        if len(known) not in {0, len(shares)} or (known and max(known) - min(known) > _SAME):
            said = ", ".join("not counted" if share is None else f"{share:.3f}" for share in shares)
            lines.append(f"| `{check}` | {said} |")
    return "\n".join(lines)


def _graded_again(found: list[Looked]) -> str:
    again, different = _AGAIN * len(found), sum(run.different for run in found)
    return f"\nThe recorded evidence was graded {again} times more; {different} gradings said something else."
