"""A grader's version covers every module that its judgement can reach: whoever changes one has changed them all."""

from importlib.metadata import entry_points
from pathlib import Path

import grimp
import pytest

from audition.grading.versions import sources_of
from tests.architecture.tree import REPO

GRADERS = sorted(entry.module for entry in entry_points(group="audition.graders"))


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("audition", "graders")


@pytest.mark.parametrize("module", GRADERS)
def test_a_version_covers_whatever_of_ours_a_grader_imports(graph: grimp.ImportGraph, module: str) -> None:
    reached = {module}
    wanted = [module, *graph.find_children(module)]
    while wanted:
        name = wanted.pop()
        reached.add(name)
        new = {m for m in graph.find_modules_directly_imported_by(name) if m.startswith("graders.")}
        wanted += sorted(new - reached - set(wanted))
    covered = {path.relative_to(REPO).as_posix() for path in sources_of(str(place_of(module)))}
    missing = {name for name in reached if place_of(name).relative_to(REPO).as_posix() not in covered}
    assert missing == set()


def place_of(module: str) -> Path:
    """The file of a module of the graders."""
    folder = REPO.joinpath(*module.split("."))
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
