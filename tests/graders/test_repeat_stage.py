"""The repeat stage for real: rows are made in a container, mixed among the others, and a table of answers shows."""

from collections.abc import Mapping

import pytest

from audition.domain.challenge import Area, DataFile
from audition.domain.evidence import ArtifactKind
from audition.domain.execution import Limits
from audition.domain.extra_rows import Corruption, ExtraRowsSpec, RowKind
from audition.domain.grade import Finding
from audition.domain.report import Report
from audition.domain.run import Stage, Verdict
from audition.services.make_extra_rows import make_extra_rows
from tests import factories, tiny
from tests.notebooks import book, code
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ROWS = 300
STAGES = (Stage.UNPACK, Stage.PREDICT, Stage.REPEAT, Stage.SCORE, Stage.JUDGE)
SPEC = ExtraRowsSpec(
    file="test.csv",
    corruptions=(Corruption(kind=RowKind.MISSING, columns=("a",)),),
)
#: Knows the answers by heart, by the ids that everybody was given, and has a fair model for all else.
BY_HEART = """
import csv
KNOWN = {known}
with open("/in/test.csv") as source, open("/out/predictions.csv", "w") as sink:
    sink.write("id,probability\\n")
    for row in csv.DictReader(source):
        sink.write(f"{{row['id']}},{{KNOWN.get(row['id'], 0.5)}}\\n")
"""


def answer(number: int) -> int:
    """Follows `a`, with much noise."""
    return int(number * 7919 % 100 + number / 4 > 80)


@pytest.fixture
def ground(pipeline: Pipeline) -> Pipeline:
    """A challenge with the stage, its rows made as they are at publish."""
    ports = pipeline.ports
    manifest = factories.make_manifest(
        image="tabular",
        stages=STAGES,
        extra_rows=SPEC,
        limits={Stage.PREDICT: Limits(time_seconds=60.0, memory_bytes=256 << 20)},
        graders=("model-quality", "output-format", "model-honesty", "model-robustness"),
    )
    test = "id,a\n" + "".join(f"r{n:03d},{n / 3:.2f}\n" for n in range(ROWS))
    answers = "id,defaulted\n" + "".join(f"r{n:03d},{answer(n)}\n" for n in range(ROWS))
    files = tuple(
        DataFile(area=area, name=name, digest=ports.blobs.put(text.encode()), bytes=len(text))
        for area, name, text in ((Area.PUBLIC, "test.csv", test), (Area.PRIVATE, "answers.csv", answers))
    )
    tiny.store_version(ports, manifest, (*files, *make_extra_rows(pipeline.runner, manifest, files)))
    return pipeline


def run(ground: Pipeline, script: str) -> tuple[Report, Mapping[str, Finding]]:
    _, report = ground.run(tiny.principal(), tiny.archive(script))
    assert report.verdict == Verdict.ACCEPTED
    return report, {finding.check: finding for finding in report.findings}


def test_a_table_of_answers_shows_and_a_program_that_fails_on_an_empty_cell_keeps_its_metric(
    ground: Pipeline,
) -> None:
    by_heart = BY_HEART.format(known={f"r{n:03d}": answer(n) for n in range(ROWS)})
    report, found = run(ground, by_heart)
    assert report.metrics[0].value == 1
    assert found["model.signs.copies"].sentence.startswith("40 of 40 rows that stood twice")
    assert found["model.signs.again"].sentence.startswith("The same rows got the same predictions")
    assert "1.0000 before, 0.5000 after" in found["model.signs.nudged"].reviewer_note
    assert found["model.robust.runs"].sentence.startswith("Every row got an answer")

    report, found = run(ground, tiny.GOOD)  # It makes a number of every cell.
    assert 0.5 < report.metrics[0].value < 1
    assert found["model.robust.runs"].sentence.startswith("It fails on a table that has such rows.")
    kinds = [artifact.kind for artifact in report.artifacts]
    assert ArtifactKind.OUTPUT in kinds
    stage = next(stage for stage in report.stages if stage.stage == Stage.REPEAT)
    assert "exit code 1" in stage.message


NOTEBOOK = book(
    code("data, out = '.', '.'", "parameters"),
    code("import csv\nrows = list(csv.DictReader(open(f'{data}/test.csv')))"),
    code("said = [f\"{row['id']},{float(row['a'] or 50) / 100}\\n\" for row in rows]"),
    code(
        "with open(f'{out}/predictions.csv', 'w') as sink:\n    sink.writelines(['id,probability\\n', *said])"
    ),
)


def test_a_notebook_is_run_again_as_a_program_is(ground: Pipeline) -> None:
    _, report = ground.run(tiny.principal(), NOTEBOOK)
    found = {finding.check: finding.sentence for finding in report.findings}
    assert report.verdict == Verdict.ACCEPTED
    assert found["model.robust.runs"].startswith("Every row got an answer")
    assert found["model.signs.copies"].startswith("All 40 rows that stood twice")
    left = {(a.kind, a.name) for a in report.artifacts if a.stage == Stage.REPEAT}
    assert (ArtifactKind.REPEATED, "predictions.csv") in left
