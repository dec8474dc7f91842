"""The image grader on what was seen in layers, and on what came of building again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audition.domain.build import Rebuild
from audition.domain.evidence import BuildEvidence
from audition.domain.grade import Finding, Outcome
from audition.domain.image import Difference, Hit, HitKind, ImageEvidence, LayerFacts, Reproduction
from graders.image import grader
from graders.image.layers import USUAL_BYTES
from tests.graders.test_image import GOOD, workspace_of
from tests.graders.workspaces import by_check

MIB = 1 << 20
BASE = LayerFacts(bytes=170 * MIB, files=6000, is_base=True)
CLEAN = ImageEvidence(
    layers=(
        BASE,
        LayerFacts(bytes=300 * MIB, files=9000, instruction="pip install"),
        LayerFacts(bytes=100, files=2),
    ),
    app_bytes=300 * MIB + 100,
    hit_counts={},
    reproduction=Reproduction(files=9002, bytes=300 * MIB, differing_bytes=0),
)
REBUILD = Rebuild(touched="serve.py", first_steps=3, first_seconds=20.0, steps=0, seconds=0.0)
BUILT = replace(GOOD, image=CLEAN, rebuild=REBUILD)


def find(root: Path, check: str, build: BuildEvidence, **manifest: Any) -> Finding:
    workspace = workspace_of(root, build)
    workspace = replace(workspace, manifest=replace(workspace.manifest, **manifest))
    return by_check(grader.grade(workspace))[check]


def with_image(**changes: Any) -> BuildEvidence:
    return replace(BUILT, image=replace(CLEAN, **changes))


def heavy(count: int) -> BuildEvidence:
    return with_image(layers=(BASE, LayerFacts(bytes=count, files=1, instruction="pip install torch")))


def test_a_sound_image_has_all_points(tmp_path: Path) -> None:
    findings = grader.grade(workspace_of(tmp_path, BUILT)).findings
    assert {f.check: f.sentence for f in findings if f.outcome != Outcome.PASSED} == {}


@pytest.mark.parametrize(
    ("ratio", "share"), [(0.1, 1.0), (1.0, 1.0), (2.0, 2 / 3), (4.0, 1 / 3), (8.0, 0.0), (20.0, 0.0)]
)
def test_size_is_measured_against_the_reference_on_a_logarithmic_line(
    tmp_path: Path, ratio: float, share: float
) -> None:
    build = heavy(round(100 * MIB * ratio))
    found = find(tmp_path, "image.size.reference", build, reference_image_bytes=100 * MIB)
    assert found.points == pytest.approx(share * found.max_points)
    assert "the reference has 100 MiB" in found.sentence
    if share < 1:
        assert found.evidence[0].excerpt == "pip install torch"


def test_what_was_measured_of_the_reference_counts_where_the_author_says_nothing(tmp_path: Path) -> None:
    build = replace(heavy(200 * MIB), reference_bytes=100 * MIB)
    found = find(tmp_path, "image.size.reference", build)
    assert found.points == pytest.approx(2 / 3 * found.max_points)
    assert "the reference has 100 MiB" in found.sentence
    assert find(tmp_path, "image.size.reference", build, reference_image_bytes=200 * MIB).points == 2


def test_without_a_reference_a_usual_size_counts(tmp_path: Path) -> None:
    assert find(tmp_path, "image.size.reference", heavy(USUAL_BYTES)).outcome == Outcome.PASSED
    assert find(tmp_path, "image.size.reference", heavy(2 * USUAL_BYTES)).outcome == Outcome.PARTIAL


def test_what_is_hidden_costs_its_share(tmp_path: Path) -> None:
    wasted = LayerFacts(bytes=10 * MIB, files=1, wasted_bytes=5 * MIB, instruction="COPY model.bin")
    found = find(tmp_path, "image.layers.waste", with_image(layers=(BASE, wasted)))
    assert found.points == pytest.approx(0.5 * found.max_points)
    assert found.evidence[0].excerpt == "COPY model.bin"
    little = replace(wasted, wasted_bytes=MIB - 1)
    assert find(tmp_path, "image.layers.waste", with_image(layers=(BASE, little))).outcome == Outcome.PASSED


@pytest.mark.parametrize(("count", "share"), [(1, 0.8), (4, 0.2), (5, 0.0), (500, 0.0)])
def test_each_thing_that_should_not_be_there_costs_a_fifth(tmp_path: Path, count: int, share: float) -> None:
    hit = Hit(kind=HitKind.SETUID, path="/x", layer=1, detail="mode 4755")
    build = with_image(hits=(hit,), hit_counts={HitKind.SETUID: count, HitKind.SECRET: 7})
    found = find(tmp_path, "image.layers.clean", build)
    assert found.points == pytest.approx(share * found.max_points)
    assert (found.evidence[0].file, found.evidence[0].excerpt) == ("/x", "mode 4755")


def test_a_secret_in_a_layer_costs_all_though_it_was_deleted(tmp_path: Path) -> None:
    hit = Hit(
        kind=HitKind.SECRET,
        path="/srv/id_rsa",
        layer=1,
        detail="-----BEGIN PRIVATE KEY-----",
        is_removed=True,
    )
    build = with_image(hits=(hit,), hit_counts={HitKind.SECRET: 1})
    found = find(tmp_path, "image.layers.secrets", build)
    assert found.outcome == Outcome.FAILED
    assert "changes nothing" in found.sentence
    assert find(tmp_path, "image.layers.clean", build).outcome == Outcome.PASSED


@pytest.mark.parametrize(("seconds", "share"), [(0.0, 1.0), (5.0, 0.75), (20.0, 0.0), (30.0, 0.0)])
def test_the_time_that_a_cache_saves_is_the_share(tmp_path: Path, seconds: float, share: float) -> None:
    build = replace(BUILT, rebuild=replace(REBUILD, steps=1, seconds=seconds))
    found = find(tmp_path, "image.rebuild.cached", build)
    assert found.points == pytest.approx(share * found.max_points)


def test_steps_that_all_ran_again_saved_nothing_however_quick_they_were(tmp_path: Path) -> None:
    build = replace(BUILT, rebuild=replace(REBUILD, steps=3, seconds=15.0))
    assert find(tmp_path, "image.rebuild.cached", build).outcome == Outcome.FAILED


def test_steps_that_take_no_time_have_nothing_to_save(tmp_path: Path) -> None:
    build = replace(BUILT, rebuild=None)
    assert find(tmp_path, "image.rebuild.cached", build).outcome == Outcome.NOT_APPLICABLE
    late = replace(build, rebuild_limit="There was no time.")
    assert find(tmp_path, "image.rebuild.cached", late).outcome == Outcome.NOT_ASSESSED


def test_bytes_that_differ_between_builds_cost_their_share(tmp_path: Path) -> None:
    found = Reproduction(
        files=10,
        bytes=1000,
        differing_bytes=100,
        differing=(Difference(path="/app/stamp", bytes=100, how="content"),),
    )
    finding = find(tmp_path, "image.build.reproducible", with_image(reproduction=found))
    assert finding.points == pytest.approx(0.9 * finding.max_points)
    assert finding.evidence[0].file == "/app/stamp"


def test_an_empty_file_that_differs_is_not_the_same(tmp_path: Path) -> None:
    found = Reproduction(
        files=1, bytes=0, differing_bytes=0, differing=(Difference(path="/x", bytes=0, how="new"),)
    )
    assert find(tmp_path, "image.build.reproducible", with_image(reproduction=found)).evidence[0].file == "/x"


@pytest.mark.parametrize(
    "check", ["image.size.reference", "image.layers.waste", "image.layers.clean", "image.layers.secrets"]
)
def test_what_could_not_be_looked_at_is_never_a_zero(tmp_path: Path, check: str) -> None:
    limited = replace(BUILT, image=ImageEvidence(limit="It has more than 300,000 files."))
    found = find(tmp_path, check, limited)
    assert (found.outcome, found.sentence) == (Outcome.NOT_ASSESSED, "It has more than 300,000 files.")
    assert find(tmp_path, check, replace(BUILT, image=None)).outcome == Outcome.NOT_ASSESSED


def test_a_second_build_that_had_no_time_is_not_assessed(tmp_path: Path) -> None:
    build = replace(with_image(reproduction=None), again_limit="There was no time for a second clean build.")
    found = find(tmp_path, "image.build.reproducible", build)
    assert (found.outcome, found.sentence) == (Outcome.NOT_ASSESSED, build.again_limit)
