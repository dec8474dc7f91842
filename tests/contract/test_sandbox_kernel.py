"""What needs a kernel: cases of the contract that a fake cannot honestly do, and why."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.execution import FileMount
from audition.domain.run import Verdict, judge_exit
from tests.contract.boxes import LIMITS, Box, Deed
from tests.contract.conftest import ON_DOCKER, STARTED_AHEAD
from tests.contract.deeds import run


class TestRealEngines:
    """What needs a kernel: a fake is one process and has neither files nor users of its own."""

    @pytest.fixture(params=[ON_DOCKER, STARTED_AHEAD])
    def box(self, request: pytest.FixtureRequest) -> Box:
        made: Box = request.getfixturevalue(request.param)
        return made

    @pytest.mark.parametrize("code", [0, 5])
    def test_memory_that_a_child_process_takes_counts_whatever_its_parent_says(
        self, box: Box, code: int
    ) -> None:
        hog = "b = bytearray(200 << 20); b[::4096] = b'x' * len(b[::4096])"
        script = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {hog!r}])
raise SystemExit({code})
"""

        exit_ = run(box, Deed(script=script))

        assert exit_.is_out_of_memory
        assert judge_exit(exit_) == Verdict.MEMORY_LIMIT

    def test_children_that_left_their_session_die_with_the_container(self, box: Box) -> None:
        script = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1e6)
    os._exit(0)
os.wait()
"""
        spec = box.spec(Deed(script=script))
        began = time.monotonic()

        exit_ = box.sandbox.run(spec)

        assert exit_.exit_code == 0
        assert time.monotonic() - began < 60

    def test_a_fork_bomb_meets_the_limit_on_processes(self, box: Box) -> None:
        script = """
import os, time
made = 0
try:
    while made < 1000:
        if os.fork() == 0: time.sleep(1e6)
        made += 1
except OSError:
    print(made, end="", flush=True)
    os._exit(7)
"""
        exit_ = run(box, Deed(script=script), limits=replace(LIMITS, pids=24))

        assert exit_.exit_code == 7
        assert 10 < int(exit_.stdout) < 24

    def test_a_mounted_file_can_be_read_and_not_written(self, box: Box, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        for folder in tmp_path.parents[:3]:
            folder.chmod(0o755)
        source = tmp_path / "input"
        source.write_text("given")
        source.chmod(0o666)
        mount = FileMount(source=str(source), target="/in/data.csv")
        script = """
print(open("/in/data.csv").read(), end="")
try: open("/in/data.csv", "w")
except OSError as e: print(e.errno, end="")
"""
        exit_ = box.sandbox.run(box.spec(Deed(script=script), mounts=(mount,)))

        assert exit_.stdout == b"given30"  # EROFS
        assert source.read_text() == "given"

    def test_two_candidates_at_once_have_users_of_their_own(self, box: Box) -> None:
        deed = Deed(script="import os; print(os.getuid(), os.getgid(), end='')")

        said = [box.sandbox.run(box.spec(deed, slot=slot)).stdout.split() for slot in (0, 1)]

        assert said[0][0] == said[0][1]
        assert int(said[0][0]) >= 10_000
        assert said[0] != said[1]

    def test_even_what_ends_soon_is_measured(self, box: Box) -> None:
        usage = run(box, Deed(script="b = bytearray(30 << 20); b[::4096] = b'x' * len(b[::4096])")).usage

        assert usage.cpu_seconds is not None
        assert usage.peak_memory_bytes is not None
        assert 20 << 20 < usage.peak_memory_bytes <= LIMITS.memory_bytes

    def test_usage_comes_from_the_kernel(self, box: Box) -> None:
        script = """
import time
b = bytearray(b"x" * (20 << 20))
t = time.time()
while time.time() - t < 2.5: pass
"""

        usage = run(box, Deed(script=script)).usage

        assert 2.3 < usage.wall_seconds < 60
        assert usage.cpu_seconds is not None
        assert 0.3 < usage.cpu_seconds < 10
        assert usage.peak_memory_bytes is not None
        assert 20 << 20 < usage.peak_memory_bytes <= LIMITS.memory_bytes
