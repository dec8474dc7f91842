"""A start as the manifests have it: their probes are asked, requests go where they would, usage is watched."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from audition.domain.pod import Pod, PodEvidence, PodProbe, ProbeKind, ProbeMeans, ScrapeTarget
from audition.domain.pod_fate import fate_of
from audition.domain.probe_plan import Answer, AskVerb, ProbePlan, Start
from audition.probing.pods import look_at_pod
from audition.probing.session import CannotProbeError, Runner
from tests.ports import free_port
from tests.probing.sessions import ROWS, make_serving
from tests.services.start import Launcher


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    made = Launcher()
    yield made
    made.close()


def a_pod(port: int, **changes: object) -> Pod:
    http = PodProbe(
        kind=ProbeKind.READINESS, means=ProbeMeans.HTTP, port=port, path="/ready", period_seconds=10
    )
    live = replace(http, kind=ProbeKind.LIVENESS, path="/health")
    made = Pod(
        name="Deployment a",
        container="a",
        file="k.yaml",
        traffic_port=port,
        probes=(http, live),
        scrapes=(ScrapeTarget(path="/metrics", port=port), ScrapeTarget(path="/nothing", port=port)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def look(pod: Pod, runner: Runner, port: int, startup_seconds: float = 20.0) -> PodEvidence:
    plan = ProbePlan(serving=make_serving(port, startup_seconds=startup_seconds), rows=ROWS)
    return asyncio.run(look_at_pod(pod, plan, runner))


@pytest.mark.slow
def test_a_good_pod_is_seen_to_be_good(launcher: Launcher) -> None:
    pod = a_pod(launcher.port)
    seen = look(pod, launcher, launcher.port)
    assert launcher.starts == [Start(is_as_manifest=True)]
    assert seen.predict_seconds is not None
    assert seen.good == seen.asked > 0
    assert launcher.port in seen.listening
    assert seen.is_running
    assert seen.cpus is not None
    assert [item.is_readable for item in seen.scrapes] == [True, False]
    for item in seen.probes:
        assert item.good == item.asked > 0
    assert fate_of(pod, seen).ready_seconds is not None


@pytest.mark.slow
def test_a_probe_of_a_route_that_is_not_there_is_seen_to_fail(launcher: Launcher) -> None:
    pod = a_pod(launcher.port)
    pod = replace(pod, probes=(replace(pod.probes[0], path="/nowhere"), pod.probes[1]))
    seen = look(pod, launcher, launcher.port, startup_seconds=15.0)
    assert seen.predict_seconds is not None
    assert [item.readings[-1].outcome for item in seen.probes] == ["404", "200"]
    assert fate_of(pod, seen).ready_seconds is None


@pytest.mark.slow
def test_requests_go_to_the_port_that_the_manifest_names(launcher: Launcher) -> None:
    wrong = free_port()
    tcp = PodProbe(kind=ProbeKind.READINESS, means=ProbeMeans.TCP, port=wrong)
    pod = a_pod(launcher.port, traffic_port=wrong, probes=(tcp,), scrapes=())
    seen = look(pod, launcher, launcher.port, startup_seconds=4.0)
    assert (seen.predict_seconds, seen.asked) == (None, 0)
    assert seen.probes[0].readings[-1].outcome == "refused"


class Refuses:
    """A runner that starts nothing, or what it should not."""

    def __init__(self, answer: Answer) -> None:
        """Say this."""
        self.answer = answer
        self.verbs: list[AskVerb] = []

    async def ask(self, verb: AskVerb, start: Start | None = None) -> Answer:  # noqa: ARG002  nothing starts
        """The same to everything."""
        self.verbs.append(verb)
        return self.answer


def test_what_a_kubelet_would_not_start_is_ended_at_once() -> None:
    runner = Refuses(Answer(number=1, is_running=True, user=""))
    seen = look(a_pod(1, must_be_non_root=True), runner, 1)
    assert "the image runs as root" in seen.refused
    assert runner.verbs == [AskVerb.START, AskVerb.KILL]


def test_what_the_engine_does_not_start_is_ours() -> None:
    runner = Refuses(Answer(number=1, trouble="The engine did not start it."))
    with pytest.raises(CannotProbeError) as caught:
        look(a_pod(1), runner, 1)
    assert caught.value.is_ours
