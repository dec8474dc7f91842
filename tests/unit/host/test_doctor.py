"""What the doctor makes of an engine."""

from dataclasses import replace

import pytest

from audition.adapters.docker.engine_client import EngineFacts
from audition.host import doctor
from audition.host.doctor import Level, Line, isolation, render, version_tuple

OLD = EngineFacts(
    version="20.10.24+dfsg1",
    api_version="1.41",
    runc_version="1.1.5+ds1",
    architecture="x86_64",
    kernel="6.1.0",
    cgroup_version="1",
    storage_driver="overlay2",
    runtimes=("runc",),
    default_runtime="runc",
    security_options=("seccomp",),
    cpu_count=2,
    memory_bytes=8 << 30,
    root_dir="/var/lib/docker",
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("20.10.24+dfsg1", (20, 10, 24)),
        ("29.7.0", (29, 7, 0)),
        ("1.4.0-rc.3", (1, 4, 0)),
        ("dev", ()),
    ],
)
def test_versions_are_compared_as_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version_tuple(text) == numbers


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ("1.1.5", "warn"),
        ("1.2.7", "warn"),
        ("1.2.8", "ok"),
        ("1.3.2", "warn"),
        ("1.3.3", "ok"),
        ("1.4.0", "ok"),
    ],
)
def test_each_runc_series_has_its_own_floor(version: str, level: str) -> None:
    assert doctor._runc_version(replace(OLD, runc_version=version)).level == level


def test_isolation_is_named_by_the_strongest_wall() -> None:
    assert isolation(None).level is Level.FAIL
    assert isolation(replace(OLD, security_options=())).level is Level.FAIL
    assert isolation(OLD).text.startswith("fair")
    assert isolation(replace(OLD, security_options=("seccomp", "userns"))).text.startswith("good")
    assert isolation(replace(OLD, runtimes=("runc", "runsc"))).text.startswith("strong")


def test_a_fix_stands_below_what_it_fixes_and_only_there() -> None:
    text = render([Line(Level.OK, "a", "fine", "unused"), Line(Level.FAIL, "long", "broken", "do this")])
    assert text.splitlines() == ["ok    a     fine", "fail  long  broken", "            → do this"]
