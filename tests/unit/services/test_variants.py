"""Copies from publishing to tracing: made by the real program in a fake container, given out, mounted, recognised."""

import io
import shutil
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.catalog.archive import pack_files
from audition.domain.challenge import Area, ChallengeVersion, DataFile
from audition.domain.contract import Command, Pipeline
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.execution import FileMount
from audition.domain.grade import Dimension, Grade, GradeSheet, GradeStatus, Metric
from audition.domain.people import Principal, PrincipalKind
from audition.domain.run import Stage
from audition.domain.variant import VariantFacts, VariantSpec, VariantSpread
from audition.services.compose_report import compose_report
from audition.services.invite import invite
from audition.services.look_up import kit
from audition.services.make_variants import make_variants
from audition.services.measure_variants import measure_variants
from audition.services.trace_leak import trace_leak
from audition.variants.__main__ import main
from audition.variants.table import Table, read_table, write_csv
from tests.unit.services.test_publish import holds
from tests.unit.services.world import ALICE, INVENTORY, World, keeps

SPEC = VariantSpec(
    file="train.csv",
    copies=3,
    colluders=1,
    withheld_share=0.15,
    marks={"a": 1.0, "b": 1.0},
    marked_share=0.6,
    pseudonyms=("id",),
    label="defaulted",
)
KEY = b"the key of this installation, kept"


def train(rows: int = 800) -> bytes:
    random = np.random.default_rng(4)
    columns = [
        np.array([f"app-{n:05d}" for n in range(rows)], dtype=object),
        *(np.array(list(map(str, random.integers(0, 5000, rows))), dtype=object) for _ in "ab"),
        np.array(list(map(str, random.integers(0, 2, rows))), dtype=object),
    ]
    return write_csv(Table(("id", "a", "b", "defaulted"), tuple(columns)))


def plays(verb: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Inside], int]:
    """A container in which the real program runs, over what is mounted."""

    def play(inside: Inside) -> int:
        shutil.rmtree(folder, ignore_errors=True)
        for mount in inside.spec.mounts:
            if isinstance(mount, FileMount):
                place = folder.joinpath(*PurePosixPath(mount.target).parts[1:])
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(Path(mount.source).read_bytes())
        (folder / "out").mkdir()
        for name, value in inside.spec.environment.items():
            monkeypatch.setenv(name, value)
        said = io.TextIOWrapper(io.BytesIO())
        with redirect_stdout(said):
            code = main([verb], folder)
        assert isinstance(said.buffer, io.BytesIO)
        inside.print(said.buffer.getvalue())
        for path in sorted((folder / "out").iterdir()):
            inside.write("public", path.name, path.read_bytes())
        return code

    return play


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    made.runner = replace(made.runner, variant_key=KEY)
    made.sandbox.programs |= {
        "hold": holds(),
        "variants": plays("make", tmp_path / "make", monkeypatch),
        "trace": plays("trace", tmp_path / "trace", monkeypatch),
    }
    return made


def varied(world: World, spec: VariantSpec = SPEC) -> ChallengeVersion:
    """The world's challenge, with copies."""
    with world.ports.unit_of_work() as uow:
        version = uow.challenges.latest("credit-scoring")
    data = train()
    files = tuple(
        replace(f, digest=world.blobs.put(data), bytes=len(data)) if f.name == "train.csv" else f
        for f in version.files
    )
    manifest = replace(version.manifest, inputs=("train.csv", "test.csv"), variants=spec)
    digest = "e" * 64
    made = make_variants(world.runner, manifest, files, digest, lambda _: None)
    version = replace(
        version,
        id="ver_2",
        number=2,
        digest=digest,
        manifest=manifest,
        manifest_digest=world.blobs.put(codec.to_json(manifest)),
        files=(*files, *made),
        kit_digest=world.blobs.put(
            pack_files({"credit-scoring/data/train.csv": data, "credit-scoring/brief.md": b"x"})
        ),
    )
    with world.ports.unit_of_work() as uow:
        uow.challenges.add(version)
        uow.commit()
    return version


def invited(world: World, name: str) -> Principal:
    invitation, _ = invite(
        world.ports, "cli", slug="credit-scoring", email=f"{name}@example.org", name=name.title()
    )
    return Principal(kind=PrincipalKind.CANDIDATE, subject_id=invitation.id, name=name, session_id="ses")


