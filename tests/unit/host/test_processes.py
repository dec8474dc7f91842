"""Children are kept running, and none is left behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audition.host.processes import Processes
from audition.host.steps import HostError


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.02)


def until_said(word: str, log: Path) -> None:
    until(lambda: word in log.read_text())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_children_end_with_their_supervisor(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        pid = processes.start("sleeper", ["sleep", "60"])
        assert processes.is_alive("sleeper")
    assert not is_running(pid)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    with Processes(tmp_path, stop_seconds=0.3) as processes:
        pid = processes.start("deaf", [sys.executable, "-c", deaf])
        until(lambda: "deaf" in (tmp_path / "deaf.log").read_text())
    assert not is_running(pid)


#: Writes a line for each SIGTERM, and takes a while to finish after the first, as a busy worker does.
_COUNTING = """
import signal, sys, time
asked = []
def note(*_):
    asked.append(time.monotonic())
    print("asked", flush=True)
signal.signal(signal.SIGTERM, note)
print("ready", flush=True)
while not asked or time.monotonic() < asked[0] + float(sys.argv[1]):
    time.sleep(0.02)
print("finished", flush=True)
"""
_CRASHES_FIRST = """
import pathlib, sys
seen = pathlib.Path(sys.argv[2])
if not seen.exists():
    seen.touch()
    sys.exit(1)
"""


@pytest.mark.parametrize("before", ["", _CRASHES_FIRST], ids=["first", "started-again"])
def test_every_child_is_asked_to_end_once(tmp_path: Path, before: str) -> None:
    """The second takes longer than the first, so that there is time to ask it again."""
    takes = {"quick": "0.3", "slow": "0.8"}
    with Processes(tmp_path, stop_seconds=10) as processes:
        for name, seconds in takes.items():
            program = [sys.executable, "-c", before + _COUNTING, seconds, str(tmp_path / f"{name}-seen")]
            processes.start(name, program)
        for name in takes:
            until_said("ready", tmp_path / f"{name}.log")
    for name in takes:
        assert (tmp_path / f"{name}.log").read_text().split() == ["ready", "asked", "finished"]


def test_a_crashed_child_is_started_again(tmp_path: Path) -> None:
    crashes: list[tuple[str, int]] = []
    with Processes(tmp_path, on_crash=lambda name, code: crashes.append((name, code))) as processes:
        processes.start("once", ["sh", "-c", "echo started; test -e flag && sleep 60; exit 3"])
        until(lambda: (tmp_path / "once.log").read_text().count("started") >= 2)
    assert crashes[0] == ("once", 3)


def test_pauses_grow(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("crasher", ["sh", "-c", "date +%s.%N; exit 1"])
        until(lambda: (tmp_path / "crasher.log").read_text().count("\n") >= 4)
    starts = [float(line) for line in (tmp_path / "crasher.log").read_text().split()]
    # At once, half a second later, another second later; a busy host makes them longer, never shorter.
    assert starts[2] - starts[0] >= 0.5
    assert starts[3] - starts[2] >= 0.9


def test_waiting_for_a_child_that_ends_shows_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("web", ["sh", "-c", "echo 'port 8000 is taken'; exit 1"])
        with pytest.raises(HostError, match="port 8000 is taken") as caught:
            processes.wait_ready("web", lambda: False, seconds=10)
    assert "exit code 1" in caught.value.detail


def test_waiting_ends_when_the_child_is_ready_or_the_time_is_up(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("slow", ["sh", "-c", "sleep 60"], {"PATH": os.environ["PATH"]})
        processes.wait_ready("slow", lambda: True, seconds=1)
        with pytest.raises(HostError, match="not ready after 0 s"):
            processes.wait_ready("slow", lambda: False, seconds=0.1)


def test_wait_returns_when_asked_to_end(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        pid = processes.start("sleeper", ["sleep", "60"])
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        processes.wait()
        assert is_running(pid)
    assert not is_running(pid)


def test_a_name_is_used_once(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("a", ["sleep", "60"])
        with pytest.raises(ValueError, match="already"):
            processes.start("a", ["sleep", "60"])


def test_some_exit_codes_are_given_more_time(tmp_path: Path) -> None:
    with Processes(tmp_path, pauses={78: 60.0}) as processes:
        processes.start("unfit", ["sh", "-c", "echo started; exit 78"])
        until_said("started", tmp_path / "unfit.log")
        time.sleep(1.2)
    assert (tmp_path / "unfit.log").read_text().count("started") == 1
