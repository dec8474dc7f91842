"""The tree: `platform/` shadows nothing, and folders are what their names say."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import REPO, files, is_sample

TOP = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "audition",
    "challenges",
    "docker-compose.yml",
    "docs",
    "graders",
    "platform",
    "pyproject.toml",
    "requirements",
    "sandbox_images",
    "tests",
}
ROOMS = {
    "adapters",
    "anonymize",
    "catalog",
    "cli",
    "domain",
    "grading",
    "host",
    "ports",
    "probing",
    "services",
    "variants",
    "web",
    "worker",
}


def test_the_top_level_holds_what_newcomers_are_told() -> None:
    assert {path.split("/", maxsplit=1)[0] for path in files()} <= TOP


def test_platform_is_a_source_root_and_never_a_package() -> None:
    assert not (REPO / "platform/__init__.py").exists()
    assert {path.split("/")[1] for path in files() if path.startswith("platform/")} <= {
        "audition",
        "README.md",
    }


@pytest.mark.parametrize(
    "argv",
    [
        [sys.executable, "-c", "import platform; assert platform.node; print(platform.python_version())"],
        [sys.executable, "-m", "pytest", "--version"],
        [str(Path(sys.executable).parent / "pytest"), "--version"],
        [sys.executable, "-c", "import audition, graders; print(audition.__version__)"],
    ],
    ids=["stdlib platform", "python -m pytest", "pytest", "ours"],
)
def test_the_folder_named_platform_shadows_nothing_from_the_root(argv: list[str]) -> None:
    """With an `__init__.py` there, `platform.node` fails and pytest does not start."""
    result = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout + result.stderr


def test_the_rooms_of_the_platform_are_those_of_the_design() -> None:
    base = "platform/audition/"
    rooms = {
        path[len(base) :].split("/")[0] for path in files() if path.startswith(base) and path.count("/") > 2
    }
    assert rooms <= ROOMS


def test_every_room_is_a_package_that_says_what_it_is() -> None:
    for room in (REPO / "platform/audition", REPO / "graders"):
        for folder in (room, *(path for path in room.iterdir() if path.is_dir() and path.name in ROOMS)):
            text = (folder / "__init__.py").read_text()
            assert text.startswith('"""'), folder


@pytest.mark.parametrize("folder", ["challenges", "sandbox_images"])
def test_data_is_never_a_package(folder: str) -> None:
    ours = [path for path in files() if path.startswith(f"{folder}/") and not is_sample(path)]
    assert [path for path in ours if path.endswith("__init__.py")] == []


def test_challenges_are_named_in_kebab_case_and_by_their_own_manifest() -> None:
    for manifest in (REPO / "challenges").glob("*/challenge.toml"):
        slug = manifest.parent.name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
        assert tomllib.loads(manifest.read_text())["slug"] == slug


def test_graders_are_registered_by_the_name_they_give_themselves() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    for name, place in project["entry-points"]["audition.graders"].items():
        module = place.partition(":")[0]
        assert module == f"graders.{name.replace('-', '_')}"
        assert (REPO / module.replace(".", "/") / "__init__.py").is_file()


def test_no_file_names_this_machine_or_a_registry() -> None:
    """A checkout works anywhere: paths of a machine and hosts of registries are the machine's own affair."""
    patterns = re.compile(
        rb"pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian\.org|/root/|/home/[a-z]"
    )
    ignored = (".png", ".csv", ".joblib", ".ico", ".woff2")
    found = [
        path
        for path in files()
        if not path.endswith(ignored) and path != "tests/architecture/test_layout.py"
        if patterns.search((REPO / path).read_bytes())
    ]
    assert set(found) <= ALLOWED_HOSTS.keys()


#: Files that must name such a thing, with the reason.
ALLOWED_HOSTS: dict[str, str] = {}
