"""What does the platform add to a submission, next to bare loops over the same containers?

Overhead is the time from "received" to "graded", both as the database has them, less the time that the engine says
the candidate's command ran. The bare loop does create, start, wait and remove through docker-py for the same
containers: the same images, flags, runtimes and volumes, each running `true`; once more with all of them under the
engine's default runtime; and the last loop does one `docker run` a stage. All take turns, so that noise hits all.
"""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import docker

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.translate import Translator, volume_name
from audition.cli.client import Client
from audition.domain.execution import ContainerSpec, Ownership, VolumeMount
from audition.domain.run import Stage
from audition.domain.submission import SETTLED_STATES, State
from audition.services.containers import expected_specs
from tests.bench.processors import Spent, spent
from tests.bench.steps import steps
from tests.stack import SLUG, Stack, trivial_archive

WAIT_SECONDS = 120.0
_PER_CANDIDATE = 5
#: A user id that no worker of the stack has.
_BARE_SLOT = 998
_NOBODY = Ownership(run_id="pub_bare", fence=0, deadline_epoch=0)
_BAY_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One turn of all; seconds."""

    total: float
    candidate: float
    steps: dict[str, float]
    bare: float
    bare_usual: float
    docker_run: float

    @property
    def overhead(self) -> float:
        """What the platform added."""
        return self.total - self.candidate


@dataclass(frozen=True, order=True)
class BareRate:
    """Throughput of the bare loop."""

    rate: float
    """Sets of containers a second."""
    threads: int
    busy_seconds: float
    """Of the machine's processors for each set."""


class Engine:
    """The engine, for loops that do nothing but start containers."""

    def __init__(self, stack: Stack) -> None:
        """Connect, with room for several threads."""
        settings = stack.settings
        self.client: docker.APIClient = connect(settings.docker_host or usual_addresses()[0], pool_size=32)
        equipment = bootstrap.equipment(settings, stack.images)
        self._runner = bootstrap.runner(settings, equipment, slot=_BARE_SLOT)
        with stack.ports.unit_of_work() as uow:
            self._version = uow.challenges.latest(SLUG)
        instance = bootstrap.instance(settings)
        self._same = Translator(instance=instance, runtimes=equipment.runtimes)
        self._usual = Translator(instance=instance)

    def bare_loop(self, *, under_default_runtime: bool = False) -> float:
        """Seconds for a submission's containers, one after another, through docker-py."""
        translator = self._usual if under_default_runtime else self._same
        owner = Ownership(run_id=f"pub_{uuid4().hex[:12]}", fence=0, deadline_epoch=int(time.time()) + 7200)
        started = time.perf_counter()
        for spec in self._specs(owner):
            self._one(translator.request(spec))
        for name in self._volumes(owner):
            self.client.remove_volume(name)
        return time.perf_counter() - started

    def docker_run_loop(self) -> float:
        """Seconds for a submission's containers by the command-line client, with its defaults and no hardening."""
        started = time.perf_counter()
        for spec in self._specs(_NOBODY):
            command = ["docker", "run", "--rm", "--network=none", spec.image, "true"]
            subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - started

    def best_rate(self, sets: int = 8) -> "BareRate":
        """Sets of a submission's containers a second, at the best of several concurrencies."""
        rates = []
        for threads in (1, 2, 4, 8):
            with spent() as used, ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda _: self.bare_loop(), range(sets)))
            rates.append(BareRate(sets / used.wall_seconds, threads, used.busy_seconds / sets))
        return max(rates)

    def _one(self, request: dict[str, Any]) -> None:
        """Create, start, wait, remove."""
        container = self.client.create_container_from_config(request)["Id"]  # type: ignore[no-untyped-call]
        self.client.start(container)
        self.client.wait(container)
        self.client.remove_container(container, force=True)

    def _volumes(self, owner: Ownership) -> set[str]:
        """Names of the volumes that they share."""
        return {
            volume_name(spec, mount, self._same.instance)
            for spec in self._specs(owner)
            for mount in spec.mounts
            if isinstance(mount, VolumeMount)
        }

    def _specs(self, owner: Ownership) -> list[ContainerSpec]:
        """The containers of one submission with all their flags and volumes, doing nothing."""
        specs = expected_specs(self._runner, self._version, owner)
        return [
            replace(s, argv=("true",), mounts=tuple(m for m in s.mounts if isinstance(m, VolumeMount)))
            for s in specs
        ]


def sequential(stack: Stack, engine: Engine, runs: int, say: Callable[[str], None]) -> list[Sample]:
    """One submission at a time, in turns with the loops, after one turn that does not count."""
    samples = []
    candidate = stack.staff
    for number in range(runs + 1):
        if number % _PER_CANDIDATE == 0:
            candidate = stack.candidate(f"s{number}")
        await_bays(stack)
        total, submission_id = _submit(stack, candidate, f"k{number}")
        sample = Sample(
            total=total,
            candidate=_candidate_seconds(stack, submission_id),
            steps=steps(stack, submission_id),
            bare=engine.bare_loop(),
            bare_usual=engine.bare_loop(under_default_runtime=True),
            docker_run=engine.docker_run_loop(),
        )
        say(f"{number:3}  overhead {sample.overhead:6.3f} s   bare loop {sample.bare:6.3f} s")
        samples.append(sample)
    return samples[1:]


