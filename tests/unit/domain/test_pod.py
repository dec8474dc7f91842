"""What a cluster would make of a pod, and what a start of it gets: never more than ours."""

from dataclasses import replace

import pytest

from audition.domain.execution import Limits, Ownership
from audition.domain.pod import (
    Pod,
    PodEvidence,
    PodProbe,
    ProbeKind,
    ProbeMeans,
    ProbeSeen,
    Reading,
    pod_spec,
    unfit_user,
)
from audition.domain.pod_fate import fate_of
from audition.domain.service import ServiceSpec

USUAL = ServiceSpec(
    image="img",
    ownership=Ownership(run_id="r", fence=1, deadline_epoch=2),
    arguments=("serve",),
    environment={"AIP_HTTP_PORT": "8080"},
    limits=Limits(memory_bytes=512 << 20, cpus=1.0),
    slot=3,
)
POD = Pod(name="Deployment a", container="a", file="k8s.yaml")


def a_probe(kind: ProbeKind, **changes: float) -> PodProbe:
    return replace(PodProbe(kind=kind, means=ProbeMeans.HTTP, port=8080), **changes)  # type: ignore[arg-type]


def seen(**good_at: float | None) -> PodEvidence:
    """Each probe refused from the start, and good from a time on."""
    made = []
    for kind, seconds in good_at.items():
        readings = [Reading(seconds=0.1, outcome="refused", is_good=False)]
        if seconds is not None:
            readings.append(Reading(seconds=seconds, outcome="200", is_good=True))
        made.append(ProbeSeen(kind=ProbeKind(kind), readings=tuple(readings)))
    return PodEvidence(probes=tuple(made), waited_seconds=60)


def test_ready_at_the_first_time_that_a_kubelet_asks_after_it_is_good() -> None:
    pod = replace(POD, probes=(a_probe(ProbeKind.READINESS, initial_delay_seconds=3, period_seconds=10),))
    assert fate_of(pod, seen(readiness=4.0)).ready_seconds == 13
    assert fate_of(pod, seen(readiness=2.0)).ready_seconds == 3


def test_a_pod_without_probes_is_ready_at_once() -> None:
    assert fate_of(POD, PodEvidence()).ready_seconds == 0


def test_an_impatient_liveness_probe_kills_a_slow_start() -> None:
    liveness = a_probe(ProbeKind.LIVENESS, period_seconds=5, failure_threshold=3)
    pod = replace(POD, probes=(liveness, a_probe(ProbeKind.READINESS)))
    fate = fate_of(pod, seen(liveness=20.0, readiness=20.0))
    assert (fate.ready_seconds, fate.killed_seconds, fate.killed_by) == (None, 10, ProbeKind.LIVENESS)


def test_a_startup_probe_holds_the_others_back() -> None:
    startup = a_probe(ProbeKind.STARTUP, period_seconds=5, failure_threshold=10)
    liveness = a_probe(ProbeKind.LIVENESS, period_seconds=5, failure_threshold=3)
    pod = replace(POD, probes=(startup, liveness, a_probe(ProbeKind.READINESS, period_seconds=5)))
    fate = fate_of(pod, seen(startup=20.0, liveness=20.0, readiness=20.0))
    assert (fate.ready_seconds, fate.killed_by) == (20, None)


def test_a_startup_probe_that_gives_up_too_early_kills() -> None:
    startup = a_probe(ProbeKind.STARTUP, period_seconds=2, failure_threshold=3)
    fate = fate_of(replace(POD, probes=(startup,)), seen(startup=20.0))
    assert (fate.killed_seconds, fate.killed_by, fate.ready_seconds) == (4, ProbeKind.STARTUP, None)


def test_a_probe_that_never_succeeds_is_never_ready() -> None:
    pod = replace(POD, probes=(a_probe(ProbeKind.READINESS),))
    assert fate_of(pod, seen(readiness=None)).ready_seconds is None


def test_readiness_may_ask_for_several_successes() -> None:
    pod = replace(POD, probes=(a_probe(ProbeKind.READINESS, period_seconds=4, success_threshold=3),))
    assert fate_of(pod, seen(readiness=1.0)).ready_seconds == 12


def test_a_probe_that_we_cannot_ask_is_taken_to_succeed() -> None:
    probe = replace(a_probe(ProbeKind.READINESS), means=ProbeMeans.OTHER)
    assert fate_of(replace(POD, probes=(probe,)), PodEvidence()).ready_seconds == 0


def test_a_start_gets_what_its_manifest_says_and_never_more_than_ours() -> None:
    pod = replace(
        POD,
        command=("python",),
        arguments=("serve.py",),
        environment={"A": "1"},
        user=10001,
        group=5,
        is_read_only=True,
        writable=("/tmp",),
        memory_limit_bytes=64 << 30,
        cpu_limit=0.5,
    )
    spec = pod_spec(pod, USUAL)
    assert spec.manner is not None
    assert (spec.manner.command, spec.arguments, spec.manner.user) == (("python",), ("serve.py",), "10001:5")
    assert (spec.manner.is_read_only, spec.manner.writable) == (True, ("/tmp",))
    assert spec.environment == {"A": "1"}
    assert (spec.limits.memory_bytes, spec.limits.cpus) == (512 << 20, 0.5)
    assert (spec.image, spec.slot, spec.ownership) == ("img", 3, USUAL.ownership)


def test_a_tiny_limit_is_one_that_the_engine_takes() -> None:
    spec = pod_spec(replace(POD, memory_limit_bytes=1, cpu_limit=0.0), USUAL)
    assert spec.limits.memory_bytes == 8 << 20
    assert spec.limits.cpus == 0.01
    assert spec.arguments is None


@pytest.mark.parametrize(
    ("user", "image_user", "is_refused"),
    [
        (None, "", True),
        (None, "0:0", True),
        (None, "app", True),
        (None, "10001:10001", False),
        (10001, "", False),
        (0, "10001", True),
    ],
)
def test_who_must_not_be_root_is_checked_as_a_kubelet_does(
    user: int | None, image_user: str, *, is_refused: bool
) -> None:
    pod = replace(POD, must_be_non_root=True, user=user)
    assert bool(unfit_user(pod, image_user)) is is_refused
    assert unfit_user(replace(pod, must_be_non_root=False), image_user) == ""
