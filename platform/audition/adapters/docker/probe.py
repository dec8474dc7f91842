"""Looks around in a container as a candidate's code could, and prints what it sees as one line of JSON.

It runs inside, as text: standard library only, and no import of anything of ours. `posture.py` says what must be
seen. It expects an input /in/test.csv, a writable /out and a read-only /submission.
"""

import ctypes
import errno
import json
import os
import platform
import resource
import socket
import sys
import threading
from pathlib import Path

#: In two parts, so that the probe does not find itself.
CANARY_PARTS = ("canary-7d1f", "-of-the-answers")
#: By name: numbers on x86_64 and aarch64. Source: arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h.
CALLS = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "init_module": (175, 105),
    "syslog": (103, 116),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "chroot": (161, 51),
    "move_pages": (279, 239),
    "memfd_secret": (447, 447),
    "clone3": (435, 435),
}
CLONE = (56, 220)
#: CLONE_NEWUSER | SIGCHLD and its sisters. Source: linux/sched.h.
NEW = {
    "user": 0x10000000,
    "net": 0x40000000,
    "mnt": 0x20000,
    "pid": 0x20000000,
    "uts": 0x4000000,
    "ipc": 0x8000000,
}
FAMILIES = {"AF_NETLINK": 16, "AF_PACKET": 17, "AF_BLUETOOTH": 31, "AF_ALG": 38, "AF_VSOCK": 40, "AF_XDP": 44}
#: Families that have other kinds than streams: SOCK_RAW and SOCK_SEQPACKET.
KINDS = {16: 3, 17: 3, 38: 5}
TMP, SHM = "/tmp", "/dev/shm"  # noqa: S108  of the container
PLACES = ["/", "/etc", "/usr", "/usr/bin", "/var", "/run", "/dev", "/in", "/submission", "/opt", "/home"]
SIZED = [TMP, "/out", SHM, "/submission"]
#: More files than any limit that the probe is started with.
MANY_FILES = 300
PR_GET_NO_NEW_PRIVS = 39
CGROUP_FILES = {
    "memory": ["memory/memory.limit_in_bytes", "memory.max"],
    "swap": ["memory/memory.memsw.limit_in_bytes", "memory.swap.max"],
    "pids": ["pids/pids.max", "pids.max"],
    "cpu_quota": ["cpu/cpu.cfs_quota_us", "cpu.max"],
    "cpu_period": ["cpu/cpu.cfs_period_us", "cpu.max"],
}


def status() -> dict[str, str]:
    """This process, by the kernel."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def refusal(attempt: object) -> int | None:
    """Errno of what fails, None of what works."""
    try:
        attempt()  # type: ignore[operator]
    except OSError as error:
        return error.errno
    return None


def calls() -> dict[str, list[int]]:
    """Result and errno of each call, with arguments that a kernel without filter would look at."""
    libc = ctypes.CDLL(None, use_errno=True)
    column = 0 if platform.machine() == "x86_64" else 1
    found = {}
    for name, numbers in CALLS.items():
        ctypes.set_errno(0)
        # Request 0 of ptrace would succeed and change this process; 16 attaches to a process 0, which is none.
        first = 16 if name == "ptrace" else 0
        result = libc.syscall(numbers[column], first, 0, 0, 0, 0, 0)
        found[name] = [result, ctypes.get_errno()]
    for kind, flag in NEW.items():
        ctypes.set_errno(0)
        result = libc.syscall(CLONE[column], flag | 17, 0, 0, 0, 0)
        if result == 0:
            os._exit(0)
        found[f"clone new {kind}"] = [result, ctypes.get_errno()]
    return found


def cgroup() -> dict[str, str]:
    """Limits as the kernel's own files show them, of either version."""
    base = Path("/sys/fs/cgroup")
    return {
        name: (base / path).read_text().strip()
        for name, paths in CGROUP_FILES.items()
        for path in paths
        if (base / path).is_file()
    }


def sizes() -> dict[str, dict[str, int]]:
    """Size, inodes and flags of what may be written."""
    found = {}
    for place in SIZED:
        facts = os.statvfs(place)
        found[place] = {
            "bytes": facts.f_blocks * facts.f_frsize,
            "inodes": facts.f_files,
            "noexec": bool(facts.f_flag & os.ST_NOEXEC),
            "nosuid": bool(facts.f_flag & os.ST_NOSUID),
            "nodev": bool(facts.f_flag & os.ST_NODEV),
            "read_only": bool(facts.f_flag & os.ST_RDONLY),
        }
    return found


def fill(folder: str) -> dict[str, int | None]:
    """How far it can be filled: bytes, then files."""
    block, written = b"x" * (1 << 20), 0
    path = Path(folder) / "filler"
    with path.open("wb", buffering=0) as sink:
        trouble = None
        while trouble is None and written < 1 << 28:
            try:
                written += sink.write(block)
            except OSError as error:
                trouble = error.errno
    path.unlink()
    made: list[Path] = []
    many = None
    while many is None and len(made) < MANY_FILES:
        name = Path(folder) / f"f{len(made)}"
        many = refusal(name.touch)
        if many is None:
            made.append(name)
    for name in made:
        name.unlink()
    return {"bytes": written, "bytes_errno": trouble, "files": len(made), "files_errno": many}


