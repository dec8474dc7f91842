"""A submission that tries every door once and prints, for each case of the corpus, what happened.

It runs inside: standard library only. Each probe returns what it found, as text: "EPERM" and the like for a call
that was refused, "nothing" for a search without a find; anything else is a door that stood open.
"""

import ctypes
import errno
import hashlib
import json
import mmap
import os
import platform
import re
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from io import IOBase
from pathlib import Path

NOTHING = "nothing"
#: What is looked for, in two parts so that no archive holds it whole.
WORDS_FILE = "words.json"
#: Numbers of calls on x86_64 and aarch64. Source: arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h.
CALLS = {
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "perf_event_open": (298, 241),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    "pivot_root": (155, 41),
    "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "fanotify_init": (300, 262),
    "pidfd_getfd": (438, 438),
}
ADMIN = {
    "reboot": (169, 142),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "acct": (163, 89),
}
_COLUMN = 0 if platform.machine() == "x86_64" else 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def name_of(number: int | None) -> str:
    """EPERM and the like."""
    return errno.errorcode.get(number or 0, f"errno {number}")


def attempt(act: Callable[[], object]) -> str:
    """What an act was refused with, or that it worked."""
    try:
        result = act()
    except OSError as error:
        return name_of(error.errno)
    if isinstance(result, IOBase):
        result.close()
    return f"worked: {result!r}"[:200]


def calls(numbers: dict[str, tuple[int, int]]) -> str:
    """Calls that were not refused, with what they answered."""
    found = []
    for name, columns in numbers.items():
        ctypes.set_errno(0)
        result = _LIBC.syscall(columns[_COLUMN], 0, 0, 0, 0, 0, 0)
        if result != -1 or ctypes.get_errno() not in {errno.EPERM, errno.ENOSYS}:
            found.append(f"{name}: {result} {name_of(ctypes.get_errno())}")
    return "; ".join(found) or NOTHING


def writes(*paths: str) -> str:
    """Those of the paths that can be opened for writing."""
    opened = [path for path in paths if attempt(partial(Path(path).open, "r+b")).startswith("worked")]
    return " ".join(opened) or NOTHING


def walk(*tops: str) -> Iterator[Path]:
    """Every file below some folders; kernel interfaces left out."""
    for top in tops:
        for folder, folders, names in os.walk(top):
            if folder == "/":
                folders[:] = [f for f in folders if f not in {"proc", "sys", "dev", "usr", "opt"}]
            yield from (Path(folder, name) for name in names)


def contents() -> Iterator[tuple[Path, bytes]]:
    """Everything that can be read here besides the image's own programs."""
    interfaces = [
        *Path("/proc").glob("[0-9]*/*"),
        *Path("/proc").glob("[0-9]*/task/*/*"),
        *Path("/proc").glob("*"),
    ]
    for path in (*walk("/", "/dev/shm", "/dev/mqueue"), *interfaces):
        try:
            if path.is_file() and path.name not in {WORDS_FILE, "kmsg", "kcore", "mem", "pagemap"}:
                with path.open("rb") as stream:
                    yield path, stream.read(1 << 20)
        except OSError:
            continue


def canaries() -> str:
    """Places where a canary stands."""
    words = ["".join(parts).encode() for parts in json.loads(Path(WORDS_FILE).read_text())]
    return " ".join(str(path) for path, text in contents() if any(w in text for w in words)) or NOTHING


def environments() -> str:
    """Keys in the environment of any process that are not on the list."""
    allowed = {
        "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PATH", "HOSTNAME", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    }  # fmt: skip
    found = set(os.environ)
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found |= {pair.split(b"=")[0].decode() for pair in path.read_bytes().split(b"\0") if pair}
        except OSError:
            continue
    return " ".join(sorted(found - allowed)) or NOTHING


def connect(*addresses: tuple[str, int]) -> str:
    """Addresses that answer, or refuse in a way that says that somebody is there."""
    found = []
    for host, port in addresses:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.settimeout(1)
            said = attempt(lambda p=probe, h=host, n=port: p.connect((h, n)))  # type: ignore[misc]
            if said not in {"ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"}:
                found.append(f"{host}:{port} {said}")
    return "; ".join(found) or NOTHING