def kit_table(world: World, principal: Principal) -> bytes:
    with zipfile.ZipFile(io.BytesIO(kit(world.ports, principal)[1])) as archive:
        return archive.read("credit-scoring/data/train.csv")


def test_every_copy_is_stored_with_the_list_of_canaries(world: World) -> None:
    version = varied(world)
    copies = version.files_in(Area.VARIANT)
    assert [file.name for file in copies] == ["0001.csv", "0002.csv", "0003.csv"]
    assert len({file.digest for file in copies}) == len(copies)
    (listed,) = version.files_in(Area.CANARIES)
    facts = codec.from_json(VariantFacts, world.blobs.get(listed.digest), what="canaries")
    assert {canary.number for canary in facts.canaries} == {1, 2, 3}
    assert world.sandbox.engine.containers == []


def test_a_candidate_downloads_the_copy_that_their_submission_is_run_with(world: World) -> None:
    version = varied(world)
    anna, ben = invited(world, "anna"), invited(world, "ben")
    assert kit_table(world, anna) != kit_table(world, ben)
    with world.ports.unit_of_work() as uow:
        number = uow.people.invitation(anna.subject_id).variant
    own = next(
        file for file in version.with_variant(number).files_in(Area.PUBLIC) if file.name == "train.csv"
    )
    assert world.blobs.get(own.digest) == kit_table(world, anna)
    world.carol = anna
    world.submit()
    assert world.work_one()
    predict = next(spec for spec in world.sandbox.specs if spec.stage == Stage.PREDICT)
    mounted = {m.target: Path(m.source).read_bytes() for m in predict.mounts if isinstance(m, FileMount)}
    assert mounted["/in/train.csv"] == kit_table(world, anna)
    with world.ports.unit_of_work() as uow:
        (submission,) = uow.submissions.of_invitation(anna.subject_id)
    origin = compose_report(world.ports, ALICE, submission.id).provenance
    assert origin is not None
    assert origin.data_digests["train.csv"] == own.digest
    hidden = next(file for file in version.files_in(Area.PUBLIC) if file.name == "test.csv")
    assert mounted["/in/test.csv"] == world.blobs.get(hidden.digest)


def test_a_leaked_copy_names_the_candidate_who_has_it(world: World) -> None:
    varied(world)
    people = [invited(world, name) for name in ("anna", "ben", "cem")]
    leaked = kit_table(world, people[1]).splitlines()
    without_names = b"\n".join(line.split(b",", 1)[1] for line in [leaked[0], *leaked[:0:-1]])
    found = trace_leak(world.runner, "credit-scoring", 2, io.BytesIO(without_names))
    assert [[holder.name for holder in one.holders] for one in found.named] == [["Ben"]]
    assert found.named[0].suspect.probability <= SPEC.false_accusation


def test_who_is_invited_again_keeps_their_copy_and_late_comers_share_one(world: World) -> None:
    varied(world)
    for name in ("anna", "ben", "cem", "anna", "dora"):
        invited(world, name)
    with world.ports.unit_of_work() as uow:
        given = [i.variant for i in reversed(uow.people.invitations_to("ver_2"))]
    assert sorted(given) == [1, 1, 1, 2, 3]


def test_without_variants_everybody_has_the_same(world: World) -> None:
    with world.ports.unit_of_work() as uow:
        version = uow.challenges.latest("credit-scoring")
    assert version.with_variant(3) is version
    assert make_variants(world.runner, version.manifest, version.files, "e" * 64, lambda _: None) == ()
    anna = invited(world, "anna")
    with world.ports.unit_of_work() as uow:
        assert uow.people.invitation(anna.subject_id).variant == 0
    with pytest.raises(InvalidError, match="same data"):
        trace_leak(world.runner, "credit-scoring", None, io.BytesIO(b"a\n1\n"))


def test_a_table_without_room_is_the_authors_to_mend(world: World) -> None:
    with pytest.raises(InvalidError) as caught:
        varied(world, replace(SPEC, withheld_share=0.01, marks={}))
    assert "withheld_share" in caught.value.problems[0]


def test_names_that_link_tables_are_not_made_anew(world: World) -> None:
    linked = DataFile(area=Area.PUBLIC, name="more.csv", digest=world.blobs.put(b"id\napp-00001\n"), bytes=12)
    with world.ports.unit_of_work() as uow:
        version = uow.challenges.latest("credit-scoring")
    data = DataFile(area=Area.PUBLIC, name="train.csv", digest=world.blobs.put(train()), bytes=1)
    manifest = replace(version.manifest, variants=SPEC)
    with pytest.raises(InvalidError) as caught:
        make_variants(world.runner, manifest, (data, linked), "e" * 64, lambda _: None)
    assert "more.csv" in caught.value.problems[0]


