"""Checks on how the image is built: base, dependencies, layers, context. Ids follow the design's A-series."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from graders.dockerfile.instructions import Instruction, Recipe, find_recipe

_NO_FILE = "There is no readable Dockerfile."
_MAX_REQUIREMENTS = 512 << 10
_PIP_INSTALL = re.compile(r"\bpip3?\s+install\b|\buv\s+(?:pip\s+(?:install|sync)|sync)\b")
_REQUIREMENT_FILE = re.compile(r"(?:-r|--requirement)[=\s]+(\S+)")
#: A requirement that names one exact version, or content by URL and digest. Source: PEP 440, PEP 508.
_PINNED = re.compile(r"^[A-Za-z0-9._-]+(?:\[[^\]]*\])?\s*===?\s*[^*,;\s]+|@\s*\S+#sha256=")
_LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock", "conda-lock.yml", "pylock.toml")
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:_|$)",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$", re.DOTALL)


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
    aliases = {stage.alias for stage in recipe.stages if stage.alias}
    bases = [s for s in recipe.stages if s.base.lower() not in aliases and s.base != "scratch"]
    if not bases:
        return passed("The image starts from nothing, which cannot move.")
    shares = [_pin_share(stage.base) for stage in bases]
    share = sum(shares) / len(shares)
    evidence = [
        stage.source.evidence(_pin_word(value))
        for stage, value in zip(bases, shares, strict=True)
        if value < 1
    ]
    if share == 1:
        return passed("Every base image is named by its digest.")
    if share == 0:
        return failed("The base image has no version: it changes under you.", *evidence)
    return partial(share, "The base image has a version but no digest.", *evidence)


def _pin_share(base: str) -> float:
    if "@sha256:" in base:
        return 1.0
    _, _, tag = base.rpartition("/")[2].partition(":")
    return 0.5 if tag and tag != "latest" else 0.0


def _pin_word(share: float) -> str:
    return "has a tag, which can be moved" if share else "has no version, or latest"


@check(
    "dockerfile.dependencies.pinned",
    "Dependencies are pinned",
    points=3,
    why="A model that was trained with one version of a library may answer differently with the next.",
    fix="Install from a lock file with exact versions; with hashes (pip install --require-hashes) nobody can swap one.",
)
def dependencies_pinned(workspace: Workspace) -> Result:
    """Share of installed requirements that name an exact version; a lock file counts as all of them."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    installs = [i for s in recipe.stages for i in s.all("run") if _PIP_INSTALL.search(i.text)]
    if not installs:
        return not_applicable("The Dockerfile installs no Python packages.")
    if any(re.search(r"\buv\s+sync\b", i.text) for i in installs) and _has_lock(workspace):
        return passed("Packages come from a lock file.")
    pinned, loose = [], []
    for instruction in installs:
        for text, evidence in _requirements(workspace, instruction):
            (pinned if _PINNED.search(text) else loose).append(evidence)
    total = len(pinned) + len(loose)
    if total == 0:
        return partial(
            0.5, "The requirements that are installed could not be found.", installs[0].evidence("here")
        )
    if not loose:
        return passed(f"All {total} requirements name an exact version.")
    sentence = f"{len(loose)} of {total} requirements name no exact version."
    return partial(len(pinned) / total, sentence, *loose[:5]) if pinned else failed(sentence, *loose[:5])


def _has_lock(workspace: Workspace) -> bool:
    return any((workspace.submission / name).is_file() for name in _LOCKS)


