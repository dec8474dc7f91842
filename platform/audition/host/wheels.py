"""Fetch and build the wheels that go into images.

Wheels are fetched on the host, for the image's Python, and installed inside without any network. So an
image build needs no proxy and no certificate authority of the host's network, and nothing of them stays
in an image.
"""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audition.host.commands import run
from audition.host.steps import HostError, Step

PYTHON = "3.11"
"""Of every image of ours: Debian 12's."""
_GLIBC_MINOR = 36
"""Debian 12 has glibc 2.36, so wheels built for any older one run."""
_DONE = ".complete"


def fetch_wheels(step: Step, lock: Path, architecture: str, cache_dir: Path) -> list[Path]:
    """Return the wheels that a lock names, fetched once per content of the lock.

    Args:
        step: Told when something is fetched.
        lock: Hash-locked requirements without environment markers, which pip would judge by
            the host's Python.
        architecture: Of the image: x86_64 or aarch64.
        cache_dir: Where to keep them.

    Raises:
        HostError: The package index did not give all of them.
    """
    digest = hashlib.sha256(lock.read_bytes() + architecture.encode()).hexdigest()[:12]
    folder = cache_dir / "wheels" / f"{lock.parent.name}-{digest}"
    if not (folder / _DONE).exists():
        step.note(f"fetching the wheels of {lock.parent.name}/{lock.name}")
        folder.mkdir(parents=True, exist_ok=True)
        run(
            _download_command(lock, architecture, folder),
            what=f"The packages of {lock.parent.name}/{lock.name} could not be fetched",
            fix="Check the network and pip's index settings (pip config list).",
        )
        (folder / _DONE).touch()
    return sorted(file for pattern in ("*.whl", "*.tar.gz") for file in folder.glob(pattern))


def _download_command(lock: Path, architecture: str, folder: Path) -> list[str]:
    platforms = [f"manylinux_2_{minor}_{architecture}" for minor in range(_GLIBC_MINOR, 4, -1)]
    platforms += [f"manylinux2014_{architecture}"]
    return [
        *(
            sys.executable,
            "-m",
            "pip",
            "download",
            "--disable-pip-version-check",
            "--no-input",
            "--quiet",
        ),
        # A lock that begins with `--no-binary NAME` gets the sources of that package.
        *("--require-hashes", "--no-deps", "--only-binary=:all:"),
        *(
            "--implementation",
            "cp",
            "--python-version",
            PYTHON,
            "--abi",
            f"cp{PYTHON.replace('.', '')}",
        ),
        *(argument for platform in platforms for argument in ("--platform", platform)),
        *("--requirement", str(lock), "--dest", str(folder)),
    ]


def build_project_wheel(step: Step, repo_dir: Path, parts: Sequence[str], out_dir: Path) -> Path:
    """Build a wheel of this project from some of its files only.

    Args:
        step: Told that it happens.
        repo_dir: The checkout.
        parts: Files and folders to take, relative to it.
        out_dir: Where to put the wheel.

    Raises:
        HostError: A part is missing, or the build back-end failed.
    """
    step.note("building our own wheel")
    with tempfile.TemporaryDirectory() as name:
        stage = Path(name)
        for part in parts:
            _copy(repo_dir / part, stage / part)
        run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out_dir)],
            what="The project's own wheel could not be built",
            cwd=stage,
        )
    wheels = list(out_dir.glob("*.whl"))
    if len(wheels) != 1:
        raise HostError(f"Expected one wheel of the project, got {len(wheels)}", str(out_dir))
    return wheels[0]


def project_files(repo_dir: Path, parts: Sequence[str]) -> list[Path]:
    """Return every file of some parts of the checkout, sorted, without what Python leaves behind."""
    found: list[Path] = []
    for part in parts:
        path = repo_dir / part
        found += [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())
    return sorted(file for file in found if "__pycache__" not in file.parts)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        what = "A part of the project that goes into an image is missing"
        raise HostError(what, str(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)
