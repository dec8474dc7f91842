"""Read `sandbox_images/images.toml` and name images by what goes into them."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from audition import codec
from audition.domain.errors import InvalidError
from audition.domain.execution import Limits
from audition.host.steps import HostError
from audition.host.wheels import project_files

FILE = "images.toml"
BASES_FILE = "bases.toml"
#: Reading material: changing it does not make another image.
_NOT_IN_IMAGES = frozenset({"README.md", "requirements.in"})
#: What an image takes over from the one that it is made like, where it does not say.
_SHARED = ("requirements", "project", "warm", "user", "limits")
_KEYS = frozenset(
    {
        *("about", "from", "debian", "requirements", "project", "used_by", "warm", "user", "like"),
        *("limits", "megabytes"),
    }
)


@dataclass(frozen=True)
class Recipe:
    """How one image is made."""

    name: str
    about: str
    folder: Path
    model_folder: Path
    """Of the image that it is made like, where that has what its own folder has not; its own for most."""
    parent: str | None
    """Name of the recipe it builds on; None starts from Debian."""
    debian: tuple[str, ...]
    """Debian packages: of the Debian it starts from or, with a parent, of one whose programs it takes over."""
    requirements: str | None
    """Lock file in the folder whose wheels enter the build context."""
    project: tuple[str, ...]
    """Parts of this repository that enter the build context as a wheel."""
    used_by: tuple[str, ...]
    """`runs` for what every host needs that grades submissions, `challenges` for what a challenge may name instead
    of `tabular`, `notebooks` for those with a kernel besides, `compose` for the many-service shape."""
    user: str
    """User or `uid:gid` that the image itself names, and that its self-test runs as; runs have users of their own."""
    warm: tuple[str, ...] | None = None
    """Modules a candidate's container imports while it waits; None when none may be started ahead."""
    limits: Limits | None = None
    """What the predict stage gets on it, where a challenge does not say."""
    megabytes: int | None = None
    """Its size on x86_64 with all below it, as measured; None where nobody has to weigh it."""

    def file(self, name: str) -> Path:
        """A file of its folder, or the one that it takes over; it need not be there."""
        own = self.folder / name
        return own if own.exists() else self.model_folder / name


def read_recipes(images_dir: Path) -> dict[str, Recipe]:
    """Return the recipes in the file's order, in which a parent comes before its children.

    Raises:
        HostError: The file is missing or wrong; the message says where.
    """
    tables = _read_toml(images_dir / FILE, "The list of images")
    recipes: dict[str, Recipe] = {}
    for name in tables:
        recipes[name] = _recipe(name, tables, images_dir, recipes)
    return recipes


def _read_toml(path: Path, what: str) -> dict[str, dict[str, Any]]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HostError(f"{what} cannot be read", str(path), fix="Is AUDITION_IMAGES_DIR right?") from error
    except tomllib.TOMLDecodeError as error:
        raise HostError(f"{what} is not TOML: {error}", str(path)) from error


def _recipe(
    name: str, tables: Mapping[str, Mapping[str, Any]], images_dir: Path, earlier: Mapping[str, Recipe]
) -> Recipe:
    table = tables[name]
    where = f"{images_dir / FILE}, [{name}]"
    if unknown := set(table) - _KEYS:
        raise HostError(
            f"Unknown key {min(unknown)}",
            where,
            fix=f"Known keys: {', '.join(sorted(_KEYS))}.",
        )
    parent = table.get("from")
    if parent is None and "debian" not in table:
        what = "An image needs `from`, `debian` or both"
        raise HostError(what, where)
    model = table.get("like", name)
    if model not in tables:
        raise HostError(f"`like` names {model!r}, which is no image", where)
    shared = {key: tables[model][key] for key in _SHARED if key in tables[model]}
    table = {**shared, **table}
    if parent is not None and parent not in earlier:
        raise HostError(f"`from` names {parent!r}, which is not an image above it", where)
    return Recipe(
        name=name,
        about=table.get("about", ""),
        folder=images_dir / name,
        model_folder=images_dir / model,
        parent=parent,
        debian=tuple(table.get("debian", ())),
        requirements=table.get("requirements"),
        project=tuple(table.get("project", ())),
        used_by=tuple(table.get("used_by", ("runs",))),
        user=table.get("user", "10001:10001"),
        warm=tuple(table["warm"]) if "warm" in table else None,
        limits=_limits(table["limits"], where) if "limits" in table else None,
        megabytes=table.get("megabytes"),
    )


def _limits(table: Mapping[str, Any], where: str) -> Limits:
    if unknown := set(table) - {field.name for field in fields(Limits)}:
        raise HostError(f"Unknown limit {min(unknown)}", where)
    try:
        return codec.from_plain(Limits, table, what="limits")
    except InvalidError as error:
        raise HostError("; ".join(error.problems), where) from None


def read_bases(images_dir: Path) -> dict[str, str]:
    """Return what the FROM of a candidate's Dockerfile may name, with the image of ours that stands for it.

    Raises:
        HostError: The file is missing or wrong; the message says where.
    """
    tables = _read_toml(images_dir / BASES_FILE, "The list of base images")
    bases = {name: image for image, table in tables.items() for name in table.get("names", ())}
    if unknown := set(tables) - set(read_recipes(images_dir)):
        raise HostError(f"There is no image {min(unknown)!r} in {FILE}", str(images_dir / BASES_FILE))
    return bases


def with_parents(recipes: Mapping[str, Recipe], names: Iterable[str]) -> list[Recipe]:
    """Return the named recipes and all they build on, parents first.

    Raises:
        HostError: There is no image of that name.
    """
    wanted: set[str] = set()
    for name in names:
        if name not in recipes:
            raise HostError(f"There is no image named {name!r}", fix=f"There are: {', '.join(recipes)}.")
        step: str | None = name
        while step is not None and step not in wanted:
            wanted.add(step)
            step = recipes[step].parent
    return [recipe for name, recipe in recipes.items() if name in wanted]


def context_files(recipe: Recipe) -> dict[str, Path]:
    """Return the files that make the image what it is, sorted by where they stand in the build context."""
    found: dict[str, Path] = {}
    for folder in (recipe.model_folder, recipe.folder):
        for file in folder.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and file.name not in _NOT_IN_IMAGES:
                found[str(file.relative_to(folder))] = file
    return dict(sorted(found.items()))


def reference(recipe: Recipe, parent: str | None, repo_dir: Path, architecture: str) -> str:
    """Return `audition/<name>:<12 hex>`, the digest of everything that goes into the image.

    Args:
        recipe: The image.
        parent: Reference of the image it builds on, so that a change below changes all above.
        repo_dir: The checkout.
        architecture: Of the engine.
    """
    digest = hashlib.sha256()
    facts: Sequence[object] = (
        recipe.name,
        parent,
        sorted(recipe.debian),
        recipe.requirements,
        recipe.project,
    )
    digest.update(repr((facts, architecture)).encode())
    project = (file for file in project_files(repo_dir, recipe.project) if file.name not in _NOT_IN_IMAGES)
    parts = {str(file.relative_to(repo_dir)): file for file in project}
    for name, file in (*context_files(recipe).items(), *parts.items()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{name} {file.stat().st_mode & 0o100} {content}\n".encode())
    return f"audition/{recipe.name}:{digest.hexdigest()[:12]}"
