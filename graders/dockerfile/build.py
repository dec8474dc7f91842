"""Checks on how the image is built: base, dependencies, layers, context. Ids follow the design's A-series."""

import re
from pathlib import Path

from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.secret_shapes import SECRET_FILE, SECRET_TEXT
from graders.dockerfile.instructions import BuildStage, Instruction, Recipe, find_recipe

_NO_FILE = "There is no readable Dockerfile."
_MAX_IGNORE = 64 << 10
#: Releases that are named by a word instead of a number.
_RELEASES = frozenset(["bookworm", "bullseye", "buster", "trixie", "focal", "jammy", "noble"])
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASS|PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:_|$)",
    re.IGNORECASE,
)
#: Names that say where a secret is, not what it is.
_POINTER_NAME = re.compile(r"_(?:FILE|PATH|DIR|URL|URI|NAME|HEADER|TTL|EXPIRY|LENGTH|ID)$", re.IGNORECASE)


def readable(workspace: Workspace) -> Recipe | None:
    """The Dockerfile, when there is one that parses."""
    recipe = find_recipe(workspace)
    return None if recipe is None or recipe.error else recipe


@check(
    "dockerfile.present",
    "Has a Dockerfile that parses",
    points=3,
    why="Without a recipe for its image a model lives on one laptop.",
    fix="Put a Dockerfile at the top of the submission that installs the dependencies and starts the service.",
)
def present(workspace: Workspace) -> Result:
    """There is one, and it is valid."""
    recipe = find_recipe(workspace)
    if recipe is None:
        return failed("There is no Dockerfile.")
    if recipe.error:
        return failed(f"{recipe.file} cannot be read: {recipe.error}.")
    return passed(f"{recipe.file} has {len(recipe.stages)} stage(s).")


@check(
    "dockerfile.base.pinned",
    "Base images are pinned",
    points=2,
    why="An image built from a moving tag is another image next month.",
    fix="Name a version, best with its digest: python:3.11.9-slim@sha256:…",
)
def base_pinned(workspace: Workspace) -> Result:
    """Digest 1, version tag 0.5, latest or none 0; mean over the bases (catalogue A6)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    bases = [s for s in recipe.stages if s.parent is None and s.base.lower() != "scratch"]
    if not bases:
        return passed("The image starts from nothing, which cannot move.")
    shares = [_pin_share(stage.base) for stage in bases]
    share = sum(shares) / len(shares)
    loose = zip(bases, shares, strict=True)
    evidence = [stage.source.evidence(_pin_word(stage, share)) for stage, share in loose if share < 1]
    if share == 1:
        return passed("Every base image is named by its digest.")
    if share == 0:
        return failed("The base image has no version: it changes under you.", *evidence)
    if min(shares) == 0:
        return partial(share, "A base image has no version: it changes under you.", *evidence)
    return partial(share, "The base image has a version but no digest.", *evidence)


def _pin_share(base: str) -> float:
    if "@sha256:" in base:
        return 1.0
    _, _, tag = base.rpartition("/")[2].partition(":")
    has_version = any(c.isdigit() for c in tag) or bool(_RELEASES & set(tag.split("-")))
    return 0.5 if has_version and "$" not in tag else 0.0


def _pin_word(stage: BuildStage, share: float) -> str:
    if share:
        return "has a tag, which can be moved"
    return "depends on a variable without a default" if "$" in stage.base else "has no version"


def copies_everything(instruction: Instruction) -> bool:
    """Whether an instruction copies the whole build context."""
    from_context = not any(flag.startswith("--from") for flag in instruction.flags)
    sources = instruction.words[:-1]
    whole = any(source in {".", "./", "*", "./*", "/"} for source in sources)
    return instruction.name in {"copy", "add"} and from_context and whole


@check(
    "dockerfile.copy-not-add",
    "Uses COPY, not ADD",
    points=0.5,
    why="ADD also downloads and unpacks, which nobody expects when reading the file.",
    fix="Use COPY for files of your own; fetch others in a step that checks their digest.",
)
def copy_not_add(workspace: Workspace) -> Result:
    """No ADD (CIS Docker Benchmark 4.9)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    adds = [i for stage in recipe.stages for i in stage.all("add")]
    if adds:
        return failed("ADD is used where COPY would do.", *(i.evidence("ADD") for i in adds))
    return passed("No ADD.")


@check(
    "dockerfile.secrets.none",
    "No secrets in the recipe",
    points=2,
    why="What is in a layer can be read by everybody who can pull the image, even after it is deleted.",
    fix="Read secrets from the environment or from a mounted file when the container starts.",
)
def no_secrets(workspace: Workspace) -> Result:
    """No secret by name, by form or as a file (CIS Docker Benchmark 4.10)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    found = [
        instruction.evidence(reason)
        for stage in recipe.stages
        for instruction in (stage.source, *stage.instructions)
        if (reason := _secret(instruction))
    ]
    if found:
        return failed("The Dockerfile holds what looks like a secret.", *found)
    return passed("No secret is set, copied or written out.")


def _secret(instruction: Instruction) -> str:
    """Why an instruction looks like one that leaks a secret; empty when it does not."""
    if instruction.name in {"env", "arg"}:
        for name, value in instruction.assignments():
            if value and _SECRET_NAME.search(name) and not _POINTER_NAME.search(name):
                return f"{name[:40]} is set to a value"
    if instruction.name in {"copy", "add"}:
        for source in instruction.words[:-1]:
            if SECRET_FILE.search(source):
                return f"{source[:40]} is copied into the image"
    text = " ".join((*instruction.words, *instruction.heredocs))
    return "a key, token or password is written out" if SECRET_TEXT.search(text) else ""


@check(
    "dockerfile.context.ignored",
    "The build context leaves out what does not belong",
    points=0.5,
    why="Data, virtual environments and .git in an image make it large and leak what was never meant to ship.",
    fix="Add a .dockerignore with .git, data, virtual environments and notebooks.",
)
def context_ignored(workspace: Workspace) -> Result:
    """There is a .dockerignore with a pattern in it, or nothing but named files is copied."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    wide = [i for stage in recipe.stages for i in stage.instructions if copies_everything(i)]
    names = (".dockerignore", f"{recipe.file}.dockerignore")
    present = [name for name in names if (workspace.submission / name).is_file()]
    if any(_has_pattern(workspace.submission / name) for name in present):
        return passed("There is a .dockerignore.")
    if wide:
        found = f"{present[0]} names nothing" if present else "there is no .dockerignore"
        return failed(f"Everything is copied and {found}.", wide[0].evidence("here"))
    return passed("Only named files are copied.")


def _has_pattern(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as stream:
        lines = [line.strip() for line in stream.read(_MAX_IGNORE).splitlines()]
    return any(line and not line.startswith(("#", "!")) for line in lines)
