"""A notebook in the place of a program: another image, the account of its cells, and what it left."""

import json
from dataclasses import replace
from threading import Event

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.domain import places
from audition.domain.contract import Contract, Entry
from audition.domain.drawn import Drawn
from audition.domain.evidence import ArtifactKind
from audition.domain.execution import Profile
from audition.domain.notebook import EXECUTED, Notebook
from audition.domain.run import Stage, Verdict
from audition.domain.sources import SourceFile, Sources
from tests.notebooks import book, code, events
from tests.unit.services.world import INVENTORY, PREDICTIONS, World, draws, keeps, predicts

WITH_README = replace(INVENTORY, entries=(*INVENTORY.entries, Entry(path="README.md", bytes=9)))
SAID = events("passed", "failed", error="ValueError: no")


def run_notebook(inside: Inside) -> int:
    inside.print(SAID)
    inside.complain(b"[cell 2: failed]\n")
    inside.write("out", "predictions.csv", PREDICTIONS)
    inside.write("out", EXECUTED, book(code("1")))
    return 1


@pytest.fixture
def desk() -> World:
    made = World()
    contract = Contract(notebook=Notebook(path="a.ipynb"))
    made.sandbox.programs["unpack"] = keeps(replace(INVENTORY, contract=contract))
    made.sandbox.programs["predict"] = run_notebook
    return made


def test_it_runs_as_candidates_code_does_on_the_image_with_a_kernel(desk: World) -> None:
    desk.graded()
    spec = next(s for s in desk.sandbox.specs if s.stage == Stage.PREDICT)
    assert (spec.image, spec.profile, spec.warm_imports) == ("audition/notebook:1", Profile.CANDIDATE, None)
    assert spec.argv[-2:] == ("--", "a.ipynb")
    assert "--name=predictions.csv" in spec.argv
    assert not [m.target for m in spec.mounts if m.target.startswith(str(places.ANSWERS))]


def test_what_it_said_and_left_is_kept_apart_from_logs_and_predictions(desk: World) -> None:
    submission = desk.graded()
    artifacts = {a.kind: a for a in desk.artifacts(submission) if a.stage == Stage.PREDICT}
    assert desk.blobs.get(artifacts[ArtifactKind.CELLS].digest) == SAID
    assert desk.blobs.get(artifacts[ArtifactKind.NOTEBOOK].digest) == book(code("1"))
    assert desk.blobs.get(artifacts[ArtifactKind.OUTPUT].digest) == PREDICTIONS
    assert ArtifactKind.STDOUT not in artifacts


def test_a_cell_that_fails_is_the_candidates_verdict_and_its_predictions_count(desk: World) -> None:
    submission = desk.graded()
    assert desk.run(submission).verdict == Verdict.NONZERO_EXIT
    targets = {s.stage: {m.target for m in s.mounts} for s in desk.sandbox.specs}
    assert "/evidence/outputs/predictions.csv" in targets["score"]
    assert f"/evidence/outputs/{EXECUTED}" not in targets["score"] | targets["judge"]


def test_the_judge_gets_the_account_of_the_cells_and_the_scorer_does_not(desk: World) -> None:
    desk.graded()
    targets = {s.stage: {m.target for m in s.mounts} for s in desk.sandbox.specs}
    assert str(places.CELLS_FILE) in targets["judge"]
    assert str(places.CELLS_FILE) not in targets["score"]


def test_it_is_drawn_where_no_code_of_the_candidate_runs(desk: World) -> None:
    submission = desk.graded()
    spec = next(s for s in desk.sandbox.specs if s.stage == "draw")
    assert (spec.profile, spec.image) == (Profile.GRADER, "audition/notebook:1")
    assert {m.target for m in spec.mounts} == {"/submission", str(places.NOTEBOOK_FILE)}
    assert not any(getattr(mount, "is_writable", False) for mount in spec.mounts)
    page = next(a for a in desk.artifacts(submission) if a.kind == ArtifactKind.NOTEBOOK_PAGE)
    assert desk.blobs.get(page.digest) == b"<p>cell</p>"


