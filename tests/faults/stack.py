"""A whole installation of a test's own: its database, Redis, worker and clock, on the engine of this host."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.translate import LABEL_INSTANCE, LABEL_RUN
from audition.domain.evidence import Artifact
from audition.domain.grade import Grade
from audition.domain.people import AuditEntry
from audition.domain.run import Run, Stage, StageStatus
from audition.domain.submission import SETTLED_STATES, Submission
from audition.host.processes import Processes
from audition.host.redis_server import find_server
from audition.services.submit import submit
from audition.settings import Settings
from tests import factories, tiny
from tests.unit.services.world import upload_of

#: Short, so that a lost run is noticed soon; the settings' own rule of twice the renewal holds.
FAST = {
    "AUDITION_LEASE_SECONDS": "5",
    "AUDITION_LEASE_RENEW_SECONDS": "1",
    "AUDITION_RECONCILE_SECONDS": "1",
    "AUDITION_WORKERS": "1",
}
FINISH_SECONDS = 300.0
#: Longer than what a worker waits before it sweeps what a dead engine kept of a bay.
CLEAN_SECONDS = 120.0


class Server:
    """A Redis on a unix socket that a test stops and starts again, empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "redis.sock"
        self.url = f"unix://{self._path}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = find_server()
        assert program is not None, "no Redis to test with"
        argv = [str(program), "--port", "0", "--unixsocket", str(self._path), "--dir", str(self._folder)]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([*argv, "--save", ""], stdout=log, stderr=log)
        wait_for(self._answers, 20.0, "Redis answers")

    def stop(self) -> None:
        """Kill it: what it knew is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def flush(self) -> None:
        """Empty it."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False


class Stack:
    """What tests do to the installation, and what they look at."""

    def __init__(self, settings: Settings, server: Server, processes: Processes) -> None:
        self.settings = settings
        self.server = server
        self.ports = bootstrap.control_plane(settings)
        self._processes = processes
        self._invited = 0
        self.client = connect(settings.docker_host or usual_addresses()[0])

    def start(self) -> None:
        """Start worker and clock."""
        environment = self.settings.environment()

        def start(name: str, *argv: str) -> None:
            self._processes.start(name, [sys.executable, "-P", "-m", "audition", *argv], environment)

        start("clock", "clock")
        start("worker-0", "worker", "--slot", "0")

    def pid_of_worker(self) -> int:
        """The process that is the worker now; it may have been replaced."""
        return self._processes._children["worker-0"].process.pid

    def kill_everything(self, job: int) -> None:
        """Kill worker, job, clock and Redis at once; the processes come back as at the start of a host."""
        children = self._processes._children.values()
        kill(job, *(child.process.pid for child in children))
        self.server.stop()
        self.server.start()

    def submit(self, script: str = tiny.GOOD) -> Submission:
        """A candidate of its own uploads."""
        self._invited += 1
        number = self._invited
        now = self.ports.clock.now()
        with self.ports.unit_of_work() as uow:
            uow.people.add_invitation(
                factories.make_invitation(
                    id=f"inv_x{number}",
                    token_digest=f"{number:064x}",
                    created_at=now,
                    expires_at=now.replace(year=now.year + 1),
                )
            )
            uow.commit()
        return submit(self.ports, tiny.principal(f"inv_x{number}"), upload_of(tiny.archive(script)))

    def run(self, submission: Submission) -> Run:
        """Its newest run."""
        with self.ports.unit_of_work() as uow:
            return uow.runs.latest(submission.id)

    def result(
        self, submission: Submission
    ) -> tuple[Submission, Run, tuple[Grade, ...], tuple[Artifact, ...], tuple[AuditEntry, ...]]:
        """Everything that is stored of it."""
        with self.ports.unit_of_work() as uow:
            run = uow.runs.latest(submission.id)
            return (
                uow.submissions.get(submission.id),
                run,
                uow.grades.of_run(run.id),
                uow.runs.artifacts(run.id),
                uow.audit.about(submission.id),
            )

    def await_predicting(self, submission: Submission) -> int:
        """Wait until candidate code runs; return the process id of the job."""
        run_id = self.run(submission).id

        def is_predicting() -> bool:
            with self.ports.unit_of_work() as uow:
                stages = uow.runs.stages(run_id)
            return any(s.stage == Stage.PREDICT and s.status == StageStatus.RUNNING for s in stages)

        wait_for(is_predicting, FINISH_SECONDS, "candidate code runs")
        worker = self.run(submission).worker
        assert worker is not None
        return int(worker.rpartition("/")[2])

    def await_settled(self, *submissions: Submission) -> None:
        """Wait until nothing more happens by itself to any of them."""

        def is_settled() -> bool:
            with self.ports.unit_of_work() as uow:
                return {uow.submissions.get(s.id).state for s in submissions} <= SETTLED_STATES

        wait_for(is_settled, FINISH_SECONDS, "all are settled")

    def await_clean(self, submission: Submission) -> None:
        """Wait until nothing of its runs is left on the engine; nothing else may be under way."""
        run_id = self.run(submission).id
        wait_for(
            lambda: self.strays(run_id) == [],
            CLEAN_SECONDS,
            lambda: f"nothing of {run_id} is left; there are {self.strays(run_id)}",
        )

    def strays(self, run_id: str) -> list[str]:
        """What of this installation is not part of a bay that waits, and bays that the run still holds."""
        bays = self.settings.data_dir / "bays"
        waiting = {
            p.name.rpartition("-")[2] for place in ("free", "making") for p in bays.glob(f"*/{place}/*")
        }
        held = [str(path) for path in bays.glob(f"*/held/{run_id}.*")]
        label = {"label": self.label}
        containers = self.client.containers(all=True, filters=label)
        volumes = self.client.volumes(filters=label).get("Volumes") or []
        return held + [
            str(thing.get("Id") or thing.get("Name"))
            for thing in (*containers, *volumes)
            if thing["Labels"][LABEL_RUN] not in waiting
        ]

    def left(self, label: str) -> list[str]:
        """Names of labelled containers and volumes."""
        containers = self.client.containers(all=True, filters={"label": label})
        volumes = self.client.volumes(filters={"label": label}).get("Volumes") or []
        return [c["Id"] for c in containers] + [v["Name"] for v in volumes]

    @property
    def label(self) -> str:
        """What everything of this installation carries."""
        return f"{LABEL_INSTANCE}={bootstrap.instance(self.settings)}"