def at_once(stack: Stack, runs: int) -> tuple[Spent, list[float]]:
    """All submissions at once, by as many candidates: what the machine did, and seconds of work for each.

    Work is from "taken by a worker" to "graded", less the candidate's own time: what waiting in a queue adds is
    the load's doing, not the platform's.
    """
    candidates = [stack.candidate(f"c{number}") for number in range(runs)]
    await_bays(stack)
    archive = trivial_archive()
    with spent() as used:
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda c: c.submit(archive, "trivial.zip", key="k")["id"], candidates))
        await_graded(stack, ids)
    return used, [_work_seconds(stack, submission_id) for submission_id in ids]


def await_graded(stack: Stack, ids: list[str]) -> None:
    """Look into the database: people who ask the site would be a load of their own on the same processors."""
    until = time.monotonic() + WAIT_SECONDS
    waiting = ids
    while waiting:
        time.sleep(0.1)
        with stack.ports.unit_of_work() as uow:
            left = [s for s in map(uow.submissions.get, waiting) if s.state != State.GRADED]
        waiting = [s.id for s in left]
        if any(s.state in SETTLED_STATES for s in left) or (left and time.monotonic() > until):
            states = ", ".join(f"{s.id} is {s.state}: {s.state_reason}" for s in left)
            msg = f"Not all were graded: {states}"
            raise RuntimeError(msg)


def await_bays(stack: Stack) -> None:
    """Wait until every worker has its bays and they have imported what they import; at once when none are kept."""
    if stack.settings.warm_bays == 0:
        return
    wanted = stack.settings.warm_bays * stack.settings.workers
    until = time.monotonic() + _BAY_SECONDS
    while len(list(stack.settings.data_dir.glob("bays/*/free/*"))) < wanted and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(2.0)


def waiting_memory(stack: Stack, engine: Engine) -> list[tuple[str, int]]:
    """Stage and bytes of memory of each container that waits."""
    label = f"audition.instance={bootstrap.instance(stack.settings)}"
    found = []
    for container in engine.client.containers(filters={"label": label}):
        memory = engine.client.stats(container["Id"], stream=False)["memory_stats"]
        cache = memory.get("stats", {}).get("total_inactive_file", 0)
        found.append((container["Labels"]["audition.stage"], int(memory.get("usage", 0)) - int(cache)))
    return sorted(found)


def _submit(stack: Stack, candidate: Client, key: str) -> tuple[float, str]:
    """Submit and wait; seconds in all, and which submission it was."""
    submission_id = candidate.submit(trivial_archive(), "trivial.zip", key=key)["id"]
    candidate.wait(submission_id, WAIT_SECONDS)
    with stack.ports.unit_of_work() as uow:
        submission = uow.submissions.get(submission_id)
    if submission.state != State.GRADED:
        msg = f"{submission_id} is {submission.state}: {submission.state_reason}"
        raise RuntimeError(msg)
    total = (submission.state_changed_at - submission.created_at).total_seconds()
    return total, submission_id


def _candidate_seconds(stack: Stack, submission_id: str) -> float:
    with stack.ports.unit_of_work() as uow:
        stages = uow.runs.stages(uow.runs.latest(submission_id).id)
    usage = next(s.usage for s in stages if s.stage == Stage.PREDICT)
    return usage.wall_seconds if usage else 0.0


def _work_seconds(stack: Stack, submission_id: str) -> float:
    with stack.ports.unit_of_work() as uow:
        history = uow.audit.about(submission_id)
    times = {entry.action: entry.at for entry in history}
    work = (times["grading->graded"] - times["queued->running"]).total_seconds()
    return work - _candidate_seconds(stack, submission_id)


def p95(values: list[float]) -> float:
    """95th percentile, by linear interpolation."""
    return quantiles(values, n=20, method="inclusive")[-1]


def rows(samples: list[Sample]) -> list[tuple[str, list[float], str]]:
    """What is printed of sequential samples: name, values, unit."""
    return [
        ("platform overhead", [s.overhead for s in samples], "s"),
        ("bare loop of the same containers", [s.bare for s in samples], "s"),
        ("the same under the default runtime", [s.bare_usual for s in samples], "s"),
        ("docker run for each", [s.docker_run for s in samples], "s"),
        ("overhead / bare loop", [s.overhead / s.bare for s in samples], "x"),
        ("overhead / bare loop, default runtime", [s.overhead / s.bare_usual for s in samples], "x"),
        ("overhead / docker run", [s.overhead / s.docker_run for s in samples], "x"),
        ("inside candidate code", [s.candidate for s in samples], "s"),
    ]


def where_it_goes(samples: list[Sample]) -> str:
    """Each step's median, in milliseconds."""
    names = samples[0].steps
    lines = [f"  {name:<46} {median(s.steps[name] for s in samples) * 1000:6.0f} ms" for name in names]
    return "\n".join(["  of which, p50:", *lines])


def table(title: str, lines: list[tuple[str, list[float], str]]) -> str:
    """Figures as p50 and p95."""
    head = f"\n{title:<44}     p50      p95"
    body = [f"  {name:<42} {median(v):7.3f}{unit} {p95(v):7.3f}{unit}" for name, v, unit in lines]
    return "\n".join([head, *body])
