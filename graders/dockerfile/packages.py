"""Checks on what is installed: exact versions, and the order that keeps builds quick."""

from dataclasses import replace
from itertools import islice

from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from graders.dockerfile.build import copies_everything, readable
from graders.dockerfile.installs import Install, installs, is_tool
from graders.dockerfile.instructions import BuildStage, Instruction, Recipe
from graders.dockerfile.requirements import Asked, NotFoundHere, Tree, asked

_NO_FILE = "There is no readable Dockerfile."
#: Commands that are looked at: each may name a file of any length.
_MAX_INSTALLS = 20
_MAX_PACKAGES = 20_000
_NO_PACKAGES = "The Dockerfile installs no Python packages."
#: One of a thousand packages without a hash is still a lack.
_ALL = 0.9999


@check(
    "dockerfile.dependencies.pinned",
    "Dependencies are pinned",
    points=3,
    why="A model that was trained with one version of a library may answer differently with the next.",
    fix="Install from a lock file with exact versions; with hashes (pip install --require-hashes) nobody can swap one.",
)
def dependencies_pinned(workspace: Workspace) -> Result:
    """Share of installed packages that are named by one exact version; what comes from a lock file is."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    found = _wanted(recipe)
    if not found:
        return not_applicable(_NO_PACKAGES)
    return _pinned_share(*_packages(workspace, found))


@check(
    "dockerfile.dependencies.hashed",
    "Dependencies are named by their content",
    points=1,
    why="A version can be uploaded again or come from another index; a hash is the very file that was tested.",
    fix="Lock with hashes: uv lock, poetry lock, or pip-compile --generate-hashes with pip's --require-hashes.",
)
def dependencies_hashed(workspace: Workspace) -> Result:
    """Share of packages with a hash among those of an exact version, whose lack has its own check (A6)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    packages = [item for item in _packages(workspace, _wanted(recipe))[0] if item.is_pinned]
    if not packages:
        return not_applicable("No package is named by an exact version, so none can be named by its content.")
    share = sum(item.hashed for item in packages) / len(packages)
    if share >= _ALL:
        return passed("Every package is named by the hash of its files.")
    loose = [replace(item.evidence, summary="no hash") for item in packages if item.hashed < _ALL][:5]
    if not share:
        return failed("No package is named by a hash.", *loose)
    return partial(share, f"{share:.0%} of the packages are named by a hash.", *loose)


def _wanted(recipe: Recipe) -> list[tuple[BuildStage, Install]]:
    return [
        (stage, install) for stage in recipe.stages for install in installs(stage) if not install.is_tooling
    ]


def _packages(
    workspace: Workspace, found: list[tuple[BuildStage, Install]]
) -> tuple[list[Asked], list[Install]]:
    """What is asked for, and the commands that name what the submission does not have."""
    packages: list[Asked] = []
    lost: list[Install] = []
    for stage, install in found[:_MAX_INSTALLS]:
        try:
            some = islice(asked(workspace, stage, install), _MAX_PACKAGES - len(packages))
            packages += [item for item in some if not is_tool(item.text)]
        except NotFoundHere:
            # A file that is made during the build, as by `poetry export`, is as good as the lock it is made from.
            if not Tree(workspace, stage).has_lock():
                lost.append(install)
    return packages, lost


def _pinned_share(packages: list[Asked], lost: list[Install]) -> Result:
    loose = [item.evidence for item in packages if not item.is_pinned]
    if loose:
        share = 1 - len(loose) / len(packages)
        sentence = f"{len(loose)} of {len(packages)} requirements name no exact version."
        return partial(share, sentence, *loose[:5]) if share else failed(sentence, *loose[:5])
    if lost:
        sentence = "What is installed here could not be found in the submission."
        return partial(0.5, sentence, *(install.instruction.evidence("not found") for install in lost))
    if len(packages) == 1 and packages[0].text.endswith(".lock"):
        return passed("Packages come from a lock file.")
    return passed(f"All {len(packages)} requirements name an exact version.")


@check(
    "dockerfile.layers.dependencies-first",
    "Dependencies are installed before the code is copied",
    points=1,
    why="Otherwise every changed line reinstalls everything, and builds take minutes instead of seconds.",
    fix="COPY the requirements or lock file, RUN the install, and only then COPY the rest.",
)
def layer_order(workspace: Workspace) -> Result:
    """No COPY of everything stands before the first install of dependencies (catalogue A7, static part)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable(_NO_FILE)
    firsts = [(stage, first) for stage in recipe.stages if (first := _first_install(stage))]
    if not firsts:
        return not_applicable(_NO_PACKAGES)
    for stage, first in firsts:
        for instruction in _before(recipe, stage, first):
            if copies_everything(instruction):
                return failed(
                    "The code is copied before the dependencies are installed.", instruction.evidence("here")
                )
    return passed("A change of code does not reinstall the dependencies.")


def _first_install(stage: BuildStage) -> Install | None:
    """The first install of dependencies; later ones, as of the project itself, are quick."""
    return next((install for install in installs(stage) if not install.is_tooling), None)


def _before(recipe: Recipe, stage: BuildStage, install: Install) -> list[Instruction]:
    """The instructions above an install: those of the stages that its own continues, then its own."""
    above = [i for earlier in reversed(recipe.lineage(stage)[1:]) for i in earlier.instructions]
    # A stage that installed its dependencies before it copied is a sound start for another.
    if any(_first_install(earlier) for earlier in recipe.lineage(stage)[1:]):
        above = []
    own = [i for i in stage.instructions if i.line < install.instruction.line]
    return [*above, *own]