def wait_for(condition: Callable[[], bool], seconds: float, what: str | Callable[[], str]) -> None:
    """Poll until it holds.

    Args:
        condition: What is waited for.
        seconds: How long at most.
        what: The same in words, or what finds them when it did not come.

    Raises:
        AssertionError: It did not in time.
    """
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            words = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {seconds:.0f} s in vain: {words}")
        time.sleep(0.05)


def kill(*pids: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Signal processes that the stack started."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@contextmanager
def running_stack(folder: Path, **environment: str) -> Iterator[Stack]:
    """Everything up, with the tiny challenge stored; afterwards nothing is left on the engine.

    Args:
        folder: Where everything that grows is kept.
        environment: More settings, as environment variables.
    """
    folder.chmod(0o755)
    server = Server(folder)
    server.start()
    inherited = {key: os.environ[key] for key in ("DOCKER_HOST", "AUDITION_IMAGE_TAG") if key in os.environ}
    chosen = {
        "AUDITION_DATA_DIR": str(folder / "data"),
        "AUDITION_REDIS_URL": server.url,
        **FAST,
        **inherited,
        **environment,
    }
    settings = Settings.from_env(chosen)
    settings.data_dir.mkdir()
    bootstrap.migrate(settings)
    try:
        with Processes(folder / "logs", stop_seconds=20) as processes:
            stack = Stack(settings, server, processes)
            tiny.store_tiny(stack.ports)
            stack.start()
            yield stack
        wait_for(lambda: stack.left(stack.label) == [], CLEAN_SECONDS, "nothing of the installation is left")
    finally:
        server.stop()
        bootstrap.sandbox(settings, 0).sweep(lambda _run_id, _fence: True)
