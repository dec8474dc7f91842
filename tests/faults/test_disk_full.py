"""The disk of a worker fills up, or it is drained: it takes nothing more, says so, and goes on when it may again."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audition import bootstrap
from audition.domain.fleet import held_by
from audition.domain.submission import State
from tests.faults.checks import check_one_result
from tests.faults.stack import Stack, running_stack, wait_for

pytestmark = [
    pytest.mark.docker,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk of its own takes root"),
]
_DISK_BYTES, _WANTED_BYTES = 256 << 20, 128 << 20
#: Longer than a worker listens before it looks at its host again.
_LOOKED_SECONDS = 8.0
#: Many times as long as a worker lets pass between two reports.
_TOLD_SECONDS = 90.0


@contextmanager
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        options = ["-t", "tmpfs", "-o", f"size={_DISK_BYTES}"]
        subprocess.run(["mount", *options, "none", folder], check=True)
        try:
            yield Path(folder)
        finally:
            # Lazy: the database of the installation is still open in this process.
            subprocess.run(["umount", "--lazy", folder], check=True)


def trouble_of(stack: Stack, worker: str) -> str:
    """What a worker last told of its host."""
    return next(
        (report.trouble for report in stack.ports.queue.told() if report.name == worker), "not heard of"
    )


def test_a_host_whose_disk_is_full_or_that_is_drained_takes_no_jobs() -> None:
    wanted = {"AUDITION_MIN_FREE_BYTES": str(_WANTED_BYTES)}
    with small_disk() as folder, running_stack(folder, **wanted) as stack:
        stack.await_settled(stack.submit())
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(_DISK_BYTES - _WANTED_BYTES))
        time.sleep(_LOOKED_SECONDS)

        waiting = stack.submit()
        log = folder / "logs" / "worker-0.log"
        wait_for(lambda: "no jobs are taken" in log.read_text(), 20.0, "the worker says that it waits")
        assert "MiB free" in log.read_text()
        assert stack.result(waiting)[0].state == State.QUEUED

        worker = held_by(bootstrap.worker_name(0))
        wait_for(lambda: "MiB free" in trouble_of(stack, worker), _TOLD_SECONDS, "operators are told")

        stack.ports.queue.set_draining(worker, is_draining=True)
        ballast.unlink()
        wait_for(lambda: trouble_of(stack, worker) == "", _TOLD_SECONDS, "the host is well again")
        assert stack.result(waiting)[0].state == State.QUEUED

        stack.ports.queue.set_draining(worker, is_draining=False)
        stack.await_settled(waiting)
        check_one_result(stack, waiting, losses=0)
        stack.client.close()
