"""Build the images that are missing.

An image's tag is the digest of its inputs, so "is it there" is one question to the engine and an unchanged
image costs milliseconds. The tag is given only after the image passed its own self-test: an image that has
it can be used.
"""

import fcntl
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

from audition.adapters.docker.engine_client import connect, engine_facts
from audition.adapters.docker.image_builder import (
    BuildSource,
    ContextFile,
    add_tag,
    build,
    image_id,
    image_size_bytes,
    image_user,
    our_tags,
    remove,
    remove_build_stages,
    rename,
)
from audition.adapters.docker.selftest import run_selftest
from audition.domain.errors import UnavailableError
from audition.domain.notebook import NOTEBOOK_IMAGES
from audition.host.base_image import DebianRoot, ensure_debian
from audition.host.engine import find_engine
from audition.host.recipes import FILE, Recipe, context_files, read_recipes, reference, with_parents
from audition.host.steps import HostError, Step, Steps
from audition.host.wheels import build_project_wheel, fetch_wheels
from audition.settings import Settings

SELFTEST = "selftest.py"
CURRENT = "current"
"""Tag of the images that docker-compose.yml names."""
#: What images may be wanted for, and the `used_by` that it takes.
PURPOSES = {
    "runs": frozenset({"runs"}),
    "compose": frozenset({"runs", "compose"}),
    "challenges": frozenset({"challenges", "notebooks"}),
    "all": frozenset({"runs", "compose", "challenges", "notebooks"}),
}
_BUILD_TIMEOUT_SECONDS = 1800


@dataclass(frozen=True)
class _Workshop:
    """What building an image takes."""

    client: docker.APIClient
    architecture: str
    references: Mapping[str, str]
    repo_dir: Path
    cache_dir: Path


@dataclass(frozen=True)
class ImageState:
    """One image as `images list` shows it."""

    name: str
    about: str
    reference: str
    size_bytes: int | None
    """None while it is not built."""
    megabytes: int | None
    """What it will be about, where images.toml says so."""
    is_on_demand: bool
    """Only needed where a challenge names it."""


