"""The launcher at the root: installs after a change, starts at once without one, explains failures.

The virtual environment's Python is a shell script here, so that nothing is fetched.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = """\
#!/bin/sh
echo "$*" >> "$(dirname "$0")/../calls"
case "$*" in
  "-m pip install"*) [ -z "{failure}" ] || {{ echo "{failure}" >&2; exit 1; }} ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("audition", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    put_python(tmp_path)
    return tmp_path


def put_python(checkout: Path, failure: str = "") -> None:
    program = checkout / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(PYTHON.format(failure=failure))
    program.chmod(0o755)


def launch(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "audition", *arguments], capture_output=True, text=True, check=False, cwd="/"
    )


def calls(checkout: Path) -> list[str]:
    path = checkout / ".venv" / "calls"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def test_it_is_short_and_sound() -> None:
    assert len((ROOT / "audition").read_text().splitlines()) <= 80
    subprocess.run(["sh", "-n", ROOT / "audition"], check=True)


def test_the_first_start_installs_by_hash_and_the_second_does_not(checkout: Path) -> None:
    first = launch(checkout, "demo", "--once", "a b")
    assert first.returncode == 0, first.stderr
    done = calls(checkout)
    assert "--require-hashes" in done[1]
    assert "--no-deps" in done[1]
    assert done[1].endswith("requirements/runtime.lock")
    assert done[2].endswith(f"-e {checkout}")
    assert done[-1] == "-P -m audition demo --once a b"
    assert launch(checkout, "demo").stderr == ""
    assert calls(checkout) == ["-P -m audition demo"]


@pytest.mark.parametrize("verb", ["test", "bench"])
def test_the_tools_come_with_the_verbs_that_need_them(checkout: Path, verb: str) -> None:
    launch(checkout, "demo")
    calls(checkout)
    launch(checkout, verb)
    assert any(call.endswith("requirements/dev.lock") for call in calls(checkout))
    launch(checkout, "demo")
    assert calls(checkout) == ["-P -m audition demo"]


def test_a_changed_lock_is_installed(checkout: Path) -> None:
    launch(checkout, "demo")
    calls(checkout)
    with (checkout / "requirements" / "runtime.lock").open("a") as lock:
        lock.write("# changed\n")
    assert launch(checkout, "demo").returncode == 0
    assert any("--require-hashes" in call for call in calls(checkout))


@pytest.mark.parametrize(
    ("failure", "fix"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: No matching distribution found for click==8.5.1", "check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "do not trust that mirror"),
        ("something new", "the whole story is in"),
    ],
)
def test_a_failed_installation_says_why_and_is_tried_again(checkout: Path, failure: str, fix: str) -> None:
    put_python(checkout, failure)
    failed = launch(checkout, "demo")
    assert failed.returncode == 1
    assert failure in failed.stderr
    assert fix in failed.stderr
    assert not any("audition demo" in call for call in calls(checkout))
    put_python(checkout)
    assert launch(checkout, "demo").returncode == 0


def test_a_link_to_it_finds_the_checkout(checkout: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(checkout / "audition")
    assert subprocess.run([link, "demo"], capture_output=True, check=False).returncode == 0
    assert calls(checkout)[-1] == "-P -m audition demo"
