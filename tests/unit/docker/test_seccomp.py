"""The seccomp profile: what it must not let through, and that the file is the one the script makes."""

import json
from typing import Any

import pytest

from audition.adapters.docker import make_seccomp
from audition.adapters.docker.translate import seccomp_profile

#: By the reason why each is dangerous to a host that runs strangers' code.
DENIED = {
    "page cache and kernel memory": "io_uring_setup io_uring_enter io_uring_register userfaultfd bpf",
    "keyrings are not namespaced": "add_key request_key keyctl",
    "side channels and kernel addresses": "perf_event_open kcmp lookup_dcookie syslog",
    "other processes": "ptrace process_vm_readv process_vm_writev pidfd_getfd",
    "new namespaces": "unshare setns",
    "mounts": "mount umount2 pivot_root chroot move_mount open_tree fsopen fsmount fsconfig fspick mount_setattr",
    "file handles escape mounts": "open_by_handle_at name_to_handle_at",
    "the machine": "reboot kexec_load kexec_file_load swapon swapoff init_module finit_module delete_module",
    "its clock": "settimeofday clock_settime clock_adjtime adjtimex stime",
    "ports and descriptors": "ioperm iopl modify_ldt vhangup quotactl quotactl_fd acct nfsservctl",
    "memory of others": "move_pages migrate_pages memfd_secret",
    "watching all files": "fanotify_init fanotify_mark",
    "foreign or ancient": "socketcall uselib ustat sysfs _sysctl vm86 vm86old personality2",
    "names": "sethostname setdomainname",
}
DENIED_NAMES = sorted({name for names in DENIED.values() for name in names.split()})
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(seccomp_profile())["syscalls"]
    return found


def allowing(rules: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [r for r in rules if name in r["names"] and r["action"] == "SCMP_ACT_ALLOW"]


def test_the_file_is_what_the_script_writes() -> None:
    assert seccomp_profile() == make_seccomp.render(), "run python -m audition.adapters.docker.make_seccomp"


def test_what_is_not_named_fails() -> None:
    profile = json.loads(seccomp_profile())

    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert profile["defaultErrnoRet"] == 1  # EPERM


def test_foreign_architectures_are_left_out() -> None:
    # 32-bit and x32 calls have other numbers, and other bugs.
    assert json.loads(seccomp_profile())["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]


@pytest.mark.parametrize("name", DENIED_NAMES)
def test_a_dangerous_call_is_nowhere_allowed(rules: list[dict[str, Any]], name: str) -> None:
    assert allowing(rules, name) == []


def test_sockets_are_of_three_families_only(rules: list[dict[str, Any]]) -> None:
    arguments = [rule["args"] for rule in allowing(rules, "socket")]

    assert all(len(args) == 1 and args[0]["index"] == 0 for args in arguments)
    # "Equals" only: two "not equal" rules in a row would each allow what the other forbids.
    assert {args[0]["op"] for args in arguments} == {"SCMP_CMP_EQ"}
    assert {args[0]["value"] for args in arguments} == set(FAMILIES.values())


def test_clone_makes_no_namespace(rules: list[dict[str, Any]]) -> None:
    (rule,) = allowing(rules, "clone")
    (argument,) = rule["args"]
    # linux/sched.h
    flags = {
        "CLONE_NEWNS": 0x00020000,
        "CLONE_NEWCGROUP": 0x02000000,
        "CLONE_NEWUTS": 0x04000000,
        "CLONE_NEWIPC": 0x08000000,
        "CLONE_NEWUSER": 0x10000000,
        "CLONE_NEWPID": 0x20000000,
        "CLONE_NEWNET": 0x40000000,
    }

    assert argument == {
        "index": 0,
        "value": sum(flags.values()),
        "valueTwo": 0,
        "op": "SCMP_CMP_MASKED_EQ",
    }


def test_clone3_says_that_it_does_not_exist(rules: list[dict[str, Any]]) -> None:
    # Its flags are behind a pointer that no filter can follow; ENOSYS makes the C library use clone.
    (rule,) = [r for r in rules if "clone3" in r["names"]]

    assert (rule["action"], rule["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)


def test_personality_cannot_switch_off_address_randomisation(rules: list[dict[str, Any]]) -> None:
    values = {rule["args"][0]["value"] for rule in allowing(rules, "personality")}

    assert values == set(make_seccomp._PERSONALITIES)
    assert not any(value & 0x0040000 for value in values if value != 0xFFFFFFFF)


@pytest.mark.parametrize("name", ["read", "mmap", "futex", "execve", "epoll_wait", "getrandom", "flock"])
def test_what_every_program_needs_is_allowed(rules: list[dict[str, Any]], name: str) -> None:
    assert [rule["args"] for rule in allowing(rules, name)] == [[]]
