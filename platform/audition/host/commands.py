"""Run a program of the system and turn its failure into a sentence."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from audition.host.steps import HostError, Step

# What a failing program says, and what helps: checked in this order, against its last lines.
_CAUSES = (
    ("No space left", "The disk is full: free some space and run this again."),
    (
        "DO NOT MATCH THE HASHES",
        "A downloaded file is not the one the lock names: do not trust that mirror.",
    ),
    (
        "Could not get lock",
        "Another package installation is running: wait for it and run this again.",
    ),
    ("Permission denied", "This user may not do that: run it as root, or ask for the right."),
    (
        "emporary failure",
        "No network, or no name server: check the connection and the proxy settings.",
    ),
    (
        "Unable to fetch",
        "A package mirror did not answer: check the network and /etc/apt/sources.list.",
    ),
    (
        "onnection",
        "Something on the network did not answer: check the connection and the proxy settings.",
    ),
    ("No matching distribution", "The package index has no such file: check pip's index settings."),
)


def is_root() -> bool:
    """Whether this process may install packages and start the engine."""
    return os.geteuid() == 0


def can_install_debian_packages() -> bool:
    """Whether `apt_install` has a chance here."""
    return is_root() and shutil.which("apt-get") is not None


def apt_install(step: Step, *packages: str) -> None:
    """Install Debian packages without asking questions.

    Raises:
        HostError: apt-get failed; the message carries its last lines.
    """
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    step.note("apt-get update")
    run([*apt, "update"], what="The list of Debian packages could not be refreshed")
    step.note(f"apt-get install {' '.join(packages)}")
    run(
        [*apt, "install", "-y", "--no-install-recommends", *packages],
        what=f"apt-get could not install {', '.join(packages)}",
    )


def run(argv: Sequence[str], *, what: str, cwd: Path | None = None, fix: str = "") -> str:
    """Run a program to its end and return its standard output.

    Args:
        argv: Program and arguments.
        what: The sentence that opens the error should it fail.
        cwd: Where to run it.
        fix: What to do about a failure whose cause is not recognised.

    Raises:
        HostError: It could not be started or did not exit with 0.
    """
    try:
        done = subprocess.run(  # noqa: S603  every caller names its program
            argv,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise HostError(what, where=argv[0], fix=f"{error.strerror}. {fix}".strip()) from error
    if done.returncode == 0:
        return done.stdout
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
    raise HostError(
        f"{what}:\n" + "\n".join(f"  {line}" for line in said), fix=advice("\n".join(said)) or fix
    )


def advice(said: str) -> str:
    """Return what helps against a known complaint, or an empty string."""
    return next((fix for mark, fix in _CAUSES if mark in said), "")
