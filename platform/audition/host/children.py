"""Start and stop child processes that must not outlive us."""

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TAIL_LINES = 12


def spawn(argv: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a program in its own session, with its output appended to `log`.

    The session keeps a Ctrl-C in the terminal from reaching it directly: we stop children in our own order.
    Where `setpriv` exists the kernel ends the child should we die without the chance to.

    Args:
        argv: Program and arguments.
        log: File for standard output and standard error; its folder is made.
        env: The child's whole environment; None passes ours on.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    guard = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  every caller names its program
            [*guard, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], *, patience_seconds: float) -> None:
    """Ask the child to end, wait, then kill it. Does nothing when it ended already."""
    ask_to_end(process)
    see_end(process, patience_seconds=patience_seconds)


def ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Send SIGTERM to a child that runs."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)


def see_end(process: subprocess.Popen[bytes], *, patience_seconds: float) -> None:
    """Wait for a child that was asked to end, then kill it."""
    try:
        process.wait(timeout=patience_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log, for an error message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
