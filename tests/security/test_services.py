"""What a candidate's service sees and can do, whatever its image asks for, and that it reaches nothing but itself."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from audition.adapters.docker.sandbox import DockerSandbox
from audition.domain.build import BuildCause
from audition.domain.execution import ContainerSpec, Limits, Ownership, Profile
from audition.domain.service import Restriction, ServiceSpec, ServiceState
from audition.ports import Service
from tests.building import FROM, Site

pytestmark = pytest.mark.docker

LIMITS = Limits(memory_bytes=128 << 20, pids=128, output_bytes=8 << 20)

LOOK = r"""
import json, os, socket
def can(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0
def connect(address, port):
    with socket.create_connection((address, port), timeout=2):
        pass
status = dict(l.split(":", 1) for l in open("/proc/self/status").read().splitlines())
keys = ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")
print(json.dumps({
    **{k: status[k].strip() for k in keys},
    "uid": os.getuid(), "pid": os.getpid(),
    "interfaces": os.listdir("/sys/class/net"),
    "environment": sorted(os.environ),
    "root": can(lambda: open("/app/new", "w").close()),
    "tmp": can(lambda: open("/tmp/new", "w").close()),
    "model": open("/app/model.bin").read(),
    "gateway": can(lambda: connect("172.17.0.1", 22)),
    "metadata": can(lambda: connect("169.254.169.254", 80)),
    "name": can(lambda: socket.getaddrinfo("example.com", 80)),
    "alg": can(lambda: socket.socket(38, socket.SOCK_SEQPACKET)),
    "packet": can(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    "sockets": [p for p in ("/var/run/docker.sock", "/run/containerd/containerd.sock") if os.path.exists(p)],
    "others": [p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()],
    "memory": open("/proc/self/cgroup").read(),
}), flush=True)
"""
WRITE = """
import os, time
with open("/app/big", "wb") as file:
    for _ in range(64):
        file.write(os.urandom(1 << 20)); file.flush()
        if file.tell() % (4 << 20) == 0:
            file.close(); file = open(f"/app/big{time.time()}", "wb")
time.sleep(60)
"""
LISTEN = """
import socket, time
server = socket.create_server(("0.0.0.0", 8080))
print("up", flush=True)
while True:
    server.accept()[0].close()
"""
SCAN = """
import json, socket
found = []
for port in range(1, 65536):
    with socket.socket() as client:
        if client.connect_ex(("127.0.0.1", port)) == 0 and client.getsockname() != client.getpeername():
            found.append(port)
print(json.dumps(found), flush=True)
"""
ROOT_IMAGE = FROM + "USER root\nWORKDIR /app\nCOPY . /app\nRUN chmod 777 /app\nENV LD_DEBUG_NOT=1\n"


class Room:
    """A built image of a candidate who wants to be root, and a prober to run it beside."""

    def __init__(self, site: Site) -> None:
        files = {
            "look.py": LOOK,
            "write.py": WRITE,
            "listen.py": LISTEN,
            "scan.py": SCAN,
            "model.bin": "model",
        }
        encoded = {name: text.encode() for name, text in files.items()}
        built = site.build(ROOT_IMAGE + 'CMD ["python", "look.py"]\n', encoded)
        assert built.outcome.cause == BuildCause.OK, built.outcome
        self.sandbox: DockerSandbox = site.sandbox
        self.owner = Ownership(run_id=built.run_id, fence=1, deadline_epoch=int(time.time()) + 600)
        self.image = built.outcome.reference
        self.prober = ContainerSpec(
            stage="probe",
            image=site.images["base"],
            argv=("python3", "-c", "import time; time.sleep(600)"),
            profile=Profile.GRADER,
            ownership=self.owner,
            limits=LIMITS,
        )

    def spec(self, *arguments: str, **fields: Any) -> ServiceSpec:
        words = arguments or None
        return ServiceSpec(
            image=self.image, ownership=self.owner, arguments=words, **{"limits": LIMITS, **fields}
        )

    def ended(self, *arguments: str, **fields: Any) -> tuple[ServiceState, str]:
        """How one start of it ended, and what it printed."""
        with self.sandbox.probe(self.prober) as prober:
            service = prober.start(self.spec(*arguments, **fields))
            return _ended(service), service.output().stdout.decode() or service.output().stderr.decode()

    def look(self, **fields: Any) -> dict[str, Any]:
        state, said = self.ended(**fields)
        assert state.exit_code == 0, said
        seen: dict[str, Any] = json.loads(said)
        return seen


@pytest.fixture(scope="module")
def room(images: Mapping[str, str]) -> Iterator[Room]:
    site = Site(images)
    try:
        yield Room(site)
    finally:
        site.close()


def _ended(service: Service, seconds: float = 60.0) -> ServiceState:
    until = time.monotonic() + seconds
    while service.state().is_running:
        assert time.monotonic() < until, service.output()
        time.sleep(0.05)
    return service.state()


@pytest.mark.parametrize("restriction", list(Restriction))
def test_a_service_whose_image_wants_root_has_no_rights(room: Room, restriction: Restriction) -> None:
    seen = room.look(restriction=restriction)
    assert {seen[key] for key in ("CapEff", "CapPrm", "CapBnd")} == {"0000000000000000"}
    assert seen["NoNewPrivs"] == "1"
    assert seen["Seccomp"] == "2"
    assert (seen["uid"] == 0) == (restriction == Restriction.BASIC)
    assert seen["alg"] != 0
    assert seen["packet"] != 0
    assert seen["sockets"] == []


def test_a_service_reaches_nothing_but_its_own_loopback(room: Room) -> None:
    seen = room.look()
    assert seen["interfaces"] == ["lo"]
    assert seen["gateway"] != 0
    assert seen["metadata"] != 0
    assert seen["name"] != 0


def test_a_service_sees_no_other_process_and_is_process_one(room: Room) -> None:
    seen = room.look()
    assert seen["pid"] == 1
    assert seen["others"] == []


def test_the_root_is_read_only_from_the_third_restriction_on(room: Room) -> None:
    roots = [room.look(restriction=restriction)["root"] for restriction in Restriction]
    assert [number == 0 for number in roots] == [True, True, False, False, False]


def test_a_hidden_model_is_found_empty(room: Room) -> None:
    assert room.look()["model"] == "model"
    assert room.look(hidden=("/app/model.bin",))["model"] == ""


def test_a_service_that_fills_the_disk_is_ended(room: Room) -> None:
    state, _ = room.ended("python", "write.py")
    assert state.is_over_disk
    assert state.exit_code == 137


def test_two_services_beside_two_probers_do_not_meet(room: Room) -> None:
    other = replace(room.prober, ownership=replace(room.owner, fence=2))
    with room.sandbox.probe(room.prober) as one, room.sandbox.probe(other) as two:
        listening = one.start(room.spec("python", "listen.py"))
        until = time.monotonic() + 120
        while not listening.output().stdout:
            assert time.monotonic() < until, listening.output()
            time.sleep(0.05)
        scanning = two.start(replace(room.spec("python", "scan.py"), ownership=other.ownership))
        assert _ended(scanning).exit_code == 0
        assert json.loads(scanning.output().stdout) == []
        beside = one.start(room.spec("python", "scan.py"))
        assert _ended(beside).exit_code == 0
        assert json.loads(beside.output().stdout) == [8080]
    room.sandbox.discard(other.ownership.run_id, 2)


def test_nothing_of_the_prober_listens_where_a_service_could_connect_back(room: Room) -> None:
    state, said = room.ended("python", "scan.py")
    assert state.exit_code == 0
    assert json.loads(said) == []