def families() -> str:
    """Kinds of socket that can be made besides those for programs of one's own."""
    kinds = {"netlink": (16, 3), "packet": (17, 3), "alg": (38, 5), "vsock": (40, 1), "bluetooth": (31, 3),
             "raw": (2, 3), "raw6": (10, 3), "xdp": (44, 3), "can": (29, 3), "kcm": (41, 2)}  # fmt: skip
    found = []
    for name, (family, kind) in kinds.items():
        protocol = 1 if name == "raw" else 0
        said = attempt(lambda f=family, k=kind, p=protocol: socket.socket(f, k, p).close())  # type: ignore[misc]
        if said.startswith("worked"):
            found.append(name)
    for name, family, protocol, host in (
        ("udp", 2, 0, "192.0.2.1"),
        ("icmp", 2, 1, "192.0.2.1"),
        ("udp6", 10, 0, "2001:db8::1"),
    ):
        if attempt(lambda f=family, p=protocol, h=host: _send(f, p, h)).startswith("worked"):  # type: ignore[misc]
            found.append(f"{name} to {host}")
    return " ".join(found) or NOTHING


def _send(family: int, protocol: int, host: str) -> None:
    with socket.socket(family, socket.SOCK_DGRAM, protocol) as sender:
        sender.sendto(b"\x08\0\0\0\0\0\0\0", (host, 53))


def setuid_files() -> str:
    """Programs that would run as somebody else."""
    marked = [
        str(path)
        for path in walk("/usr", "/bin", "/sbin", "/opt", "/submission", "/tmp")
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000
    ]
    return " ".join(marked) or NOTHING


def _library() -> Path:
    return next(p for p in Path("/usr/lib").glob("*/libc.so.6"))


def library_digest() -> str:
    """The C library as this run sees it."""
    return hashlib.sha256(_library().read_bytes()).hexdigest()


def library_changes() -> str:
    """Ways to change the C library, which every container shares."""
    path = _library()
    tries = {
        "write": lambda: path.open("r+b"),
        "empty": lambda: os.open(path, os.O_WRONLY | os.O_TRUNC),
        "truncate": lambda: os.truncate(path, 0),
        "map": lambda: _map_shared(path),
    }
    return " ".join(name for name, act in tries.items() if attempt(act).startswith("worked")) or NOTHING


def _map_shared(path: Path) -> None:
    with path.open("rb") as stream:
        mmap.mmap(stream.fileno(), 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)


def posture() -> str:
    """What of the kernel's own record of this process is not as strict as it should be."""
    lines = (line.partition(":") for line in Path("/proc/self/status").read_text().splitlines())
    status = {key: value.strip() for key, _, value in lines}
    wrong = [key for key in ("CapEff", "CapPrm", "CapBnd", "CapAmb") if int(status.get(key, "0"), 16)]
    wrong += ["NoNewPrivs"] if status.get("NoNewPrivs", "1") != "1" else []
    wrong += ["Seccomp"] if status.get("Seccomp", "2") != "2" and not _is_gvisor() else []
    return " ".join(wrong + (["uid"] if os.getuid() < 10_000 else [])) or NOTHING


def _is_gvisor() -> bool:
    """gVisor is a kernel of its own; its filter is around it, not in it."""
    return "gVisor" in Path("/proc/version").read_text() or not Path("/proc/sys/kernel/osrelease").exists()


def groups() -> str:
    """Control groups that can be joined or made."""
    found = []
    for top in ("/sys/fs/cgroup", *map(str, Path("/sys/fs/cgroup").glob("*"))):
        for name in ("cgroup.procs", "tasks", "release_agent", "notify_on_release", "memory.limit_in_bytes"):
            path = Path(top, name)
            if path.exists() and attempt(lambda p=path: p.open("w")).startswith("worked"):  # type: ignore[misc]
                found.append(str(path))
        if attempt(lambda t=top: Path(t, "mine").mkdir()).startswith("worked"):  # type: ignore[misc]
            found.append(f"{top}/mine")
    return " ".join(found) or NOTHING


def traces() -> str:
    """Process 1, under a debugger."""
    numbers = (101, 310) if _COLUMN == 0 else (117, 270)
    found = []
    for name, number in zip(("ptrace", "process_vm_readv"), numbers, strict=True):
        ctypes.set_errno(0)
        if _LIBC.syscall(number, 16, 1, 0, 0, 0, 0) != -1:
            found.append(name)
    return " ".join(found) or NOTHING


def neighbours() -> str:
    """Signs of other runs: their volumes and folders in the mount table, their processes, their files."""
    table = Path("/proc/self/mountinfo").read_text()
    runs = set(re.findall(r"audition-(run_\w+|bay_\w+)-\d+", table))
    found = [f"volumes of {len(runs)} runs"] if len(runs) > 1 else []
    found += ["answers in the mount table"] if "/answers" in table else []
    numbers = [int(p.name) for p in Path("/proc").glob("[0-9]*")]
    found += [f"{len(numbers)} processes"] if len(numbers) > 4 else []
    found += [str(p) for p in walk("/submission", "/out") if "stranger" in p.name]
    return " ".join(found) or NOTHING


def _of_root(*names: str) -> list[str]:
    """Files in the home of root."""
    return [str(Path("/", "root", name)) for name in names]


