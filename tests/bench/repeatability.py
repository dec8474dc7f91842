"""How much the same submission's scores move when it is looked at again: the golden one, one time after the other."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from audition import bootstrap
from audition.catalog.read import read_challenge
from audition.domain.grade import Dimension, dimension_scores
from audition.settings import Settings
from tests.pipeline import Pipeline, make_pipeline
from tests.stack import SLUG

_SAMPLE = "accepted/golden"
#: Beyond it a grader has to be widened or its check not be assessed. Source: the grader catalogue, section 11.
_MOST_SPREAD = 0.05
Scores = Mapping[Dimension, float | None]


def report(runs: int, say: Callable[[str], None]) -> str:
    """Submit the golden submission so often and print the spread of each dimension."""
    settings = Settings.from_env()
    challenge = read_challenge(settings.challenges_dir / SLUG)
    archive = next(sample for sample in challenge.samples if sample.name == _SAMPLE).pack()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Containers read blobs by bind mount, under a user id of their own.
        folder.chmod(0o755)
        pipeline = make_pipeline(folder, bootstrap.image_references(settings))
        pipeline.publish(challenge)
        try:
            found = [_submitted(pipeline, archive, number, say) for number in range(runs)]
        finally:
            pipeline.runner.sandbox.sweep(lambda _run, _fence: True)
    return _table(found)


def _submitted(pipeline: Pipeline, archive: bytes, number: int, say: Callable[[str], None]) -> Scores:
    candidate = pipeline.candidate(SLUG, f"again{number}@example.org")
    _, result = pipeline.run(candidate, archive)
    say(f"run {number + 1}: {result.score}")
    return dimension_scores(result.grades)


def _table(found: list[Scores]) -> str:
    lines = [
        f"{len(found)} times the same submission",
        "",
        "| dimension | lowest | highest | spread | |",
        "|---|---|---|---|---|",
    ]
    for dimension in Dimension:
        scores = [score for run in found if (score := run.get(dimension)) is not None]
        if scores:
            spread = max(scores) - min(scores)
            verdict = "too wide" if spread > _MOST_SPREAD else ""
            lines.append(
                f"| {dimension} | {min(scores):.3f} | {max(scores):.3f} | {spread:.3f} | {verdict} |"
            )
    return "\n".join(lines)
