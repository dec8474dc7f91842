"""Copies for real: made in a container, mounted for their candidate, told when another's turn up, and traced."""

import zipfile
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest

from audition.domain.challenge import Area, DataFile
from audition.domain.execution import Limits
from audition.domain.grade import Outcome
from audition.domain.run import Stage, Verdict
from audition.services.make_variants import make_variants
from audition.services.trace_leak import trace_leak
from tests import factories, tiny
from tests.pipeline import Pipeline
from tests.unit.services.test_variants import KEY, SPEC, train

pytestmark = [pytest.mark.docker, pytest.mark.slow]

#: Ends badly where it does not find the copy that it is told of.
SCRIPT = """
import csv, hashlib
assert hashlib.sha256(open("/in/train.csv", "rb").read()).hexdigest() == "{digest}"
with open("/in/test.csv") as source, open("/out/predictions.csv", "w") as sink:
    sink.write("id,probability\\n")
    for row in csv.DictReader(source):
        sink.write(f"{{row['id']}},0.5\\n")
"""


def test_a_copy_is_its_candidates_alone_from_the_kit_to_the_trace(pipeline: Pipeline) -> None:
    ground = replace(pipeline, runner=replace(pipeline.runner, variant_key=KEY))
    ports, data = ground.ports, train()
    manifest = factories.make_manifest(
        image="tabular",
        inputs=("train.csv", "test.csv"),
        stages=(Stage.UNPACK, Stage.PREDICT, Stage.SCORE, Stage.JUDGE),
        variants=SPEC,
        limits={Stage.PREDICT: Limits(time_seconds=60.0, memory_bytes=256 << 20)},
        graders=("output-format", "integrity"),
    )
    made = {
        (Area.PUBLIC, "train.csv"): data,
        (Area.PUBLIC, "test.csv"): b"id,a,b\nnew-1,1,2\nnew-2,3,4\n",
        (Area.PRIVATE, "answers.csv"): b"id,defaulted\nnew-1,1\nnew-2,0\n",
    }
    files = tuple(
        DataFile(area=area, name=name, digest=ports.blobs.put(content), bytes=len(content))
        for (area, name), content in made.items()
    )
    copies = make_variants(ground.runner, manifest, files, "d" * 64, lambda _: None)
    version = tiny.store_version(ports, manifest, (*files, *copies))
    carol = ground.candidate(version.slug)
    own, anothers = (ports.blobs.get(file.digest) for file in version.files_in(Area.VARIANT)[:2])

    script = SCRIPT.format(digest=sha256(own).hexdigest())
    archive = BytesIO(tiny.archive(script))
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("data/old.csv", anothers)
    _, report = ground.run(carol, archive.getvalue())
    assert report.verdict == Verdict.ACCEPTED
    found = next(finding for finding in report.findings if finding.check == "integrity.data.anothers")
    assert (found.outcome, found.evidence[0].file) == (Outcome.INFORMATIVE, "data/old.csv")
    assert "copy 2" in found.reviewer_note

    without_names = b"\n".join(line.split(b",", 1)[1] for line in own.splitlines())
    traced = trace_leak(ground.runner, version.slug, None, BytesIO(without_names))
    assert [holder.name for one in traced.named for holder in one.holders] == ["Carol"]
    assert traced.named[0].suspect.probability <= SPEC.false_accusation
