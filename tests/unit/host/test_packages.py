"""Packages that hold raw data: asked for by their registry's client, taken by their digest, kept for others."""

import hashlib
import io
from pathlib import Path

import pytest

from audition.catalog.sources import Registry, Source
from audition.host import packages
from audition.host.packages import fetch_source
from audition.host.steps import HostError, Step

CONTENT = b"a package"


def source(registry: Registry, sha256: str = hashlib.sha256(CONTENT).hexdigest()) -> Source:
    return Source(
        file="a.pkg", sha256=sha256, licence="MIT", fetch=registry, package="a-package", version="1.2"
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What clients were asked; each gives the package."""
    said: list[list[str]] = []

    def run(argv: list[str], *, cwd: Path, **_options: object) -> str:
        said.append(argv)
        (cwd / "a-package-1.2.any").write_bytes(CONTENT)
        return ""

    monkeypatch.setattr(packages, "run", run)
    return said


@pytest.fixture
def step() -> Step:
    return Step(io.StringIO())


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        (Registry.PYPI, {"download", "--no-deps", "--only-binary=:all:", "a-package==1.2"}),
        (Registry.NPM, {"pack", "--ignore-scripts", "a-package@1.2"}),
        (Registry.DEBIAN, {"apt-get", "download", "a-package=1.2"}),
    ],
)
def test_each_registry_is_asked_for_one_pinned_package(
    registry: Registry, words: set[str], asked: list[list[str]], step: Step, tmp_path: Path
) -> None:
    fetch_source(step, source(registry), tmp_path / "raw", tmp_path / "cache")
    assert (tmp_path / "raw" / "a.pkg").read_bytes() == CONTENT
    assert words <= set(asked[0])


def test_a_package_is_fetched_once_for_all_challenges(
    asked: list[list[str]], step: Step, tmp_path: Path
) -> None:
    for name in ("one", "one", "other"):
        fetch_source(step, source(Registry.PYPI), tmp_path / name, tmp_path / "cache")
    assert len(asked) == 1
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["a.pkg"]


@pytest.mark.usefixtures("asked")
def test_another_file_than_the_pinned_one_is_not_taken(step: Step, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="has the digest"):
        fetch_source(step, source(Registry.PYPI, "0" * 64), tmp_path / "raw", tmp_path / "cache")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_that_was_changed_is_fetched_again(asked: list[list[str]], step: Step, tmp_path: Path) -> None:
    fetch_source(step, source(Registry.NPM), tmp_path, tmp_path / "cache")
    (tmp_path / "a.pkg").write_bytes(b"something else")
    (tmp_path / "cache" / "packages" / source(Registry.NPM).sha256).write_bytes(b"cut off")
    fetch_source(step, source(Registry.NPM), tmp_path, tmp_path / "cache")
    assert (tmp_path / "a.pkg").read_bytes() == CONTENT
    assert len(asked) == 2
