"""What every sandbox does with a candidate's service and the prober beside it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from audition.adapters.memory.inside import Inside
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, Limits, Profile
from audition.domain.service import Restriction, ServiceState
from audition.ports import Prober, Service
from tests.contract.boxes import Box, Deed, DockerBox, FakeBox, owner

ON_DOCKER = pytest.param("docker_box", marks=pytest.mark.docker)
LIMITS = Limits(memory_bytes=64 << 20, pids=64, log_bytes=1000, flood_bytes=200_000, output_bytes=4 << 20)


@pytest.fixture(scope="module")
def docker_box() -> Iterator[DockerBox]:
    box = DockerBox()
    try:
        yield box
    finally:
        box.close()


@pytest.fixture(params=["fake", ON_DOCKER])
def box(request: pytest.FixtureRequest) -> Box:
    made: Box = FakeBox() if request.param == "fake" else request.getfixturevalue(request.param)
    return made


def echo(inside: Inside) -> int:
    inside.print(b"ready\n")
    while True:
        inside.print(inside.read_line() + b"!\n")


#: A prober that repeats what it is told.
ECHO = Deed(
    script="""
import sys
print("ready", flush=True)
for line in sys.stdin:
    print(line.strip() + "!", flush=True)
""",
    play=echo,
)


def ends_on_request(inside: Inside) -> int:
    inside.print(b"up\n")
    inside.await_signal()
    inside.print(b"down\n")
    return 7


#: A service that says that it is up, and stops on SIGTERM with a code of its own.
POLITE = Deed(
    script="""
import signal, sys, time
def stop(*_):
    print("down", flush=True)
    sys.exit(7)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
while True:
    time.sleep(60)
