"""What code sees and can do inside real containers, whoever's it is and under each runtime that this host has."""

import errno
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from audition import bootstrap
from audition.adapters.docker import probe
from audition.adapters.docker.engine_client import connect, engine_facts, usual_addresses
from audition.adapters.docker.examine import LIMITS, Subject, look
from audition.adapters.docker.posture import RULES, Expected, Facts
from audition.adapters.docker.translate import uid_of
from audition.domain.execution import Profile
from audition.settings import Settings

pytestmark = pytest.mark.docker

#: Profile, image, runtime: what a host runs. Keepers hold a candidate's files under the candidate's user id.
KINDS = [
    (Profile.CANDIDATE, "tabular", "runc"),
    (Profile.CANDIDATE, "tabular", "runsc"),
    (Profile.AUTHOR, "tabular", "runsc"),
    (Profile.GRADER, "grader", "runc"),
    (Profile.KEEPER, "grader", "runc"),
]


@dataclass(frozen=True)
class Inside:
    """What was seen in one kind of container, and what it was asked to be."""

    facts: Facts
    expected: Expected

    @property
    def is_filtered(self) -> bool:
        """Whether our filter is in force; inside gVisor that is a choice of whoever registered it."""
        return bool(self.facts["status"]["Seccomp"] == "2")


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def inside(request: pytest.FixtureRequest) -> Inside:
    profile, image, runtime = request.param
    settings = Settings.from_env()
    client = connect(settings.docker_host or usual_addresses()[0])
    engine = engine_facts(client)
    if runtime not in engine.runtimes:
        pytest.skip(f"the engine has no {runtime}")
    subject = Subject(profile=profile, image=bootstrap.image_references(settings)[image], runtime=runtime)
    expected = Expected(runtime=runtime, uid=uid_of(profile, 0), limits=LIMITS, host_kernel=engine.kernel)
    with tempfile.TemporaryDirectory(prefix="posture-") as folder:
        Path(folder).chmod(0o755)
        facts = look(client, subject, instance="posture-test", folder=Path(folder))
        assert list(Path(folder).iterdir()) == []
    left = client.containers(all=True, filters={"label": "audition.instance=posture-test"})
    client.close()
    assert left == []
    return Inside(facts, expected)


@pytest.mark.parametrize("rule", RULES)
def test_everything_is_as_it_must_be(inside: Inside, rule: str) -> None:
    assert list(RULES[rule](inside.facts, inside.expected)) == []


@pytest.mark.parametrize("call", sorted(set(probe.CALLS) - {"clone3"}))
def test_a_dangerous_call_is_refused(inside: Inside, call: str) -> None:
    if not inside.is_filtered:
        pytest.skip("gVisor is registered without --oci-seccomp")
    assert inside.facts["calls"][call] == [-1, errno.EPERM]


@pytest.mark.parametrize("kind", probe.NEW)
def test_no_new_namespace(inside: Inside, kind: str) -> None:
    if not inside.is_filtered:
        pytest.skip("gVisor is registered without --oci-seccomp")
    assert inside.facts["calls"][f"clone new {kind}"] == [-1, errno.EPERM]


def test_clone3_lets_honest_code_start_threads(inside: Inside) -> None:
    # Under runc it pretends not to exist, so that the C library uses clone, whose flags can be looked at.
    wanted = [-1, errno.EINVAL] if inside.expected.is_gvisor else [-1, errno.ENOSYS]
    assert inside.facts["calls"]["clone3"] == wanted
    assert inside.facts["can_start_threads"]


@pytest.mark.parametrize("family", sorted(set(probe.FAMILIES) - {"AF_NETLINK"}))
def test_odd_socket_families_are_refused(inside: Inside, family: str) -> None:
    assert inside.facts["network"]["families"][family] in {errno.EPERM, errno.EAFNOSUPPORT}


def test_the_kernel_that_answers_is_the_runtimes(inside: Inside) -> None:
    is_the_hosts = inside.facts["kernel"] == inside.expected.host_kernel
    assert is_the_hosts is not inside.expected.is_gvisor


def test_inputs_can_be_read(inside: Inside) -> None:
    assert inside.facts["input"]["text"] == "id,a\n1,2\n"


def test_the_host_has_no_name(inside: Inside) -> None:
    assert inside.facts["hostname"] != socket.gethostname()
    assert "posture" not in inside.facts["hostname"]