def run_from(folder: str) -> int | None:
    """Errno of executing a program placed there."""
    path = Path(folder) / "program"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    try:
        return refusal(lambda: os.posix_spawn(str(path), [str(path)], {}))
    finally:
        path.unlink()


def canary() -> list[str]:
    """Where the answers can be read: names and contents of all but the image's own read-only folders."""
    word = "".join(CANARY_PARTS).encode()
    found = []
    for top in (
        "/in",
        "/out",
        "/submission",
        TMP,
        "/run",
        SHM,
        "/etc",
        "/var",
        "/home",
        "/answers",
        "/evidence",
    ):
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder) / name
                try:
                    if path.is_file() and word in path.read_bytes():
                        found.append(str(path))
                except OSError:
                    continue
    for path in [
        *Path("/proc").glob("[0-9]*/environ"),
        *Path("/proc").glob("[0-9]*/cmdline"),
        Path("/proc/self/mountinfo"),
    ]:
        try:
            if word in path.read_bytes() or (b"answers" in path.read_bytes() and path.name != "cmdline"):
                found.append(str(path))
        except OSError:
            continue
    return found


def network() -> dict[str, object]:
    """Interfaces, routes, and what happens to those who try."""

    def out() -> None:
        with socket.socket() as probe:
            probe.settimeout(2)
            probe.connect(("192.0.2.1", 80))

    def metadata() -> None:
        with socket.socket() as probe:
            probe.settimeout(2)
            probe.connect(("169.254.169.254", 80))

    return {
        "interfaces": [
            line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]
        ],
        "routes": Path("/proc/net/route").read_text().splitlines()[1:],
        "out": refusal(out),
        "metadata": refusal(metadata),
        "families": {
            name: refusal(lambda n=number: socket.socket(n, KINDS.get(n, 1)))
            for name, number in FAMILIES.items()
        },
        "raw": refusal(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)),
    }


def descriptors() -> list[str]:
    """What this process was given open: the first three, and any beyond those that are listed by looking."""
    numbers = sorted(int(path.name) for path in Path("/proc/self/fd").iterdir())
    return [
        str(Path(f"/proc/self/fd/{n}").readlink()) for n in numbers if Path(f"/proc/self/fd/{n}").is_symlink()
    ]


def sockets() -> list[str]:
    """Sockets of engines."""
    usual = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock")
    return [path for path in usual if Path(path).exists()]


def mounts() -> dict[str, list[str]]:
    """Options of each mount, by where it is."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return {line.split()[4]: line.split()[5].split(",") for line in lines}


def disk() -> None:
    """Make a device file of the first disk and read it."""
    path = Path(TMP, "disk")
    os.mknod(path, 0o60600, os.makedev(8, 0))
    try:
        path.read_bytes()
    finally:
        path.unlink()


def kernel_memory() -> None:
    """Read a byte of it; where it is masked it is there and empty."""
    with Path("/proc/kcore").open("rb") as source:
        if not source.read(1):
            raise OSError(errno.ENODATA, "empty")


def can_start_threads() -> bool:
    """Whether honest code can: a filter that is too strict is a fault as well."""
    thread = threading.Thread(target=int)
    try:
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True


def writes() -> dict[str, int | None]:
    """Errno of planting a file, by folder."""
    there = [place for place in PLACES if Path(place).is_dir()]
    return {place: refusal(lambda p=place: Path(p, "planted").write_text("x")) for place in there}


def look() -> dict[str, object]:
    """Everything."""
    return {
        "status": status(),
        "no_new_privs": ctypes.CDLL(None).prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
        "kernel": platform.release(),
        "mounts": mounts(),
        "can_start_threads": can_start_threads(),
        "groups": os.getgroups(),
        "writes": writes(),
        "input": {
            "write": refusal(lambda: Path("/in/test.csv").write_text("x")),
            "remove": refusal(lambda: Path("/in/test.csv").unlink()),
            "text": Path("/in/test.csv").read_text(),
        },
        "network": network(),
        "cgroup": cgroup(),
        "sizes": sizes(),
        "fill": {place: fill(place) for place in (TMP, "/out")},
        "exec_tmp": run_from(TMP),
        "environment": dict(os.environ),
        "sockets": sockets(),
        "calls": calls(),
        "canary": canary(),
        "hostname": socket.gethostname(),
        "descriptors": descriptors(),
        "processes": len(list(Path("/proc").glob("[0-9]*"))),
        "first_process": Path("/proc/1/cmdline").read_bytes().split(b"\0")[0].decode(),
        "rlimits": {n: resource.getrlimit(getattr(resource, f"RLIMIT_{n}")) for n in ("CORE", "NOFILE", "FSIZE")},
        "oom_score_adj": Path("/proc/self/oom_score_adj").read_text().strip(),
        "proc_sys": refusal(lambda: Path("/proc/sys/kernel/core_pattern").write_text("|/x")),
        "kcore": refusal(kernel_memory),
        "setuid": refusal(lambda: os.setuid(0)),
        "chown": refusal(lambda: os.chown("/out", 0, 0)),
        "devices": refusal(disk),
        "kmsg": refusal(lambda: Path("/dev/kmsg").write_text("x")),
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look()) + "\n")
    sys.stdout.flush()
    if "--stay" in sys.argv:
        threading.Event().wait()