def test_texts_are_drawn_by_the_grader_image_from_the_tree_alone(desk: World) -> None:
    entries = (*INVENTORY.entries, Entry(path="README.md", bytes=9), Entry(path="docs/CARD.md", bytes=9))
    desk.sandbox.programs["unpack"] = keeps(replace(INVENTORY, entries=entries))
    submission = desk.graded()
    (spec,) = (s for s in desk.sandbox.specs if s.stage == "draw")
    assert (spec.profile, spec.image) == (Profile.GRADER, "audition/grader:1")
    assert {m.target for m in spec.mounts} == {"/submission"}
    assert json.loads(spec.environment[places.TEXTS_VARIABLE]) == ["README.md", "docs/CARD.md"]
    assert json.loads(spec.environment[places.SOURCES_VARIABLE]) == ["predict.py"]
    (page,) = (a for a in desk.artifacts(submission) if a.kind == ArtifactKind.TEXTS_PAGE)
    assert desk.blobs.get(page.digest) == b"<p>cell</p>"


def test_texts_are_drawn_while_the_program_runs_and_before_anything_is_graded(desk: World) -> None:
    desk.sandbox.programs["unpack"] = keeps(WITH_README)
    drawing, predicted = Event(), Event()

    def draw(inside: Inside) -> int:
        drawing.set()
        return draws(inside) if predicted.wait(60) else 1

    def predict(inside: Inside) -> int:
        begun = drawing.wait(60)
        predicted.set()
        return predicts(inside) if begun else 1

    desk.sandbox.programs |= {"draw": draw, "predict": predict}
    submission = desk.graded()
    assert desk.run(submission).verdict == Verdict.ACCEPTED
    assert ArtifactKind.TEXTS_PAGE in {a.kind for a in desk.artifacts(submission)}


@pytest.mark.parametrize(
    "said", [b"", b"{}", b'{"html": 1}', b"<html>", b'{"html": ""}', b'{"html": "' + b"x" * (9 << 20) + b'"}']
)
def test_a_notebook_that_cannot_be_drawn_costs_nothing(desk: World, said: bytes) -> None:
    desk.sandbox.programs["draw"] = lambda inside: inside.print(said) or 0
    submission = desk.graded()
    assert ArtifactKind.NOTEBOOK_PAGE not in {a.kind for a in desk.artifacts(submission)}
    assert desk.run(submission).verdict == Verdict.NONZERO_EXIT


def test_without_texts_no_container_is_started_for_the_code_alone(desk: World) -> None:
    desk.sandbox.programs["unpack"] = keeps(replace(INVENTORY, entries=(Entry(path="predict.py", bytes=20),)))
    desk.graded()
    assert "draw" not in desk.sandbox.stages()


def test_the_code_is_kept_as_text_beside_what_was_drawn(desk: World) -> None:
    sources = Sources(files=(SourceFile(path="predict.py", text="import os\n"),), left_out=1)
    desk.sandbox.programs |= {
        "unpack": keeps(WITH_README),
        "draw": lambda inside: inside.print(codec.to_json(Drawn(html="", sources=sources))) or 0,
    }
    submission = desk.graded()
    kept = {a.kind: a for a in desk.artifacts(submission)}
    assert codec.from_json(Sources, desk.blobs.get(kept[ArtifactKind.SOURCES].digest), what="it") == sources
    assert ArtifactKind.TEXTS_PAGE not in kept


def test_more_code_than_may_be_is_not_kept(desk: World) -> None:
    files = tuple(SourceFile(path=f"{n}.py", text="x" * (64 << 10)) for n in range(20))
    said = codec.to_json(Drawn(html="<p>cell</p>", sources=Sources(files=files)))
    desk.sandbox.programs |= {"unpack": keeps(WITH_README), "draw": lambda inside: inside.print(said) or 0}
    kinds = {a.kind for a in desk.artifacts(desk.graded())}
    assert not kinds & {ArtifactKind.SOURCES, ArtifactKind.TEXTS_PAGE}