def doors(*paths: str) -> str:
    """Those of the paths that are there for us."""
    return " ".join(p for p in paths if os.path.exists(p)) or NOTHING  # noqa: PTH110  a folder above may be locked


def inputs() -> str:
    """What could be done to the input; then its digest."""
    path = Path("/in/test.csv")
    acts: dict[str, Callable[[], object]] = {
        "write": lambda: path.open("r+b"),
        "remove": path.unlink,
        "rename": lambda: path.rename("/in/other"),
        "add": lambda: Path("/in/new").touch(),
        "mode": lambda: path.chmod(0o666),
        "submission": lambda: Path("/submission/new").touch(),
    }
    return " ".join(n for n, act in acts.items() if attempt(act).startswith("worked")) or NOTHING


def descriptors() -> str:
    """Folders and sockets of the outside that were left open for us."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        try:
            target = str(path.readlink())
        except OSError:
            continue
        if not target.startswith(("pipe:", "/dev/null", "/proc/", "/submission/", "/dev/pts", "host:")):
            found.append(f"{path.name}={target}")
    return " ".join(found) or NOTHING


def engines() -> str:
    """Sockets and ports of container engines."""
    places = (
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run/containerd/containerd.sock",
        "/run/podman/podman.sock",
    )
    ports = [n for n in (2375, 2376, 8080, 6379) if attempt(lambda n=n: _local(n)) != "ECONNREFUSED"]  # type: ignore[misc]
    return " ".join([*(p for p in places if Path(p).exists()), *map(str, ports)]) or NOTHING


def _local(port: int) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        probe.connect(("127.0.0.1", port))


def devices() -> str:
    """Devices that can be made and opened."""
    made = {"disk": (8, 0), "disk2": (254, 0), "mem": (1, 1), "kvm": (10, 232)}
    for name, numbers in made.items():
        attempt(
            partial(os.mknod, f"/tmp/{name}", 0o60600 if "disk" in name else 0o20600, os.makedev(*numbers))
        )
    return writes(*(f"/tmp/{name}" for name in made))


def refused(act: Callable[[], object]) -> str:
    """Nothing, when the kernel says that one may not."""
    said = attempt(act)
    return NOTHING if said in {"EPERM", "EACCES", "EROFS", "EINVAL"} else said


#: What each case tries; everything but "nothing" is a find.
PROBES: dict[str, Callable[[], str]] = {
    "A20": lambda: writes("/dev/kmsg", "/proc/kmsg", "/dev/log", "/run/systemd/journal/socket"),
    "A24": lambda: calls(ADMIN),
    "B19": inputs,
    "C01": environments,
    "C03": canaries,
    "C05": engines,
    "C06": lambda: connect(("169.254.169.254", 80), ("fd00:ec2::254", 80), ("100.100.100.200", 80)),
    "C07": neighbours,
    "C08": lambda: doors("/run/secrets", *_of_root(".docker", ".netrc", ".cache"), "/etc/pip.conf", "/kaniko"),
    "D01": lambda: connect(("192.0.2.1", 80), ("198.51.100.7", 443)),
    "D02": families,
    "D04": lambda: connect(*((f"172.{n}.0.1", port) for n in (17, 18, 19) for port in (6379, 5432, 8000, 2375))),
    "D05": lambda: connect(*((f"172.17.0.{n}", 8080) for n in range(2, 6))),
    "E01": lambda: "a socket" if "alg" in families().split() else NOTHING,
    "E03": lambda: calls(CALLS),
    "E04": lambda: setuid_files() if refused(lambda: os.setuid(0)) == NOTHING else "setuid works",
    "E06": lambda: writes(
        "/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger",
        "/sys/kernel/uevent_helper", "/proc/sys/fs/file-max",
    ),
    "E07": groups,
    "E08": devices,
    "E12": traces,
    "E13": posture,
    "E15": library_changes,
    "X68": descriptors,
    "X69": lambda: writes("/dev/mem", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/sda", "/dev/vda", "/dev/loop0"),
    "X70": lambda: writes(*(str(p) for p in Path("/sys").glob("*/*/*") if p.is_file())),
    "X71": lambda: refused(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
    "X72": lambda: refused(lambda: os.nice(-5)),
    "X73": lambda: refused(lambda: Path("/proc/self/oom_score_adj").write_text("-900")),
}  # fmt: skip


def tried(probe: Callable[[], str]) -> str:
    """What a probe found; one that breaks has not shown anything."""
    try:
        return probe()
    except Exception as error:  # noqa: BLE001  the others must still be tried
        return f"broke: {error!r}"


def look() -> dict[str, str]:
    """Every probe by the id of its case."""
    return {**{name: tried(probe) for name, probe in PROBES.items()}, "libc": library_digest()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look()))
