"""Which images are wanted, and what happens where images carry a fixed tag."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audition.domain.notebook import NOTEBOOK_IMAGES
from audition.host import images
from audition.host.images import ensure_images, image_names, images_of_challenge
from audition.host.posture import runs_strangers
from audition.host.recipes import read_recipes
from audition.host.steps import HostError, Steps
from audition.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, image_tag="current")


def engine_with(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    @contextmanager
    def engine(_settings: Settings) -> Iterator[tuple[None, str]]:
        yield None, "x86_64"

    monkeypatch.setattr(images, "_engine", engine)
    monkeypatch.setattr(images, "image_id", lambda _client, name: "sha256:1" if name in there else None)


def test_runs_need_no_services_and_compose_needs_everything(settings: Settings) -> None:
    runs = [
        "base",
        "tabular",
        "notebook",
        "grader",
        "prometheus",
        "toolbox",
        "linters",
        "prober",
        "python-slim",
        "mirror",
    ]
    assert image_names(settings, "runs") == runs
    assert set(image_names(settings, "compose")) == {*runs, "platform", "postgres", "redis"}


def test_what_a_challenge_may_name_is_built_for_that_or_with_everything(settings: Settings) -> None:
    named = set(image_names(settings, "challenges"))
    assert {"boosting", "sql", "onnx"} <= named
    assert not named & set(image_names(settings, "compose"))
    assert set(image_names(settings, "all")) == {*named, *image_names(settings, "compose")}


def test_notebooks_in_a_framework_bring_an_image_of_their_own() -> None:
    assert images_of_challenge("boosting") == {"boosting", "boosting-notebook"}
    assert images_of_challenge("r") == {"r"}


def test_tagged_images_are_used_as_they_are(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    engine_with(monkeypatch, "audition/base:current", "audition/tabular:current")
    found = ensure_images(Steps(io.StringIO()), settings, ["tabular"])
    assert found == {"base": "audition/base:current", "tabular": "audition/tabular:current"}


def test_a_missing_tagged_image_is_not_built_in_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_with(monkeypatch, "audition/base:current")
    with pytest.raises(HostError, match="audition/tabular:current") as caught:
        ensure_images(Steps(io.StringIO()), settings, ["tabular"])
    assert "images build --for compose" in caught.value.next_step


def test_a_missing_tagged_image_that_only_a_challenge_names_is_built_by_its_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_with(monkeypatch, "audition/base:current", "audition/tabular:current")
    with pytest.raises(HostError, match="audition/boosting:current, ") as caught:
        ensure_images(Steps(io.StringIO()), settings, images_of_challenge("boosting"))
    assert caught.value.next_step.endswith("images build --current boosting boosting-notebook")


def test_every_image_in_which_commands_of_candidates_run_is_looked_at(settings: Settings) -> None:
    looked_at = {name for name, recipe in read_recipes(settings.images_dir).items() if runs_strangers(recipe)}
    assert looked_at == {*image_names(settings, "challenges"), *NOTEBOOK_IMAGES, *NOTEBOOK_IMAGES.values()}
