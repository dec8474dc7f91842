"""Publishing a challenge folder: `prepare` runs in a container, its files are taken, all of it is stored."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.catalog.read import ChallengeFolder
from audition.catalog.samples import Expectation, Sample
from audition.domain.challenge import Area, ChallengeVersion, DetailSpec
from audition.domain.contract import CollectedFile, Collection, Contract, Inventory
from audition.domain.errors import InvalidError, NotFoundError, UnavailableError
from audition.domain.execution import FileMount, Limits, Ownership, Profile
from audition.domain.metrics import OwnMetric
from audition.domain.run import Stage, Verdict
from audition.services import containers
from audition.services.invite import invite
from audition.services.publish import publish
from audition.services.seal_version import verify_version
from tests import factories
from tests.unit.services.world import PREDICTIONS, World, keeps

FILES = {"public": {"test.csv": b"id,a\n1,2\n"}, "private": {"answers.csv": b"id,target\n1,1\n"}}


def holds(refusals: tuple[str, ...] = ()) -> Callable[[Inside], int]:
    """The holder: collects both areas when asked."""

    def play(inside: Inside) -> int:
        inside.print(codec.to_json(Inventory()) + b"\n")
        inside.await_signal()
        for area in ("public", "private"):
            files = inside.read(area)
            listed = tuple(
                CollectedFile(name=name, bytes=len(data), sha256=sha256(data).hexdigest())
                for name, data in files.items()
            )
            inside.print(codec.to_json(Collection(files=listed, refusals=refusals)) + b"\n")
            inside.print(b"".join(files.values()))
        inside.await_signal()
        return 0

    return play


def prepares(inside: Inside) -> int:
    for area, files in FILES.items():
        for name, data in files.items():
            inside.write(area, name, data)
    return 0


@pytest.fixture
def world() -> World:
    made = World()
    made.sandbox.programs |= {"hold": holds(), "prepare": prepares}
    return made


@pytest.fixture
def folder(tmp_path: Path) -> ChallengeFolder:
    starter = tmp_path / "starter"
    starter.mkdir()
    (starter / "predict.py").write_text("print()\n")
    return ChallengeFolder(
        path=tmp_path,
        manifest=factories.make_manifest(slug="tiny"),
        brief="# Tiny",
        datacard="# Data",
        rubric=(),
        checksums={
            f"{area}/{name}": sha256(data).hexdigest()
            for area, files in FILES.items()
            for name, data in files.items()
        },
        samples=(),
    )


def publish_it(world: World, folder: ChallengeFolder) -> tuple[ChallengeVersion, list[str]]:
    said: list[str] = []
    return publish(world.runner, "cli", folder, said.append), said


def test_a_version_is_stored_with_its_files_and_kit(world: World, folder: ChallengeFolder) -> None:
    version, said = publish_it(world, folder)

    assert (version.slug, version.number) == ("tiny", 1)
    assert {(f.area, f.name): world.blobs.get(f.digest) for f in version.files} == {
        (Area.PUBLIC, "test.csv"): FILES["public"]["test.csv"],
        (Area.PRIVATE, "answers.csv"): FILES["private"]["answers.csv"],
    }
    with zipfile.ZipFile(BytesIO(world.blobs.get(version.kit_digest))) as kit:
        names = set(kit.namelist())
        everything = b"".join(kit.read(name) for name in names)
    assert "tiny/data/test.csv" in names
    assert not any("answers" in name and name.startswith("tiny/data") for name in names)
    assert FILES["private"]["answers.csv"] not in everything
    assert said == ["running prepare in a container without network", "packing the kit"]
    with world.ports.unit_of_work() as uow:
        assert uow.challenges.latest("tiny") == version
        assert [e.action for e in uow.audit.about(version.id)] == ["published"]


def test_a_version_is_sealed_where_the_installation_has_a_key(world: World, folder: ChallengeFolder) -> None:
    key = b"k" * 32
    version = publish(replace(world.runner, variant_key=key), "cli", folder)
    assert verify_version(world.ports, key, version) == ()
    [wrong] = verify_version(world.ports, key, replace(version, number=2))
    assert "number or the list of files changed" in wrong


def test_a_version_that_opens_later_is_nobodys_before(world: World, folder: ChallengeFolder) -> None:
    opens_at = world.clock.now() + timedelta(days=1)
    version = publish(world.runner, "cli", folder, opens_at=opens_at)
    asked = {"slug": "tiny", "email": "ada@example.org", "name": "Ada"}
    with pytest.raises(NotFoundError):
        invite(world.ports, "cli", **asked)
    world.clock.advance(86400)
    assert invite(world.ports, "cli", **asked)[0].challenge_version_id == version.id
    with pytest.raises(InvalidError, match="is over"):
        publish(world.runner, "cli", folder, opens_at=opens_at)


def test_a_challenge_without_limits_gets_those_of_its_image(world: World, folder: ChallengeFolder) -> None:
    of_image = Limits(memory_bytes=3 << 30)
    runner = replace(world.runner, image_limits={folder.manifest.image: of_image})
    bare = replace(folder, manifest=replace(folder.manifest, limits={}))
    assert publish(runner, "amy", bare).manifest.limits_of(Stage.PREDICT) == of_image
    own = folder.manifest.limits_of(Stage.PREDICT)
    assert publish(runner, "amy", folder).manifest.limits_of(Stage.PREDICT) == own


def test_the_same_content_is_the_same_version_and_other_content_the_next(
    world: World, folder: ChallengeFolder
) -> None:
    first, _ = publish_it(world, folder)
    again, said = publish_it(world, folder)
    assert again == first
    assert said[-1] == "version 1 has exactly this content already"

    object.__setattr__(folder, "brief", "# Tiny, changed")
    second, _ = publish_it(world, folder)
    assert (second.number, second.digest != first.digest) == (2, True)


def test_the_authors_code_sees_its_folder_and_two_empty_ones(world: World, folder: ChallengeFolder) -> None:
    publish_it(world, folder)
    prepare = next(s for s in world.sandbox.specs if s.stage == "prepare")

    assert prepare.profile == Profile.AUTHOR
    assert {m.target for m in prepare.mounts} == {"/challenge", "/public", "/private"}
    assert [m.source for m in prepare.mounts if isinstance(m, FileMount)] == [str(folder.path)]
    assert prepare.image == world.runner.images["tabular"]


def test_nothing_is_left_whether_it_went_well_or_not(world: World, folder: ChallengeFolder) -> None:
    publish_it(world, folder)
    world.sandbox.programs["prepare"] = lambda _: 1
    with pytest.raises(InvalidError):
        publish_it(world, folder)

    assert world.sandbox.engine.containers == []
    assert world.sandbox.engine.volumes == {}


def raises(inside: Inside) -> int:
    inside.complain(b"Traceback (most recent call last):\nKeyError: 'age'")
    return 1


def hogs(inside: Inside) -> int:
    inside.allocate(1 << 50)
    return 0


def hangs(inside: Inside) -> int:
    inside.sleep(1e6)
    return 0


@pytest.mark.parametrize(
    ("program", "said", "problems"),
    [
        (raises, "ended with exit code 1", ("Traceback (most recent call last):\nKeyError: 'age'",)),
        (hogs, "needed more than 4 GiB", ()),
        (hangs, "took longer than 900 s", ()),
    ],
    ids=["raises", "hogs", "hangs"],
)
def test_a_prepare_that_fails_is_the_challenges_fault_and_says_how(
    world: World,
    folder: ChallengeFolder,
    program: Callable[[Inside], int],
    said: str,
    problems: tuple[str, ...],
) -> None:
    world.sandbox.programs["prepare"] = program

    with pytest.raises(InvalidError, match=said) as caught:
        publish_it(world, folder)
    assert (caught.value.code, caught.value.problems) == ("prepare-failed", problems)
    assert "Mend prepare.py" in caught.value.next_step
    with world.ports.unit_of_work() as uow:
        assert [v.slug for v in uow.challenges.all()] == ["credit-scoring"]


def test_things_that_cannot_be_taken_are_named(world: World, folder: ChallengeFolder) -> None:
    world.sandbox.programs["hold"] = holds(refusals=("'x' is not a regular file.",))

    with pytest.raises(InvalidError) as caught:
        publish_it(world, folder)
    assert caught.value.problems == ("'x' is not a regular file.",)
    assert "public" in caught.value.detail


def test_data_that_differs_from_what_was_promised_is_no_version(
    world: World, folder: ChallengeFolder
) -> None:
    folder.checksums["public/test.csv"] = "0" * 64

    with pytest.raises(InvalidError) as caught:
        publish_it(world, folder)
    assert caught.value.code == "data-differs"


@pytest.mark.parametrize("stage", ["hold", "prepare"])
def test_an_engine_that_fails_is_ours(world: World, folder: ChallengeFolder, stage: str) -> None:
    world.sandbox.fail(stage, UnavailableError("The engine is silent."))
    with pytest.raises(UnavailableError):
        publish_it(world, folder)


def test_an_engine_too_busy_to_clear_up_takes_nothing_back(world: World, folder: ChallengeFolder) -> None:
    world.sandbox.fail("discard", UnavailableError("The engine is silent."))
    version, _ = publish_it(world, folder)
    assert version.number == 1


def test_nobody_has_to_listen(world: World, folder: ChallengeFolder) -> None:
    assert publish(world.runner, "cli", folder).number == 1


def sample(folder: ChallengeFolder, name: str) -> Sample:
    place = folder.path / "submissions" / name
    place.mkdir(parents=True)
    (place / "predict.py").write_text(f"# {name}\n")
    return Sample(name=name, folder=place, expectation=Expectation(about="x", verdict=Verdict.ACCEPTED))


def test_the_reference_sample_is_what_services_are_compared_with(
    world: World, folder: ChallengeFolder
) -> None:
    samples = (sample(folder, "accepted/reference"), sample(folder, "accepted/golden"))
    stages = (*folder.manifest.stages, Stage.BUILD, Stage.SERVE)
    serving = replace(folder, manifest=replace(folder.manifest, stages=stages), samples=samples)
    version, _ = publish_it(world, serving)
    assert version.reference is not None
    assert world.blobs.get(version.reference.digest) == samples[0].pack()
    without, _ = publish_it(world, replace(folder, samples=samples))
    assert without.reference is None


@pytest.fixture
def with_baseline(folder: ChallengeFolder, tmp_path: Path) -> ChallengeFolder:
    made = tmp_path / "baseline"
    made.mkdir()
    (made / "predict.py").write_text("print(1)\n")
    sample = Sample(
        name="accepted/baseline",
        folder=made,
        expectation=Expectation(about="A line.", verdict=Verdict.ACCEPTED),
    )
    manifest = replace(folder.manifest, detail=DetailSpec(samples=("baseline",)))
    return replace(folder, manifest=manifest, samples=(sample,))


def test_what_a_sample_predicts_is_kept_for_the_container_with_the_answers(
    world: World,
    with_baseline: ChallengeFolder,
) -> None:
    version, said = publish_it(world, with_baseline)
    (kept,) = version.files_in(Area.MODELS)
    assert (kept.name, world.blobs.get(kept.digest)) == ("baseline.csv", PREDICTIONS)
    assert "letting the model of submissions/accepted/baseline predict" in said
    ran = next(spec for spec in world.sandbox.specs if spec.stage == "predict")
    assert ran.profile == Profile.CANDIDATE
    assert world.sandbox.engine.containers == []


def test_the_same_content_is_known_before_anything_predicts_and_another_sample_is_another_version(
    world: World,
    with_baseline: ChallengeFolder,
) -> None:
    first, _ = publish_it(world, with_baseline)
    again, said = publish_it(world, with_baseline)
    assert again == first
    assert not any("predict" in line for line in said)
    (with_baseline.samples[0].folder / "predict.py").write_text("print(2)\n")
    other, _ = publish_it(world, with_baseline)
    assert (other.number, other.digest != first.digest) == (2, True)


@pytest.mark.parametrize(
    ("stage", "program", "said"),
    [
        ("predict", lambda _: 3, "failed"),
        ("predict", lambda _: 0, "left no predictions"),
        ("unpack", keeps(Inventory(refusals=("'../x' leads out.",))), "is not accepted"),
    ],
    ids=["crashes", "writes nothing", "is refused"],
)
def test_a_sample_that_fails_is_the_authors_to_mend(
    world: World,
    with_baseline: ChallengeFolder,
    stage: str,
    program: Program,
    said: str,
) -> None:
    world.sandbox.programs[stage] = program
    with pytest.raises(InvalidError, match=said) as caught:
        publish_it(world, with_baseline)
    assert "Mend the sample" in caught.value.next_step
    assert world.sandbox.engine.containers == []


def test_a_sample_that_is_not_there_is_named(world: World, with_baseline: ChallengeFolder) -> None:
    with pytest.raises(InvalidError, match="submissions/accepted/baseline is not there"):
        publish_it(world, replace(with_baseline, samples=()))


def test_a_metric_of_its_own_is_seen_by_the_container_with_the_answers_and_by_no_other(
    world: World, folder: ChallengeFolder
) -> None:
    program = b"def measure(answers, predictions): ...\n"
    (folder.path / "metric.py").write_bytes(program)
    spec = replace(folder.manifest.metric, name="money_kept", own=OwnMetric(label="Money kept"))
    own = replace(folder, manifest=replace(folder.manifest, metric=spec))
    version, _ = publish_it(world, own)
    [file] = version.files_in(Area.METRIC)
    assert world.blobs.get(file.digest) == program
    owner = Ownership(run_id="run_1", fence=1, deadline_epoch=0)
    common = (world.runner, version, owner, version.manifest_digest, ())
    seen = {
        spec.stage: [mount.target for mount in spec.mounts if "metric.py" in mount.target]
        for spec in (
            containers.score_spec(*common),
            containers.judge_spec(*common),
            containers.predict_spec(world.runner, version, owner, Contract()),
        )
    }
    assert seen == {Stage.SCORE: ["/answers/metric.py"], Stage.JUDGE: [], Stage.PREDICT: []}
