"""Images built on the real engine, exported by it, and looked at in the container that does so for runs."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from audition import codec
from audition.adapters.blobs import FolderBlobs
from audition.domain import places
from audition.domain.build import BuildKind, BuildResult
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, Exit, FileMount, Limits, Ownership, Profile
from audition.domain.image import HitKind, ImageEvidence, ImageTask
from tests.building import FROM, Built, Site

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(images: Mapping[str, str]) -> Iterator[Site]:
    made = Site(images)
    yield made
    made.close()


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    tmp_path.chmod(0o755)
    return FolderBlobs(tmp_path / "blobs")


def spec_of(site: Site, blobs: FolderBlobs, owner: Ownership, task: ImageTask) -> ContainerSpec:
    source = str(blobs.path(blobs.put(codec.to_json(task))))
    return ContainerSpec(
        stage="image",
        image=site.images["grader"],
        argv=("python", "-m", "audition.grading", "image"),
        profile=Profile.GRADER,
        ownership=owner,
        limits=Limits(time_seconds=120.0, memory_bytes=512 << 20, log_bytes=1 << 20),
        mounts=(FileMount(source=source, target=str(places.IMAGE_TASK_FILE)),),
    )


def show(site: Site, blobs: FolderBlobs, *built: Built, model: str = "", most: int = 4 << 30) -> Exit:
    first = built[0].outcome
    task = ImageTask(base_layers=first.base_layers, model_path=model, images=len(built))
    owner = Ownership(run_id=built[0].run_id, fence=1, deadline_epoch=1 << 40)
    return site.sandbox.show([b.outcome.reference for b in built], spec_of(site, blobs, owner, task), most)


def seen(site: Site, blobs: FolderBlobs, *built: Built, model: str = "") -> ImageEvidence:
    for one in built:
        assert one.outcome.reference, one.outcome.log
    exit_ = show(site, blobs, *built, model=model)
    assert exit_.exit_code == 0, exit_.stderr
    evidence = codec.from_json(ImageEvidence, exit_.stdout, what="evidence")
    assert evidence.limit == ""
    return evidence


def test_an_honest_image_of_two_stages_is_seen_as_it_is(site: Site, blobs: FolderBlobs) -> None:
    recipe = (
        "FROM python:3.11-slim AS build\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install click\n"
        "FROM python:3.11-slim\nCOPY --from=build /opt/venv /opt/venv\nWORKDIR /srv\nCOPY serve.py model.joblib ./\n"
        'USER 10001\nCMD ["python", "serve.py"]\n'
    )
    built = site.build(recipe, {"serve.py": b"print()", "model.joblib": b"m" * 1000})
    evidence = seen(site, blobs, built, model="model.joblib")

    config = built.outcome.config
    assert config is not None
    assert (config.user, config.working_dir, config.command) == ("10001", "/srv", ("python", "serve.py"))
    assert evidence.hits == ()
    assert evidence.wasted_bytes == 0
    assert sum(not layer.is_base and layer.files > 0 for layer in evidence.layers) == 2
    assert "click" in {d.name for d in evidence.distributions if not d.is_base}
    (model,) = evidence.models
    assert (model.path, model.bytes) == ("/srv/model.joblib", 1000)


def test_what_later_steps_delete_is_found_below_them(site: Site, blobs: FolderBlobs) -> None:
    recipe = FROM + (
        "RUN head -c 3145728 /dev/urandom > /model.bin\n"
        "RUN printf -- '-----BEGIN PRIVATE KEY-----' > /srv/id_rsa\n"
        "RUN rm /model.bin /srv/id_rsa\n"
        "RUN cp /bin/true /usr/local/sbin/up && chmod 4755 /usr/local/sbin/up && mkdir -m 777 /srv/open\n"
    )
    evidence = seen(site, blobs, site.build(recipe))

    assert evidence.wasted_bytes == (3 << 20) + 27
    assert [(h.kind, h.path, h.is_removed) for h in evidence.hits] == [
        (HitKind.SETUID, "/usr/local/sbin/up", False),
        (HitKind.WORLD_WRITABLE, "/srv/open", False),
        (HitKind.SECRET, "/srv/id_rsa", True),
    ]
    heaviest = max(evidence.layers[2:], key=lambda layer: layer.wasted_bytes)
    assert "head -c 3145728" in heaviest.instruction


RANDOM = FROM + "COPY a.py /app/a.py\nRUN pip install --no-cache-dir click && date +%N > /app/stamp\n"
STEADY = FROM + "COPY a.py /app/a.py\nRUN pip install --no-cache-dir click && echo 1 > /app/stamp\n"


@pytest.mark.parametrize(
    ("recipe", "differing"), [(RANDOM, ["/app/stamp"]), (STEADY, [])], ids=["random", "steady"]
)
def test_two_clean_builds_differ_in_what_is_random_only(
    site: Site, blobs: FolderBlobs, recipe: str, differing: list[str]
) -> None:
    files = {"a.py": b"print()"}
    found = seen(site, blobs, site.build(recipe, files), site.build(recipe, files)).reproduction

    assert found is not None
    assert found.files > 20
    assert [item.path for item in found.differing] == differing


def rebuilt(site: Site, recipe: str) -> tuple[BuildResult, BuildResult]:
    first = site.build(recipe, {"a.py": b"1"}, kind=BuildKind.FIRST, keeps_steps=True)
    touched = site.build(recipe, {"a.py": b"2"}, kind=BuildKind.TOUCHED, run_id=first.run_id)
    assert not any(":touched" in left for left in site.left(first.run_id))
    site.sandbox.discard(first.run_id, 1)
    assert site.left(first.run_id) == []
    return first.outcome, touched.outcome


def test_a_cache_saves_what_stands_before_the_code(site: Site) -> None:
    slow, quick = "RUN sleep 5\n", "RUN true\n"
    first, again = rebuilt(
        site, f"FROM python:3.11-slim AS b\n{slow}COPY a.py /a.py\n{quick}FROM b\nRUN true\n"
    )

    assert (first.run_steps, again.run_steps) == (3, 2)
    assert first.run_seconds > 3.5  # a step is seen to begin a little late
    assert again.run_seconds < 4.0
    assert again.reference == ""


def test_a_cache_saves_nothing_of_what_stands_behind_the_code(site: Site) -> None:
    first, again = rebuilt(site, f"{FROM}COPY a.py /a.py\nRUN sleep 4\n")

    assert (first.run_steps, again.run_steps) == (1, 1)
    assert again.run_seconds > 2.5


def test_a_cache_is_of_the_same_run_only(site: Site) -> None:
    recipe = FROM + "RUN date +%N > /planted\nCOPY a.py /a.py\n"
    one = site.build(recipe, {"a.py": b"1"}, keeps_steps=True)
    other = site.build(recipe, {"a.py": b"1"}, kind=BuildKind.TOUCHED)

    assert (one.outcome.run_steps, other.outcome.run_steps) == (1, 1)
    assert "Using cache" not in other.outcome.log


def test_an_export_that_is_cut_is_our_limit(site: Site, blobs: FolderBlobs) -> None:
    exit_ = show(site, blobs, site.build(FROM + "RUN true\n"), most=10 << 20)

    assert exit_.exit_code == 0
    assert codec.from_json(ImageEvidence, exit_.stdout, what="evidence").limit


def test_a_reader_that_stops_reading_hangs_nobody(site: Site, blobs: FolderBlobs) -> None:
    built = site.build(FROM + "RUN true\n")
    owner = Ownership(run_id=built.run_id, fence=1, deadline_epoch=1 << 40)
    spec = spec_of(site, blobs, owner, ImageTask(base_layers=0))
    deaf = ContainerSpec(
        stage="image",
        image=spec.image,
        argv=("python", "-c", "import time; time.sleep(2)"),
        profile=Profile.GRADER,
        ownership=owner,
        limits=Limits(time_seconds=30.0),
    )

    assert site.sandbox.show([built.outcome.reference], deaf, 4 << 30).exit_code == 0


def test_an_image_that_is_not_there_is_ours(site: Site, blobs: FolderBlobs) -> None:
    owner = Ownership(run_id="run_none", fence=1, deadline_epoch=1 << 40)
    with pytest.raises(UnavailableError):
        site.sandbox.show(
            ["audition/no-such:1"], spec_of(site, blobs, owner, ImageTask(base_layers=0)), 1 << 30
        )
    site.sandbox.discard("run_none", 1)
