"""Each rule notices what it is for: facts of a good container, one of them turned around at a time."""

import copy
import errno
from typing import Any

import pytest

from audition.adapters.docker import probe
from audition.adapters.docker.examine import LIMITS
from audition.adapters.docker.posture import RULES, Expected, judge
from audition.adapters.docker.translate import pids_limit

UID = 20_000
EXPECTED = Expected(runtime="runc", uid=UID, limits=LIMITS, host_kernel="6.1.0")
IN_GVISOR = Expected(runtime="runsc", uid=UID, limits=LIMITS, host_kernel="6.1.0")
Facts = dict[str, Any]


def size(number: int, inodes: int) -> Facts:
    return {
        "bytes": number,
        "inodes": inodes,
        "noexec": True,
        "nosuid": True,
        "nodev": True,
        "read_only": False,
    }


def files() -> Facts:
    """What is mounted, and what can be written."""
    return {
        "mounts": {
            "/": ["ro"],
            "/proc": ["rw"],
            "/sys/fs/cgroup": ["ro"],
            "/dev/shm": ["rw", "noexec"],
            "/tmp": ["rw", "noexec"],
            "/out": ["rw"],
            "/submission": ["ro"],
            "/in/test.csv": ["ro"],
            "/etc/hostname": ["ro"],
            "/sbin/docker-init": ["ro"],
        },
        "writes": {"/": errno.EROFS, "/etc": errno.EROFS, "/dev": errno.EACCES},
        "input": {"write": errno.EROFS, "remove": errno.EBUSY, "text": "id,a\n1,2\n"},
    }


def limits() -> Facts:
    """Limits, and how far folders could be filled."""
    return {
        "cgroup": {
            "memory": str(LIMITS.memory_bytes),
            "swap": str(LIMITS.memory_bytes),
            "pids": str(LIMITS.pids),
            "cpu_quota": "50000",
            "cpu_period": "100000",
        },
        "engine": {"memory": LIMITS.memory_bytes, "pids": LIMITS.pids, "has_cpu_quota": True},
        "sizes": {
            "/tmp": size(LIMITS.scratch_bytes, 60),
            "/out": size(LIMITS.output_bytes, 40),
            "/dev/shm": size(64 << 20, 100),
        },
        "fill": {
            "/tmp": {"bytes": 3 << 20, "bytes_errno": errno.ENOSPC, "files": 59, "files_errno": errno.ENOSPC},
            "/out": {"bytes": 5 << 20, "bytes_errno": errno.EFBIG, "files": 39, "files_errno": errno.ENOSPC},
        },
    }


def good() -> Facts:
    """As seen under runc on a host with control groups of version 1."""
    ids = "\t".join([str(UID)] * 4)
    no_rights = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0000000000000000")
    calls = {name: [-1, errno.EPERM] for name in probe.CALLS} | {"clone3": [-1, errno.ENOSYS]}
    return {
        "status": {"Uid": ids, "Gid": ids, "Seccomp": "2", **no_rights},
        "no_new_privs": 1,
        "kernel": "6.1.0",
        "can_start_threads": True,
        "groups": [UID],
        **files(),
        "network": {
            "interfaces": ["lo"],
            "routes": [],
            "out": errno.ENETUNREACH,
            "metadata": errno.ENETUNREACH,
            "families": dict.fromkeys(probe.FAMILIES, errno.EPERM),
            "raw": errno.EPERM,
        },
        **limits(),
        "exec_tmp": errno.EACCES,
        "environment": {"HOME": "/tmp", "PATH": "/usr/bin"},
        "sockets": [],
        "calls": calls,
        "canary": [],
        "descriptors": ["/dev/null", "pipe:[1]", "pipe:[2]"],
        "processes": 2,
        "first_process": "/sbin/docker-init",
        "rlimits": {"CORE": [0, 0], "NOFILE": [1024, 1024], "FSIZE": [LIMITS.output_bytes] * 2},
        "oom_score_adj": "500",
        "proc_sys": errno.EROFS,
        "kcore": errno.ENODATA,
        "setuid": errno.EPERM,
        "chown": errno.EPERM,
        "devices": errno.EPERM,
        "kmsg": errno.EACCES,
    }


def in_gvisor() -> Facts:
    """As seen under gVisor without a filter inside: its own kernel, no files of limits, other errors."""
    facts = good()
    facts["status"]["Seccomp"] = "0"
    del facts["status"]["CapAmb"]
    refused = dict.fromkeys(probe.FAMILIES, errno.EAFNOSUPPORT) | {"AF_NETLINK": None}
    network = {
        **facts["network"],
        "out": errno.EHOSTUNREACH,
        "metadata": errno.EHOSTUNREACH,
        "families": refused,
    }
    return {
        **facts,
        "kernel": "4.4.0",
        "network": network,
        "calls": {name: [0, 0] for name in probe.CALLS},
        "cgroup": {"memory": "9223372036854775807", "pids": "max", "cpu_quota": "-1"},
        "engine": {**facts["engine"], "pids": pids_limit(LIMITS, "runsc")},
        "fill": {**facts["fill"], "/tmp": {**facts["fill"]["/tmp"], "files": 300, "files_errno": None}},
        "oom_score_adj": "0",
        "devices": errno.ENXIO,
    }


def turned(facts: Facts, path: str, value: object) -> Facts:
    """The same with one fact turned around; a path is keys with ":" between."""
    made = copy.deepcopy(facts)
    *outer, last = path.split(":")
    place = made
    for key in outer:
        place = place[key]
    place[last] = value
    return made