def ensure_images(steps: Steps, settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """Build what is missing of the named images and of those below them.

    Where AUDITION_IMAGE_TAG is set, images of that tag are looked up and none is built.

    Args:
        steps: The narrator; one step for each image.
        settings: Where the recipes, the data and the engine are.
        names: Names in images.toml.

    Returns:
        Name to image reference, for the named images and their parents.

    Raises:
        HostError: An image could not be built or failed its self-test.
    """
    recipes = with_parents(read_recipes(settings.images_dir), names)
    if settings.image_tag is not None:
        return _tagged(steps, settings, recipes, settings.image_tag)
    with _engine(settings) as (client, architecture):
        references = _references(recipes, settings, architecture)
        cache_dir = settings.data_dir / "cache"
        shop = _Workshop(client, architecture, references, settings.repo_dir, cache_dir)
        for recipe in recipes:
            with steps.step(f"image {recipe.name}") as step:
                if image_id(client, references[recipe.name]) is not None:
                    step.skip(f"{references[recipe.name]} is there")
                    continue
                with _one_builder(settings.data_dir):
                    _make(step, shop, recipe)
    return references


def _tagged(steps: Steps, settings: Settings, recipes: Iterable[Recipe], tag: str) -> dict[str, str]:
    """Return images that somebody else built under a fixed tag; nothing is built here."""
    references = {recipe.name: f"audition/{recipe.name}:{tag}" for recipe in recipes}
    with steps.step(f"images tagged {tag}") as step, _engine(settings) as (client, _architecture):
        missing = [recipe for recipe in recipes if image_id(client, references[recipe.name]) is None]
        if missing:
            names = ", ".join(references[recipe.name] for recipe in missing)
            raise HostError(f"The engine has no image {names}", fix=_how_to_build(missing))
        step.skip("are there")
    return references


def _how_to_build(missing: Sequence[Recipe]) -> str:
    """Without images that a challenge names: all that docker-compose.yml wants; else those and no others."""
    if any(PURPOSES["compose"].intersection(recipe.used_by) for recipe in missing):
        return "Build it on this host: ./audition images build --for compose"
    names = " ".join(recipe.name for recipe in missing)
    return f"Build it on this host: ./audition images build --current {names}"


def image_names(settings: Settings, purpose: str) -> list[str]:
    """Return the images to have for a purpose: one of `PURPOSES`."""
    recipes = read_recipes(settings.images_dir).values()
    return [recipe.name for recipe in recipes if PURPOSES[purpose].intersection(recipe.used_by)]


def images_of_challenge(image: str) -> set[str]:
    """The image that a challenge names, and the one that runs notebooks in its place."""
    return {image, NOTEBOOK_IMAGES.get(image, image)}


def image_states(settings: Settings) -> list[ImageState]:
    """Return each image of images.toml with what the engine has of it."""
    recipes = list(read_recipes(settings.images_dir).values())
    with _engine(settings) as (client, architecture):
        references = _references(recipes, settings, architecture)
        return [_state(client, recipe, references[recipe.name]) for recipe in recipes]


def missing_images(settings: Settings, references: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of images that every run may need and that the engine does not have.

    Args:
        settings: Where the recipes and the engine are.
        references: Name to reference.
    """
    with _engine(settings) as (client, _architecture):
        names = image_names(settings, "runs")
        return tuple(name for name in names if image_id(client, references[name]) is None)


def tag_current(settings: Settings, references: Mapping[str, str]) -> None:
    """Give images the tag `current`, which docker-compose.yml uses."""
    with _engine(settings) as (client, _architecture):
        for name, image in references.items():
            add_tag(client, image, f"audition/{name}:{CURRENT}")


def remove_outdated(settings: Settings) -> list[str]:
    """Remove images of ours whose inputs have changed since; return the tags removed.

    One that a container still uses stays.
    """
    recipes = list(read_recipes(settings.images_dir).values())
    removed: list[str] = []
    with _engine(settings) as (client, architecture):
        wanted = set(_references(recipes, settings, architecture).values())
        names = tuple(f"audition/{recipe.name}:" for recipe in recipes)
        for tag in our_tags(client):
            if tag in wanted or not tag.startswith(names) or tag.endswith(f":{CURRENT}"):
                continue
            try:
                remove(client, tag)
            except UnavailableError:
                continue
            removed.append(tag)
    return removed


def _make(step: Step, shop: _Workshop, recipe: Recipe) -> None:
    wanted = shop.references[recipe.name]
    # Another process may have built it while we waited for our turn.
    if image_id(shop.client, wanted) is not None:
        step.skip(f"{wanted} is there")
        return
    unchecked = f"{wanted}-unchecked"
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        _report(step, line)

    try:
        args = _bases(step, shop, recipe)
        with tempfile.TemporaryDirectory() as scratch:
            source = BuildSource(_context(step, shop, recipe, Path(scratch)), args)
            build(shop.client, source, unchecked, hear)
        _check(step, shop.client, recipe, unchecked)
    except HostError:
        raise
    except UnavailableError as error:
        raise HostError(error.detail, fix=f"The recipe is {recipe.file('Dockerfile')}.") from error
    finally:
        remove_build_stages(shop.client, said)
    rename(shop.client, unchecked, wanted)
    step.note(f"{wanted}, {image_size_bytes(shop.client, wanted) / 1e6:.0f} MB")


def _bases(step: Step, shop: _Workshop, recipe: Recipe) -> dict[str, str]:
    """The images that a Dockerfile may name: the one it starts from, and a Debian with packages, made now.

    An image with a parent copies programs out of that Debian: nothing is installed during a build, which has no
    network, and what else a package brings stays behind.
    """
    root = DebianRoot(recipe.debian, shop.architecture)
    if recipe.parent is None:
        return {"FROM_IMAGE": ensure_debian(step, shop.client, root, shop.cache_dir)}
    args = {"FROM_IMAGE": shop.references[recipe.parent]}
    if recipe.debian:
        args["DEBIAN_IMAGE"] = ensure_debian(step, shop.client, root, shop.cache_dir)
    return args


def _context(step: Step, shop: _Workshop, recipe: Recipe, scratch: Path) -> list[ContextFile]:
    """Collect the folder's files, the wheels of its lock, and our own wheel."""
    files = [
        ContextFile(name, file, is_executable=bool(file.stat().st_mode & 0o100))
        for name, file in context_files(recipe).items()
    ]
    if recipe.requirements is not None:
        lock = recipe.file(recipe.requirements)
        wheels = fetch_wheels(step, lock, shop.architecture, shop.cache_dir)
        files += [ContextFile(f"wheels/{wheel.name}", wheel) for wheel in wheels]
    if recipe.project:
        wheel = build_project_wheel(step, shop.repo_dir, recipe.project, scratch)
        files.append(ContextFile(f"project/{wheel.name}", wheel.read_bytes()))
    return files


def _check(step: Step, client: docker.APIClient, recipe: Recipe, unchecked: str) -> None:
    selftest = recipe.file(SELFTEST)
    if not selftest.exists():
        raise HostError(
            f"The image {recipe.name} has no self-test",
            str(selftest),
            fix="Write one; see its neighbours.",
        )
    if (user := image_user(client, unchecked)) != recipe.user:
        remove(client, unchecked)
        raise HostError(f"The image {recipe.name} names the user {user}, and {FILE} {recipe.user}")
    step.note("self-test")
    try:
        source = selftest.read_text(encoding="utf-8")
        run_selftest(client, unchecked, source, user=recipe.user, limits=recipe.limits)
    except UnavailableError as error:
        remove(client, unchecked)
        raise HostError(error.detail, fix=f"What it expects is in {selftest}.") from error


def _report(step: Step, line: str) -> None:
    if line.startswith("Step "):
        step.note(textwrap.shorten(line, 100, placeholder=" …"))


def _references(recipes: Iterable[Recipe], settings: Settings, architecture: str) -> dict[str, str]:
    references: dict[str, str] = {}
    for recipe in recipes:
        below = references[recipe.parent] if recipe.parent else None
        references[recipe.name] = reference(recipe, below, settings.repo_dir, architecture)
    return references


def _state(client: docker.APIClient, recipe: Recipe, wanted: str) -> ImageState:
    is_built = image_id(client, wanted) is not None
    size = image_size_bytes(client, wanted) if is_built else None
    return ImageState(
        name=recipe.name,
        about=recipe.about,
        reference=wanted,
        size_bytes=size,
        megabytes=recipe.megabytes,
        is_on_demand=not PURPOSES["compose"].intersection(recipe.used_by),
    )


@contextmanager
def _engine(settings: Settings) -> Iterator[tuple[docker.APIClient, str]]:
    client = connect(find_engine(settings), timeout_seconds=_BUILD_TIMEOUT_SECONDS)
    try:
        yield client, engine_facts(client).architecture
    finally:
        client.close()


@contextmanager
def _one_builder(data_dir: Path) -> Iterator[None]:
    """Let one process build at a time: two would do the same minute of work twice."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
