"""What the doctor makes of an engine."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.adapters.docker.engine_client import EngineFacts
from audition.adapters.docker.examine import Result, Subject
from audition.adapters.docker.step_look import StepWalls
from audition.domain.execution import Profile
from audition.host import doctor
from audition.host.doctor import Level, Line, isolation, render
from audition.host.gvisor import ARGUMENTS
from audition.settings import Settings

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


def result(runtime: str, *troubles: str) -> Result:
    subject = Subject(profile=Profile.CANDIDATE, image="tabular:1", runtime=runtime)
    return Result(subject=subject, troubles=troubles)


GOOD = [result("runc")]


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
    assert isolation(OLD, GOOD).text.startswith("fair")
    assert isolation(replace(OLD, security_options=("seccomp", "userns")), GOOD).text.startswith("good")
    assert isolation(replace(OLD, runtimes=("runc", "runsc")), GOOD).text.startswith("strong")


def test_isolation_is_by_what_was_seen_not_by_what_is_registered() -> None:
    has_both = replace(OLD, runtimes=("runc", "runsc"))
    assert isolation(has_both).text == "not known yet"
    assert isolation(has_both, [*GOOD, result("runsc", "kernel: is the host's")]).text.startswith("fair")
    assert isolation(has_both, GOOD, "runc").text.startswith("fair")
    assert isolation(has_both, [result("runc", "rights: CapEff")], "runc").level is Level.FAIL
    assert isolation(OLD, GOOD, "runsc").level is Level.FAIL


def test_each_kind_of_container_that_was_looked_at_has_a_line() -> None:
    lines = list(
        doctor.postures([*GOOD, result("runsc", "kernel: odd"), result("runc", "rights: CapEff is 1")])
    )
    assert [line.level for line in lines] == [Level.OK, Level.WARN, Level.FAIL]
    assert "CapEff is 1" in lines[2].text
    assert "security.md" in lines[2].fix


@pytest.mark.parametrize(
    ("command", "found", "level", "says"),
    [
        ((), None, Level.WARN, "./audition gvisor"),
        ((), Path("/data/runsc"), Level.WARN, '"path": "/data/runsc"'),
        (("/bin/runsc", "--network=none"), None, Level.WARN, '"--oci-seccomp"'),
        (("/bin/runsc", *ARGUMENTS), None, Level.OK, ""),
    ],
)
def test_how_to_get_gvisor_is_said_to_the_letter(
    command: tuple[str, ...], found: Path | None, level: Level, says: str
) -> None:
    runtimes = ("runc", "runsc") if command else ("runc",)
    line = doctor.gvisor(replace(OLD, runtimes=runtimes, gvisor_command=command), found)
    assert line.level is level
    assert says in line.fix
    assert level is Level.OK or "daemon.json" in line.fix


def test_old_versions_are_a_warning_or_the_reason_why_no_job_is_taken() -> None:
    here, shared = (Settings(data_dir=Path("/d"), database_url=u) for u in ("sqlite:///x", "postgresql://x"))
    assert doctor.old_versions(OLD, here).level is Level.WARN
    assert doctor.old_versions(OLD, shared).level is Level.FAIL
    assert doctor.old_versions(replace(OLD, version="29.7.0", runc_version="1.3.3"), shared).level is Level.OK


@pytest.mark.parametrize(
    ("walls", "level"),
    [
        (StepWalls(is_filtered=True, is_ours=True, has_no_new_privileges=True, capabilities=14), Level.OK),
        (StepWalls(is_filtered=True, is_ours=True, has_no_new_privileges=False, capabilities=14), Level.WARN),
        (StepWalls(is_filtered=True, is_ours=False, has_no_new_privileges=True, capabilities=14), Level.WARN),
        (
            StepWalls(is_filtered=False, is_ours=False, has_no_new_privileges=False, capabilities=38),
            Level.FAIL,
        ),
    ],
)
def test_what_keeps_builds_in_is_said_as_it_was_seen(walls: StepWalls, level: Level) -> None:
    line = doctor.builds(walls)
    assert line.level is level
    assert f"{walls.capabilities} capabilities" in line.text


def test_a_fix_stands_below_what_it_fixes_and_only_there() -> None:
    text = render([Line(Level.OK, "a", "fine", "unused"), Line(Level.FAIL, "long", "broken", "do this")])
    assert text.splitlines() == ["ok    a     fine", "fail  long  broken", "            → do this"]
