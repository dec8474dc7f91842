"""What does the platform add to a submission, next to a bare loop over the same containers?

Overhead is the time from "received" to "graded", both as the database has them, less the time that the engine says
the candidate's container ran. The bare loop does create, start, wait and remove for as many containers with the
same images and the same hardening, each running `true`. The two take turns, so that noise hits both.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median, quantiles

import docker

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.translate import create_request, seccomp_profile
from audition.domain.execution import ContainerSpec, Limits, Ownership, Profile
from audition.domain.run import Stage
from audition.domain.submission import State
from audition.services.runner import GRADER_IMAGE
from tests.stack import Stack, trivial_archive

_WAIT_SECONDS = 120.0
_PER_CANDIDATE = 5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One turn of both; seconds."""

    total: float
    candidate: float
    bare: float

    @property
    def overhead(self) -> float:
        """What the platform added."""
        return self.total - self.candidate


def measure(stack: Stack, runs: int, say: Callable[[str], None]) -> list[Sample]:
    """Take turns between submissions and bare loops, after one turn that does not count."""
    address = stack.settings.docker_host or usual_addresses()[0]
    client = connect(address)
    samples = []
    for number in range(runs + 1):
        if number % _PER_CANDIDATE == 0:
            candidate = stack.candidate(f"c{number}")
        submission = candidate.submit(trivial_archive(), "trivial.zip", key=f"k{number}")["id"]
        candidate.wait(submission, _WAIT_SECONDS)
        total, inside = _times(stack, submission)
        sample = Sample(total=total, candidate=inside, bare=bare_loop(stack, client))
        say(f"{number:3}  overhead {sample.overhead:6.3f} s   bare loop {sample.bare:6.3f} s")
        samples.append(sample)
    client.close()
    return samples[1:]


def _times(stack: Stack, submission_id: str) -> tuple[float, float]:
    with stack.ports.unit_of_work() as uow:
        submission = uow.submissions.get(submission_id)
        if submission.state != State.GRADED:
            msg = f"{submission_id} is {submission.state}: {submission.state_reason}"
            raise RuntimeError(msg)
        stages = uow.runs.stages(uow.runs.latest(submission_id).id)
    usage = next(s.usage for s in stages if s.stage == Stage.PREDICT)
    total = (submission.state_changed_at - submission.created_at).total_seconds()
    return total, usage.wall_seconds if usage else 0.0


def bare_specs(stack: Stack) -> list[ContainerSpec]:
    """The containers of one submission, doing nothing."""
    owner = Ownership(run_id="pub_bare", fence=0, deadline_epoch=int(time.time()) + 3600)
    grader = ContainerSpec(
        stage="bare",
        image=stack.images[GRADER_IMAGE],
        argv=("true",),
        profile=Profile.GRADER,
        ownership=owner,
        limits=Limits(),
    )
    candidate = replace(grader, image=stack.images["tabular"], profile=Profile.CANDIDATE)
    return [grader, candidate, grader, grader]


def bare_loop(stack: Stack, client: docker.APIClient) -> float:
    """Seconds for create, start, wait, remove of a submission's containers, one after another."""
    instance, seccomp = bootstrap.instance(stack.settings), seccomp_profile()
    started = time.perf_counter()
    for spec in bare_specs(stack):
        request = create_request(spec, instance=instance, seccomp=seccomp)
        container = client.create_container_from_config(request)["Id"]  # type: ignore[no-untyped-call]
        client.start(container)
        client.wait(container)
        client.remove_container(container, force=True)
    return time.perf_counter() - started


def report(samples: list[Sample]) -> str:
    """The figures and their ratios, as a table."""
    overheads = [s.overhead for s in samples]
    bares = [s.bare for s in samples]
    ratios = [s.overhead / s.bare for s in samples]
    lines = ["", f"{len(samples)} submissions, one at a time      p50      p95"]
    for name, values, unit in (
        ("platform overhead", overheads, "s"),
        ("bare loop of 4 containers", bares, "s"),
        ("ratio, turn by turn", ratios, "x"),
        ("inside candidate code", [s.candidate for s in samples], "s"),
    ):
        lines.append(f"  {name:<30} {median(values):7.3f}{unit} {p95(values):7.3f}{unit}")
    return "\n".join(lines)


def p95(values: list[float]) -> float:
    """95th percentile, by linear interpolation."""
    return quantiles(values, n=20, method="inclusive")[-1]
