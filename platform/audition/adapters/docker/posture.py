"""What must be seen from inside a container, rule by rule: the flags of `translate.py` as the kernel applied them.

Theory of operation. `probe.py` runs in a real container and reports facts; each rule here looks at them and says
in sentences what is not as it must be. Rules are pure, so tests turn facts around and see each rule notice. Under
gVisor the kernel that the probe sees is gVisor's own: what counts there is that it is not the host's, that it
offers nothing more, and that the engine's counters outside show the limits.

Sources: the design's security notes 2.1; proc(5), capabilities(7), cgroups(7); the runsc reference.
"""

import errno
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audition.adapters.docker.translate import GVISOR, pids_limit
from audition.domain.execution import Limits

Facts = Mapping[str, Any]

_REFUSED = frozenset({errno.EPERM, errno.EACCES, errno.EROFS})
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH})
_SECCOMP_FILTER = "2"
_LEAST_UID = 10_000
_PERIOD_ROUNDING = 0.01
_OOM_SCORE = "500"
_SHM_BYTES = 64 << 20
#: An init, the probe, and on some kernels a helper that is just ending.
_MOST_PROCESSES = 4
#: Keys that images of ours and the translation set.
_ENVIRONMENT = frozenset(
    {"HOME", "TMPDIR", "LANG", "LC_CTYPE", "PATH", "HOSTNAME"}
    | {"PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    | {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"}
)
#: What may be mounted: the kernel's own trees, and what the spec names.
_KERNEL_TREES = ("/proc", "/sys", "/dev")
_TMP, _SHM = "/tmp", "/dev/shm"  # noqa: S108  of the container
_MOUNTS = frozenset(
    {"/", _TMP, "/out", "/submission", "/in/test.csv", "/sbin/docker-init", "/usr/sbin/docker-init"}
    | {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the container was asked to be."""

    runtime: str
    uid: int
    limits: Limits
    host_kernel: str

    @property
    def is_gvisor(self) -> bool:
        """Whether gVisor stands between the container and the host's kernel."""
        return self.runtime == GVISOR


def judge(facts: Facts, expected: Expected) -> tuple[str, ...]:
    """Everything that is not as it must be, as "rule: sentence"; empty for a container that may run anything."""
    return tuple(f"{name}: {trouble}" for name, rule in RULES.items() for trouble in rule(facts, expected))


def _rights(facts: Facts, _expected: Expected) -> Iterator[str]:
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        # gVisor does not list ambient ones, which cannot exceed the permitted ones.
        if int(facts["status"].get(name, "0"), 16) != 0:
            yield f"{name} is {facts['status'][name]}, not 0"
    if facts["no_new_privs"] != 1:
        yield "no_new_privs is off, so a setuid program could gain rights"
    for call in ("setuid", "chown"):
        if facts[call] is None:
            yield f"{call} to root succeeded"


def _filter(facts: Facts, expected: Expected) -> Iterator[str]:
    is_filtered = facts["status"].get("Seccomp") == _SECCOMP_FILTER
    if not is_filtered and not expected.is_gvisor:
        yield "system calls are not filtered (Seccomp is not 2)"
    if is_filtered:
        for name, (result, code) in facts["calls"].items():
            if name == "clone3":
                continue
            if (result, code) != (-1, errno.EPERM):
                yield f"the call {name} is not refused (result {result}, errno {code})"
    if not facts["can_start_threads"]:
        yield "honest code cannot start threads"


def _kernel(facts: Facts, expected: Expected) -> Iterator[str]:
    if expected.is_gvisor and facts["kernel"] == expected.host_kernel:
        yield f"the runtime is named {GVISOR}, but the host's own kernel answers"
    for name in ("proc_sys", "kcore", "kmsg", "devices"):
        if facts[name] is None:
            yield f"{name} of the kernel can be used"
    if facts["oom_score_adj"] != _OOM_SCORE and not expected.is_gvisor:
        yield f"oom_score_adj is {facts['oom_score_adj']}, not {_OOM_SCORE}"


def _user(facts: Facts, expected: Expected) -> Iterator[str]:
    ids = {int(one) for key in ("Uid", "Gid") for one in facts["status"][key].split()}
    if ids != {expected.uid} or min(ids) < _LEAST_UID:
        yield f"it runs as {sorted(ids)}, not as {expected.uid}"
    if not set(facts["groups"]) <= {expected.uid}:
        yield f"it is in the groups {facts['groups']}"


def _files(facts: Facts, _expected: Expected) -> Iterator[str]:
    for place in ("/", "/in/test.csv", "/submission"):
        if "ro" not in facts["mounts"].get(place, []):
            yield f"{place} is not mounted read-only"
    for place, code in {**facts["writes"], **facts["input"]}.items():
        if place != "text" and code not in _REFUSED | {errno.EBUSY}:
            yield f"a file could be planted in, or changed by, {place}"
    for place, options in facts["mounts"].items():
        if place in _MOUNTS:
            continue
        if not any(place == tree or place.startswith(f"{tree}/") for tree in _KERNEL_TREES):
            yield f"{place} is mounted ({','.join(options)}), which nothing asked for"


def _network(facts: Facts, _expected: Expected) -> Iterator[str]:
    seen = facts["network"]
    if set(seen["interfaces"]) - {"lo"}:
        yield f"there are interfaces: {', '.join(seen['interfaces'])}"
    if seen["routes"]:
        yield f"there are routes: {seen['routes']}"
    for where in ("out", "metadata"):
        if seen[where] not in _UNREACHABLE:
            yield f"connecting {where} does not fail at once (errno {seen[where]})"


def _sockets(facts: Facts, expected: Expected) -> Iterator[str]:
    seen = facts["network"]
    is_filtered = facts["status"].get("Seccomp") == _SECCOMP_FILTER
    for family, code in seen["families"].items():
        # An unfiltered gVisor answers netlink itself, about its own empty network.
        if code is None and (family != "AF_NETLINK" or is_filtered or not expected.is_gvisor):
            yield f"{family} sockets can be made"
    if seen["raw"] is None:
        yield "raw sockets can be made"
    for path in facts["sockets"]:
        yield f"an engine's socket is there: {path}"


def _limits(facts: Facts, expected: Expected) -> Iterator[str]:
    limits, outside = expected.limits, facts["engine"]
    for name, wanted in (
        ("memory", limits.memory_bytes),
        ("pids", pids_limit(limits, expected.runtime)),
    ):
        if outside[name] != wanted:
            yield f"the engine counts {name} up to {outside[name]}, not {wanted}"
    if not outside["has_cpu_quota"]:
        yield "the engine counts no processor quota"
    if not expected.is_gvisor:
        yield from _group_limits(facts["cgroup"], limits)


def _group_limits(group: Mapping[str, str], limits: Limits) -> Iterator[str]:
    """As the kernel's own files show them inside."""
    if group.get("memory") != str(limits.memory_bytes):
        yield f"memory is limited to {group.get('memory')}, not {limits.memory_bytes}"
    # Version 1 counts memory and swap together, version 2 swap alone; without swap accounting there is no file.
    if group.get("swap") not in {str(limits.memory_bytes), "0", None}:
        yield f"swap is limited to {group['swap']}"
    if group.get("pids") != str(limits.pids):
        yield f"processes are limited to {group.get('pids')}, not {limits.pids}"
    quota, period = group.get("cpu_quota", "max").split()[0], group.get("cpu_period", "1").split()[-1]
    if not quota.isdecimal() or abs(int(quota) / int(period) - limits.cpus) > _PERIOD_ROUNDING:
        yield f"the processor is limited to {quota}/{period}, not {limits.cpus}"


def _scratch(facts: Facts, expected: Expected) -> Iterator[str]:
    limits, tmp, filled = expected.limits, facts["sizes"][_TMP], facts["fill"][_TMP]
    if tmp["bytes"] != limits.scratch_bytes or filled["bytes"] > limits.scratch_bytes:
        yield f"{_TMP} takes {max(tmp['bytes'], filled['bytes'])} bytes, not {limits.scratch_bytes}"
    # gVisor's tmpfs has no limit on files; they count against the container's memory.
    if not expected.is_gvisor and filled["files"] >= limits.scratch_inodes:
        yield f"{_TMP} takes more than {limits.scratch_inodes} files"
    if facts["exec_tmp"] not in _REFUSED:
        yield f"a program in {_TMP} can be executed"
    if facts["sizes"][_SHM]["bytes"] != _SHM_BYTES:
        yield f"{_SHM} is not limited to 64 MiB"


def _out(facts: Facts, expected: Expected) -> Iterator[str]:
    limits, filled = expected.limits, facts["fill"]["/out"]
    if filled["bytes"] > limits.output_bytes or filled["bytes_errno"] not in {errno.ENOSPC, errno.EFBIG}:
        yield f"/out takes {filled['bytes']} bytes, more than {limits.output_bytes}"
    if filled["files"] >= limits.output_inodes or filled["files_errno"] != errno.ENOSPC:
        yield f"/out takes {filled['files']} files, not fewer than {limits.output_inodes}"
    for name, wanted in (("CORE", 0), ("NOFILE", 1024), ("FSIZE", limits.output_bytes)):
        if facts["rlimits"][name] != [wanted, wanted]:
            yield f"the limit {name} is {facts['rlimits'][name]}, not {wanted}"


def _surroundings(facts: Facts, _expected: Expected) -> Iterator[str]:
    if strange := set(facts["environment"]) - _ENVIRONMENT:
        yield f"the environment has {', '.join(sorted(strange))}"
    doors = [
        d for d in facts["descriptors"] if d.startswith("/") and not d.startswith(("/dev/null", "/proc/"))
    ]
    if doors:
        yield f"it was given open files: {', '.join(doors)}"
    if facts["processes"] > _MOST_PROCESSES or "python" in facts["first_process"]:
        yield f"it sees {facts['processes']} processes, the first being {facts['first_process']}"
    if facts["canary"]:
        yield f"what lies beside its input can be found in {', '.join(facts['canary'])}"


Rule = Callable[[Facts, Expected], Iterator[str]]
#: By what they guard.
RULES: Mapping[str, Rule] = {
    "rights": _rights,
    "filter": _filter,
    "kernel": _kernel,
    "user": _user,
    "files": _files,
    "network": _network,
    "sockets": _sockets,
    "limits": _limits,
    "scratch": _scratch,
    "out": _out,
    "surroundings": _surroundings,
}