def test_good_containers_are_good() -> None:
    assert judge(good(), EXPECTED) == ()
    assert judge(in_gvisor(), IN_GVISOR) == ()


#: Rule, fact, and what it must not be: under either runtime.
TURNED = [
    ("rights", "status:CapEff", "0000000000000001"),
    ("rights", "status:CapBnd", "00000000a80425fb"),
    ("rights", "no_new_privs", 0),
    ("rights", "setuid", None),
    ("rights", "chown", None),
    ("filter", "can_start_threads", False),
    ("kernel", "proc_sys", None),
    ("kernel", "kcore", None),
    ("kernel", "kmsg", None),
    ("kernel", "devices", None),
    ("user", "status:Uid", "0\t0\t0\t0"),
    ("user", "status:Gid", "20000\t20000\t20000\t0"),
    ("user", "groups", [0, UID]),
    ("files", "mounts:/", ["rw"]),
    ("files", "mounts:/submission", ["rw"]),
    ("files", "mounts:/in/test.csv", ["rw"]),
    ("files", "mounts:/data", ["rw"]),
    ("files", "mounts:/run/docker.sock", ["rw"]),
    ("files", "mounts:/processed", ["ro"]),
    ("files", "writes:/etc", None),
    ("files", "input:write", None),
    ("network", "network:interfaces", ["eth0", "lo"]),
    ("network", "network:routes", ["eth0 00000000"]),
    ("network", "network:out", errno.ETIMEDOUT),
    ("network", "network:metadata", None),
    ("sockets", "network:families:AF_ALG", None),
    ("sockets", "network:families:AF_VSOCK", None),
    ("sockets", "network:raw", None),
    ("sockets", "sockets", ["/run/docker.sock"]),
    ("limits", "engine:memory", 1 << 63),
    ("limits", "engine:pids", None),
    ("limits", "engine:has_cpu_quota", False),
    ("scratch", "fill:/tmp:bytes", 1 << 28),
    ("scratch", "sizes:/tmp:bytes", 1 << 30),
    ("scratch", "sizes:/dev/shm:bytes", 1 << 33),
    ("scratch", "exec_tmp", None),
    ("out", "fill:/out:bytes", 1 << 28),
    ("out", "fill:/out:files", 300),
    ("out", "fill:/out:files_errno", None),
    ("out", "rlimits:CORE", [0, -1]),
    ("out", "rlimits:NOFILE", [1024, 1 << 20]),
    ("surroundings", "environment", {"HOME": "/tmp", "AUDITION_SECRET_KEY": "x"}),
    ("surroundings", "descriptors", ["/dev/null", "/var/lib/docker"]),
    ("surroundings", "processes", 200),
    ("surroundings", "first_process", "python3"),
    ("surroundings", "canary", ["/in/secret"]),
]
#: And those that only the host's own kernel can be asked.
TURNED_UNDER_RUNC = [
    ("filter", "status:Seccomp", "0"),
    ("filter", "calls:bpf", [0, 0]),
    ("filter", "calls:unshare", [-1, errno.EINVAL]),
    ("kernel", "oom_score_adj", "0"),
    ("sockets", "network:families:AF_NETLINK", None),
    ("limits", "cgroup:memory", "max"),
    ("limits", "cgroup:swap", "max"),
    ("limits", "cgroup:pids", "max"),
    ("limits", "cgroup:cpu_quota", "-1"),
    ("limits", "cgroup:cpu_quota", "100000"),
    ("scratch", "fill:/tmp:files", 300),
]


@pytest.mark.parametrize(("rule", "path", "value"), [*TURNED, *TURNED_UNDER_RUNC])
def test_a_rule_notices_what_it_is_for_and_no_other_does(rule: str, path: str, value: object) -> None:
    troubles = judge(turned(good(), path, value), EXPECTED)
    assert troubles
    assert {trouble.split(":")[0] for trouble in troubles} == {rule}


@pytest.mark.parametrize(("rule", "path", "value"), TURNED)
def test_under_gvisor_the_same_is_noticed(rule: str, path: str, value: object) -> None:
    troubles = judge(turned(in_gvisor(), path, value), IN_GVISOR)
    assert {trouble.split(":")[0] for trouble in troubles} == {rule}


def test_gvisor_by_name_only_is_noticed() -> None:
    troubles = judge(turned(in_gvisor(), "kernel", "6.1.0"), IN_GVISOR)
    assert [trouble.split(":")[0] for trouble in troubles] == ["kernel"]


def test_a_filter_inside_gvisor_has_to_be_whole() -> None:
    filtered = turned(in_gvisor(), "status:Seccomp", "2")
    assert any(trouble.startswith("filter: the call bpf") for trouble in judge(filtered, IN_GVISOR))


def test_every_rule_is_turned() -> None:
    assert {rule for rule, _, _ in TURNED} == RULES.keys()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cgroup", {"memory": str(LIMITS.memory_bytes), "swap": "0", "pids": str(LIMITS.pids),
                    "cpu_quota": "50000 100000", "cpu_period": "50000 100000"}),
        ("network:interfaces", []),
        ("mounts:/proc/kcore", ["rw"]),
        ("mounts:/usr/sbin/docker-init", ["ro"]),
    ],
)  # fmt: skip
def test_other_good_hosts_are_good(path: str, value: object) -> None:
    assert judge(turned(good(), path, value), EXPECTED) == ()
