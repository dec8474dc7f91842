"""What images.toml says of each image, held against those that the engine has of them."""

from collections.abc import Mapping
from typing import Any

import pytest
from docker.errors import ImageNotFound

from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.host.recipes import Recipe, read_recipes
from audition.settings import Settings

pytestmark = pytest.mark.docker

#: By this much an image may be larger or smaller than is said: Debian mends its packages.
ALLOWED = 0.1


@pytest.fixture(scope="module")
def recipes() -> Mapping[str, Recipe]:
    return read_recipes(Settings.from_env().images_dir)


@pytest.fixture(scope="module")
def built(images: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """What the engine says of those that are there; the tests that run submissions have built most of them."""
    client = connect(Settings.from_env().docker_host or usual_addresses()[0])
    found = {}
    for name, reference in images.items():
        try:
            found[name] = client.inspect_image(reference)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            continue
    client.close()
    return found


def test_an_image_shares_all_layers_of_the_one_it_builds_on(
    recipes: Mapping[str, Recipe], built: Mapping[str, Mapping[str, Any]]
) -> None:
    assert {"base", "tabular"} <= set(built)
    for name in built:
        if parent := recipes[name].parent:
            below = built[parent]["RootFS"]["Layers"]
            assert built[name]["RootFS"]["Layers"][: len(below)] == below, name


def test_an_image_names_the_user_that_is_listed(
    recipes: Mapping[str, Recipe], built: Mapping[str, Mapping[str, Any]]
) -> None:
    listed = {name: recipes[name].user for name in built}
    assert {name: facts["Config"]["User"] for name, facts in built.items()} == listed


def test_an_image_is_as_large_as_is_listed(
    recipes: Mapping[str, Recipe], built: Mapping[str, Mapping[str, Any]]
) -> None:
    for name, facts in built.items():
        if (listed := recipes[name].megabytes) and facts["Architecture"] == "amd64":
            assert facts["Size"] / 1e6 == pytest.approx(listed, rel=ALLOWED), name
