"""What is asked of pip, and what goes into our own wheel."""

import io
import zipfile
from pathlib import Path

import pytest

from audition.host import wheels
from audition.host.steps import HostError, Step
from audition.host.wheels import build_project_wheel, fetch_wheels

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "kit"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["src/kit"]
"""


@pytest.fixture
def step() -> Step:
    return Step(io.StringIO())


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    for name in ("public", "secret"):
        (repo / "src" / "kit" / name).mkdir(parents=True)
        (repo / "src" / "kit" / name / "__init__.py").write_text("")
    (repo / "pyproject.toml").write_text(PYPROJECT)
    return repo


def test_only_the_named_parts_enter_the_wheel(tmp_path: Path, repo: Path, step: Step) -> None:
    wheel = build_project_wheel(step, repo, ["pyproject.toml", "src/kit/public"], tmp_path / "out")
    names = zipfile.ZipFile(wheel).namelist()
    assert "kit/public/__init__.py" in names
    assert not any("secret" in name for name in names)


def test_a_missing_part_is_named(tmp_path: Path, repo: Path, step: Step) -> None:
    with pytest.raises(HostError, match="nowhere"):
        build_project_wheel(step, repo, ["nowhere"], tmp_path / "out")


def test_wheels_are_fetched_once_for_the_image_and_by_hash(
    tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(argv: list[str], **_options: object) -> str:
        asked.append(argv)
        (Path(argv[-1]) / "numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl").touch()
        return ""

    monkeypatch.setattr(wheels, "run", run)
    lock = tmp_path / "tabular" / "requirements.lock"
    lock.parent.mkdir()
    lock.write_text("numpy==2.4.6 --hash=sha256:00\n")
    first = fetch_wheels(step, lock, "x86_64", tmp_path)
    assert [wheel.name for wheel in first] == ["numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl"]
    assert fetch_wheels(step, lock, "x86_64", tmp_path) == first
    assert len(asked) == 1
    for option in ("--require-hashes", "--no-deps", "--only-binary=:all:", "manylinux_2_36_x86_64"):
        assert option in asked[0]
    assert fetch_wheels(step, lock, "aarch64", tmp_path) != first


def test_an_interrupted_download_is_not_taken_for_complete(
    tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(argv: list[str], **_options: object) -> str:
        (Path(argv[-1]) / "half.whl").touch()
        what = "no network"
        raise HostError(what)

    monkeypatch.setattr(wheels, "run", run)
    lock = tmp_path / "requirements.lock"
    lock.write_text("numpy==2.4.6\n")
    for _ in range(2):
        with pytest.raises(HostError):
            fetch_wheels(step, lock, "x86_64", tmp_path)


def test_sources_of_a_package_that_has_no_wheel_come_too(
    tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(argv: list[str], **_options: object) -> None:
        for name in ("py4j-0.10.9.9-py2.py3-none-any.whl", "pyspark-4.3.0.tar.gz"):
            (Path(argv[-1]) / name).touch()

    monkeypatch.setattr(wheels, "run", run)
    lock = tmp_path / "spark" / "requirements.lock"
    lock.parent.mkdir()
    lock.write_text("--no-binary pyspark\n")
    found = fetch_wheels(step, lock, "x86_64", tmp_path)
    assert [file.suffix for file in found] == [".whl", ".gz"]