def test_a_host_without_a_key_makes_no_copies(world: World) -> None:
    world.runner = replace(world.runner, variant_key=b"")
    with pytest.raises(UnavailableError):
        varied(world)


@pytest.mark.parametrize("data", [b"", b"x,y\n1,2\n"])
def test_a_table_that_says_nothing_is_told_so(world: World, data: bytes) -> None:
    varied(world)
    with pytest.raises(InvalidError) as caught:
        trace_leak(world.runner, "credit-scoring", None, io.BytesIO(data))
    assert caught.value.problems


def test_a_table_can_be_traced_to_an_older_version(world: World) -> None:
    varied(world)
    with pytest.raises(InvalidError, match="no version 9"):
        trace_leak(world.runner, "credit-scoring", 9, io.BytesIO(b""))


def test_a_copy_reads_as_the_table_does(world: World, tmp_path: Path) -> None:
    version = varied(world)
    path = tmp_path / "copy.csv"
    path.write_bytes(world.blobs.get(version.files_in(Area.VARIANT)[0].digest))
    assert read_table(path).names == ("id", "a", "b", "defaulted")


def measured(
    world: World, *, trains: bool = True, train_ends: int = 0, says: str = "roc_auc"
) -> tuple[list[str], list[str]]:
    """What is said when the reference is trained on copies, and which data each training had."""
    version, said, trained = varied(world), list[str](), list[str]()

    def training(inside: Inside) -> int:
        mounted = {m.target: m.source for m in inside.spec.mounts if isinstance(m, FileMount)}
        assert inside.spec.argv == ("python", "train.py", "/in/train.csv")
        trained.append(Path(mounted["/in/train.csv"]).name)
        inside.complain(b"what it said")
        return train_ends

    def scores(inside: Inside) -> int:
        value = 0.84 + len(trained) / 1000
        metric = Metric(name=says, value=value, low=0.8, high=0.9, score=value)
        grade = Grade(
            grader="model-quality",
            version="1",
            dimension=Dimension.MODEL_QUALITY,
            status=GradeStatus.OK,
            findings=(),
            metrics=(metric,),
        )
        inside.print(codec.to_json(GradeSheet(grades=(grade,))))
        return 0

    pipeline = Pipeline(train=Command(words=("python", "train.py", "{data}")) if trains else None)
    contract = replace(INVENTORY.contract, pipeline=pipeline)
    world.sandbox.programs |= {
        "unpack": keeps(replace(INVENTORY, contract=contract)),
        "train": training,
        "score": scores,
    }
    manifest = replace(version.manifest, graders=("model-quality",))
    made = measure_variants(world.runner, manifest, version.files, world.blobs.put(b"PK"), said.append)
    for file in made:
        spread = codec.from_json(VariantSpread, world.blobs.get(file.digest), what="spread")
        assert (spread.whole, spread.copies) == (0.841, (0.842, 0.843, 0.844))
    assert world.sandbox.engine.containers == []
    return said, trained


def test_the_reference_is_trained_on_the_whole_table_and_on_copies(world: World) -> None:
    said, trained = measured(world)
    assert len(set(trained)) == 1 + SPEC.copies
    assert "roc_auc 0.8410 on the whole table, 0.8420 to 0.8440 on 3 copies" in said[0]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"trains": False}, "declares no [pipeline] train"),
        ({"train_ends": 3}, "its training ended with 3. what it said"),
        ({"says": "other"}, "could not be measured"),
    ],
)
def test_a_reference_that_cannot_be_trained_is_told_and_stops_nothing(
    world: World, how: dict[str, Any], words: str
) -> None:
    said, _ = measured(world, **how)
    assert words in said[0]


def test_a_score_container_that_fails_is_ours(world: World) -> None:
    world.sandbox.fail("score", UnavailableError("The engine is silent."))
    with pytest.raises(UnavailableError):
        measured(world)


def test_nothing_is_measured_where_the_model_is_not(world: World) -> None:
    version = varied(world)
    manifest = replace(version.manifest, graders=("contract",))
    assert measure_variants(world.runner, manifest, version.files, "0" * 64, lambda _: None) == ()