""",
    play=ends_on_request,
)


#: A service that would take a whole processor.
BUSY = Deed(script='print("up", flush=True)\nwhile True: pass\n', play=ends_on_request)


def prober(box: Box) -> ContainerSpec:
    return box.spec(ECHO, profile=Profile.GRADER, ownership=owner(), limits=LIMITS)


def until(service: Service, wish: Callable[[Service], bool], seconds: float = 20.0) -> ServiceState:
    end = time.monotonic() + seconds
    while not wish(service):
        assert time.monotonic() < end, (service.state(), service.output())
        time.sleep(0.02)
    return service.state()


def is_up(service: Service) -> bool:
    return b"up" in service.output().stdout


def has_ended(service: Service) -> bool:
    return not service.state().is_running


def test_a_prober_is_told_and_answers(box: Box) -> None:
    with box.sandbox.probe(prober(box)) as told:
        assert told.read_line(100, 20) == b"ready"
        told.write_line(b"hello")
        assert told.read_line(100, 20) == b"hello!"


def keep_telling(told: Prober) -> None:
    for _ in range(100):  # A socket takes a little before it notices.
        told.write_line(b"x" * 1000)
        time.sleep(0.02)


def test_a_prober_that_has_ended_cannot_be_told(box: Box) -> None:
    with box.sandbox.probe(prober(box)) as told:
        told.read_line(100, 20)
        assert told.stop().exit_code == 137
        with pytest.raises(UnavailableError):
            keep_telling(told)


def test_a_service_runs_until_it_is_asked_to_stop(box: Box) -> None:
    spec = prober(box)
    with box.sandbox.probe(spec) as beside:
        service = beside.start(box.service(POLITE, spec, limits=LIMITS))
        state = until(service, is_up)
        assert state.is_running
        assert state.exit_code is None
        assert service.signal("SIGTERM")
        assert until(service, has_ended).exit_code == 7
        assert service.output().stdout == b"up\ndown\n"
        assert not service.signal("SIGTERM")


def test_a_service_can_be_slowed_down_and_let_go(box: Box) -> None:
    spec = prober(box)
    with box.sandbox.probe(spec) as beside:
        service = beside.start(box.service(POLITE, spec, limits=LIMITS))
        until(service, is_up)
        assert service.throttle(0.01)
        assert service.throttle(LIMITS.cpus)
        service.end()
        assert not service.throttle(0.01)


@pytest.mark.docker
def test_a_service_with_a_hundredth_of_a_processor_gets_no_more(docker_box: DockerBox) -> None:
    spec = prober(docker_box)
    with docker_box.sandbox.probe(spec) as beside:
        service = beside.start(docker_box.service(BUSY, spec, limits=LIMITS))
        until(service, is_up)
        service.throttle(0.01)
        before = used(service)
        time.sleep(2.0)
        assert used(service) - before < 0.2
        service.throttle(1.0)
        before = used(service)
        until(service, lambda again: used(again) - before > 0.2)


def used(service: Service) -> float:
    """Seconds of processor time so far."""
    usage = service.usage()
    assert usage is not None
    return usage.cpu_seconds


def test_services_follow_one_another_beside_one_prober(box: Box) -> None:
    spec = prober(box)
    with box.sandbox.probe(spec) as beside:
        for _ in range(3):
            service = beside.start(box.service(POLITE, spec, limits=LIMITS))
            until(service, is_up)
            assert not service.end().is_running
        beside.read_line(100, 20)
        beside.write_line(b"still there")
        assert beside.read_line(100, 20) == b"still there!"


def test_a_command_that_does_not_exist_is_a_state_and_no_error(box: Box) -> None:
    spec = prober(box)
    with box.sandbox.probe(spec) as beside:
        service = beside.start(box.service(None, spec, limits=LIMITS))
        assert until(service, has_ended).exit_code == 127
        assert service.usage() is None
        assert not service.end().is_running


def test_a_service_that_hoards_memory_is_known_to_have_done_so(box: Box) -> None:
    def hoard(inside: Inside) -> int:
        inside.allocate(1 << 30)
        return 0

    spec = prober(box)
    deed = Deed(script="x = bytearray(1 << 30)", play=hoard)
    with box.sandbox.probe(spec) as beside:
        service = beside.start(box.service(deed, spec, limits=LIMITS))
        assert until(service, has_ended).is_out_of_memory


def test_a_service_that_floods_is_ended_and_what_it_said_is_capped(box: Box) -> None:
    def flood(inside: Inside) -> int:
        while True:
            inside.print(b"x" * 10_000)

    spec = prober(box)
    deed = Deed(script="import os\nwhile True: os.write(1, b'x' * 10000)", play=flood)
    with box.sandbox.probe(spec) as beside:
        service = beside.start(box.service(deed, spec, limits=LIMITS))
        state = until(service, has_ended)
        assert state.is_flooding
        assert len(service.output().stdout) == LIMITS.log_bytes


def test_a_service_dies_with_its_prober(box: Box) -> None:
    spec = prober(box)
    with box.sandbox.probe(spec) as beside:
        until(beside.start(box.service(POLITE, spec, limits=LIMITS)), is_up)
    box.sandbox.discard(spec.ownership.run_id, spec.ownership.fence)
    assert box.left(spec.ownership.run_id) == 0


def test_what_a_killed_worker_left_is_swept(box: Box) -> None:
    spec = prober(box)
    context = box.sandbox.probe(spec)
    beside = context.__enter__()
    service = beside.start(box.service(POLITE, spec, limits=LIMITS))
    until(service, is_up)
    assert box.sandbox.sweep(lambda run_id, _fence: run_id == spec.ownership.run_id) >= 2
    assert box.left(spec.ownership.run_id) == 0
    context.__exit__(None, None, None)


def test_an_image_that_is_missing_is_our_fault(box: Box) -> None:
    spec = prober(box)
    with box.sandbox.probe(spec) as beside, pytest.raises(UnavailableError):
        beside.start(replace(box.service(POLITE, spec), image="audition/no-such:image"))


def test_from_the_second_restriction_on_the_user_is_one_the_image_does_not_know(box: Box) -> None:
    spec = prober(box)
    with box.sandbox.probe(spec) as beside:
        wanted = box.service(POLITE, spec, limits=LIMITS, restriction=Restriction.ARBITRARY_USER)
        service = beside.start(wanted)
        assert until(service, is_up).user == "20000:20000"
