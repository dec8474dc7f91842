"""Write `seccomp.json`: an allow-list of system calls for everything we run.

Run it with `python -m audition.adapters.docker.make_seccomp` after a change; a test keeps the two equal.

Against the engine's default profile this one leaves out: every socket family but UNIX and INET/INET6 (AF_ALG,
CVE-2026-31431; AF_VSOCK, AF_PACKET), io_uring, keyrings, bpf, perf, userfaultfd, ptrace and process_vm_*,
name_to_handle_at and open_by_handle_at, new namespaces, mounts, module and clock administration, and foreign
architectures. `clone3` answers ENOSYS so that the C library falls back to `clone`, whose flags can be looked at.

Source: system call tables of Linux 6.x; list of dangerous ones in the design's security notes.
"""

import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("seccomp.json")

_FILES = """
access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock
fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr
inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr
llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 pread64
preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename renameat
renameat2 rmdir sendfile setxattr splice stat statfs statx symlink symlinkat sync sync_file_range syncfs tee
truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev
"""
_MEMORY = """
brk get_mempolicy madvise mbind membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap msync
munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_madvise remap_file_pages set_mempolicy
"""
_PROCESSES = """
alarm arch_prctl capget capset execve execveat exit exit_group fork futex futex_waitv get_robust_list
get_thread_area getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid
getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set kill landlock_add_rule
landlock_create_ruleset landlock_restrict_self nanosleep pause pidfd_open pidfd_send_signal prctl prlimit64
restart_syscall rseq sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr
sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam
sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid
setgroups setitimer getitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid
sysinfo tgkill time times tkill uname vfork wait4 waitid
"""
_SIGNALS = """
rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_tgsigqueueinfo sigaltstack signalfd signalfd4
"""
_EVENTS = """
clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait
epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 gettimeofday io_cancel io_destroy io_getevents
io_pgetevents io_setup io_submit mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl
msgget msgrcv msgsnd pipe pipe2 poll ppoll pselect6 select semctl semget semop semtimedop shmat shmctl shmdt
shmget timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
timerfd_settime getrandom
"""
_SOCKETS = """
accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
sendto setsockopt shutdown socketpair
"""

#: CLONE_NEWNS|NEWCGROUP|NEWUTS|NEWIPC|NEWUSER|NEWPID|NEWNET. Source: linux/sched.h.
_CLONE_NEW = 0x7E020000
#: PER_LINUX and the variants the C library and Node use; the same as the engine's default allows.
_PERSONALITIES = (0x0, 0x0008, 0x20000, 0x20008, 0xFFFFFFFF)
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_ENOSYS = 38


def _allow(names: str | list[str], *args: dict[str, Any]) -> dict[str, Any]:
    listed = sorted(set(names.split() if isinstance(names, str) else names))
    return {"names": listed, "action": "SCMP_ACT_ALLOW", "args": list(args)}


def _equals(index: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": value, "valueTwo": 0, "op": "SCMP_CMP_EQ"}


def profile() -> dict[str, Any]:
    """The profile as the engine reads it. Anything not named fails with EPERM."""
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": [
            _allow(f"{_FILES} {_MEMORY} {_PROCESSES} {_SIGNALS} {_EVENTS} {_SOCKETS}"),
            # Only equality is used: two "not equal" rules in a row would allow each other's exception.
            *(_allow(["socket"], _equals(0, family)) for family in (_AF_UNIX, _AF_INET, _AF_INET6)),
            *(_allow(["personality"], _equals(0, value)) for value in _PERSONALITIES),
            _allow(
                ["clone"],
                {"index": 0, "value": _CLONE_NEW, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"},
            ),
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS, "args": []},
        ],
    }


def render() -> str:
    """The profile as text."""
    return json.dumps(profile(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render())