def _requirements(workspace: Workspace, instruction: Instruction) -> Iterator[tuple[str, Evidence]]:
    """Requirements that one RUN installs: those on its line, and those in the files it names."""
    for name in _REQUIREMENT_FILE.findall(instruction.text):
        yield from _from_file(workspace, PurePosixPath(name).name)
    command = _PIP_INSTALL.split(instruction.text, maxsplit=1)[-1]
    command = re.split(r"&&|\|\||;", command)[0]
    skip = False
    for word in command.split():
        if skip or word.startswith("-") or "/" in word or word.startswith("."):
            skip = word in {
                "-r",
                "--requirement",
                "-c",
                "--constraint",
                "-f",
                "--find-links",
                "-i",
                "--index-url",
            }
            continue
        word = word.strip("\"'")  # noqa: PLW2901  quotes belong to the shell, not to the requirement
        yield word, instruction.evidence(f"{word} on the command line")


def _from_file(workspace: Workspace, name: str) -> Iterator[tuple[str, Evidence]]:
    path = next(
        (p for p in sorted(workspace.submission.rglob(name)) if p.is_file() and not p.is_symlink()), None
    )
    if path is None or path.stat().st_size > _MAX_REQUIREMENTS:
        return
    shown = str(path.relative_to(workspace.submission))
    for number, raw in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        text = raw.split(" #")[0].strip().rstrip("\\").strip()
        if text and not text.startswith(("#", "-")):
            yield text, Evidence(summary="no exact version", file=shown, line=number, excerpt=text[:120])


@check(
    "dockerfile.layers.dependencies-first",
    "Dependencies are installed before the code is copied",
    points=1,
    why="Otherwise every changed line reinstalls everything, and builds take minutes instead of seconds.",
    fix="COPY the requirements or lock file, RUN the install, and only then COPY the rest.",
)
def layer_order(workspace: Workspace) -> Result:
    """No COPY of everything stands before the install (catalogue A7, static part)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    for stage in recipe.stages:
        at = [n for n, i in enumerate(stage.instructions) if i.name == "run" and _PIP_INSTALL.search(i.text)]
        early = [i for i in stage.instructions[: at[0]] if _copies_everything(i)] if at else []
        if early:
            return failed(
                "The code is copied before the dependencies are installed.", early[0].evidence("here")
            )
    return passed("A change of code does not reinstall the dependencies.")


def _copies_everything(instruction: Instruction) -> bool:
    from_context = not any(flag.startswith("--from") for flag in instruction.flags)
    return instruction.name in {"copy", "add"} and from_context and instruction.words[:1] in {(".",), ("./",)}


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
    """No ENV or ARG with a secret's name and a value (CIS Docker Benchmark 4.10)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    found = [
        instruction.evidence(f"{name} is set to a value")
        for stage in recipe.stages
        for instruction in (*stage.all("env"), *stage.all("arg"))
        for name, value in _assignments(instruction)
        if _SECRET_NAME.search(name) and value.strip("\"'")
    ]
    if found:
        return failed("The Dockerfile sets what looks like a secret.", *found)
    return passed("No secret is set in an ENV or ARG.")


def _assignments(instruction: Instruction) -> Iterator[tuple[str, str]]:
    if instruction.name == "env":
        # The parser gives ENV as name, value, name, value ...; newer ones add the separator "=".
        words = [word for word in instruction.words if word != "="]
        yield from zip(words[::2], words[1::2], strict=False)
        return
    for word in instruction.words:
        if match := _ASSIGNMENT.match(word):
            yield match[1], match[2] or ""


@check(
    "dockerfile.context.ignored",
    "The build context leaves out what does not belong",
    points=0.5,
    why="Data, virtual environments and .git in an image make it large and leak what was never meant to ship.",
    fix="Add a .dockerignore with .git, data, virtual environments and notebooks.",
)
def context_ignored(workspace: Workspace) -> Result:
    """There is a .dockerignore, or nothing but named files is copied."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    if (workspace.submission / ".dockerignore").is_file():
        return passed("There is a .dockerignore.")
    wide = [i for stage in recipe.stages for i in stage.instructions if _copies_everything(i)]
    if wide:
        return failed("Everything is copied and there is no .dockerignore.", wide[0].evidence("here"))
    return passed("Only named files are copied.")
