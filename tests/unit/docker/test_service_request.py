"""Every flag of a candidate's service, asserted without an engine."""

from typing import Any

import pytest

from audition.adapters.docker.service_request import coverable, prober_request, service_request
from audition.domain.execution import ContainerSpec, FileMount, Limits, Ownership, Profile
from audition.domain.service import Manner, Restriction, ServiceSpec

OWNER = Ownership(run_id="run_1", fence=2, deadline_epoch=1000)


def request_for(restriction: Restriction = Restriction.BASIC, **fields: Any) -> dict[str, Any]:
    spec = ServiceSpec(image="candidate:1", ownership=OWNER, restriction=restriction, slot=3, **fields)
    return service_request(spec, prober="abc", instance="here", seccomp="{}", runtime=None)


@pytest.mark.parametrize("restriction", list(Restriction))
def test_what_keeps_the_host_safe_is_there_under_every_restriction(restriction: Restriction) -> None:
    host = request_for(restriction)["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert host["CapAdd"] == []
    assert host["SecurityOpt"] == ["no-new-privileges:true", "seccomp={}"]
    assert not host["Privileged"]
    assert host["NetworkMode"] == "container:abc"
    assert host["IpcMode"] == "private"
    assert host["Mounts"] == []
    assert host["Memory"] == host["MemorySwap"] > 0
    assert host["PidsLimit"] > 0
    assert host["LogConfig"]["Type"] == "none"
    assert "PortBindings" not in host
    assert "PublishAllPorts" not in host


def test_a_service_is_process_one_of_its_own_image() -> None:
    request = request_for()
    assert request["HostConfig"]["Init"] is False
    assert not {"Entrypoint", "Cmd", "WorkingDir", "User", "Hostname"} & set(request)


def test_arguments_and_environment_are_what_the_contract_promises_and_nothing_else() -> None:
    request = request_for(arguments=("serve",), environment={"AIP_HTTP_PORT": "8080"})
    assert request["Cmd"] == ["serve"]
    assert request["Env"] == ["AIP_HTTP_PORT=8080"]


def test_each_restriction_adds_one_thing_to_those_before() -> None:
    requests = [request_for(restriction, writable=("/var/cache/app",)) for restriction in Restriction]
    hosts = [request["HostConfig"] for request in requests]
    assert [request.get("User") for request in requests] == [None, *["20003:20003"] * 4]
    assert [host["ReadonlyRootfs"] for host in hosts] == [False, False, True, True, True]
    scratch = [host["Tmpfs"].get("/tmp", "") for host in hosts]
    assert ["size=67108864" in text for text in scratch] == [False, False, True, False, False]
    assert ["size=16777216" in text for text in scratch] == [False, False, False, True, True]
    assert all("noexec" in text and "nosuid" in text for text in scratch[2:])
    assert ["/var/cache/app" in host["Tmpfs"] for host in hosts] == [False, False, True, True, True]
    assert [host["PidsLimit"] for host in hosts] == [512, 512, 512, 512, 64]
    assert hosts[4]["Memory"] * 2 == hosts[3]["Memory"]


POD = Manner(
    command=("serve",),
    working_dir="/srv",
    user="10001:5",
    is_read_only=True,
    writable=("/data", "/etc", "/tmp"),
)


def test_a_manifest_chooses_how_it_starts_and_nothing_of_what_holds_it() -> None:
    request, usual = request_for(manner=POD, arguments=("--port=1",)), request_for()
    assert (request["Entrypoint"], request["Cmd"]) == (["serve"], ["--port=1"])
    assert (request["WorkingDir"], request["User"]) == ("/srv", "10001:5")
    host = request["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert set(host["Tmpfs"]) == {"/data", "/tmp"}
    changed = {"ReadonlyRootfs", "Tmpfs"}
    assert {key: value for key, value in host.items() if key not in changed} == {
        key: value for key, value in usual["HostConfig"].items() if key not in changed
    }


def test_a_manifest_that_says_nothing_leaves_the_images_own_start() -> None:
    request = request_for(manner=Manner())
    assert not {"Entrypoint", "Cmd", "WorkingDir", "User"} & set(request)
    assert request["HostConfig"]["Tmpfs"] == {}


def test_arguments_alone_replace_the_command_of_the_image() -> None:
    request = request_for(manner=Manner(), arguments=("a",))
    assert request["Cmd"] == ["a"]
    assert "Entrypoint" not in request
    assert request_for(manner=POD)["Cmd"] == []


def test_a_file_in_the_place_of_the_images_is_read_only_and_never_the_systems() -> None:
    files = tuple(
        FileMount(source="/blobs/ab", target=place) for place in ("/app/model.joblib", "/etc/passwd")
    )
    mounts = request_for(files=files)["HostConfig"]["Mounts"]
    assert [(mount["Source"], mount["Target"], mount["ReadOnly"]) for mount in mounts] == [
        ("/blobs/ab", "/app/model.joblib", True)
    ]


def test_a_hidden_file_is_masked_beside_what_the_engine_hides_anyway() -> None:
    assert "MaskedPaths" not in request_for()["HostConfig"]
    masked = request_for(hidden=("/app/model.joblib",))["HostConfig"]["MaskedPaths"]
    assert masked[-1] == "/app/model.joblib"
    assert {"/proc/kcore", "/proc/keys", "/sys/firmware"} <= set(masked)


@pytest.mark.parametrize(
    "place",
    [
        "model.joblib",
        "/",
        "",
        "/app/../etc/passwd",
        "/proc/self/environ",
        "/proc",
        "/sys/fs",
        "/dev/null",
        "/etc/hosts",
        "/usr/lib/python3",
        "/app//model",
        "/app/model/",
        "/app/a:b",
        "/app/a,b",
        "/app/a\nb",
        "/app/a\\b",
    ],
)
def test_a_place_that_is_not_plain_or_is_the_systems_is_never_mounted_over(place: str) -> None:
    assert coverable((place,)) == ()


def test_only_so_many_places_are_covered() -> None:
    assert len(coverable(tuple(f"/data/{number}" for number in range(100)))) == 8


def test_a_prober_is_hardened_like_all_and_looks_names_up_where_nothing_answers() -> None:
    spec = ContainerSpec(
        stage="probe",
        image="prober:1",
        argv=("python",),
        profile=Profile.GRADER,
        ownership=OWNER,
        limits=Limits(),
    )
    request = prober_request(spec, instance="here", seccomp="{}", runtime=None)
    host = request["HostConfig"]
    assert request["OpenStdin"]
    assert host["NetworkMode"] == "none"
    assert host["Dns"] == ["127.0.0.1"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
