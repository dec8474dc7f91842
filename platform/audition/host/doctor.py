"""Look at the machine and say, line by line, what is fine, what is weak and what is missing.

Thresholds come from the notes on running untrusted code that this project follows; each check says why it
matters and what to do.
"""

import json
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audition.adapters.clock import SystemClock
from audition.adapters.docker.engine_client import EngineFacts, connect, engine_facts
from audition.adapters.docker.examine import Result
from audition.adapters.docker.step_look import StepWalls, look_at_a_step
from audition.adapters.docker.sweep import count_late
from audition.adapters.docker.translate import GVISOR
from audition.domain.errors import AuditionError, UnavailableError
from audition.domain.execution import Profile
from audition.host import floors
from audition.host.engine import find_engine
from audition.host.gvisor import ARGUMENTS, find_runsc
from audition.host.images import image_states
from audition.host.posture import choose, look
from audition.host.redis_server import answers, find_server, socket_path
from audition.settings import Settings

_DISK_WARN_BYTES, _DISK_FAIL_BYTES = 10 << 30, 3 << 30
#: The image that candidates' Dockerfiles start from.
BASE_OF_BUILDS = "python-slim"
_CLOCK_FLOOR_YEAR = 2025
_NAMESPACES = Path("/proc/sys/user/max_user_namespaces")


class Level(StrEnum):
    """How a line is to be taken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    level: Level
    topic: str
    text: str
    fix: str = ""


def examine(settings: Settings) -> list[Line]:
    """Return one line for each thing looked at, and last the level of isolation offered."""
    lines = [_python(), _clock()]
    facts = _engine(settings, lines)
    if facts is not None:
        lines += [_engine_version(facts), _runc_version(facts), old_versions(facts, settings)]
        lines += [_cgroup(facts), _seccomp(facts), _builds(settings)]
        lines += [_apparmor(facts), _user_namespaces(facts), gvisor(facts, find_runsc(settings))]
        lines += [_storage(facts), _images(settings), _left_over(settings)]
    results = () if facts is None else _results(settings)
    lines += [*postures(results), *_disk(settings, facts), _redis(settings)]
    return [*lines, isolation(facts, results, settings.runtime)]


def isolation(facts: EngineFacts | None, results: Sequence[Result] = (), wanted: str = "auto") -> Line:
    """Say in one sentence how well this machine keeps a candidate's code in.

    Args:
        facts: Of the engine; None when none answers.
        results: Of looking from inside; empty when that was not possible.
        wanted: AUDITION_RUNTIME.
    """
    if facts is None:
        return Line(Level.FAIL, "isolation", "none: without an engine nothing can be run")
    if "seccomp" not in facts.security_options:
        text = "weak: the engine filters no system calls"
        return Line(Level.FAIL, "isolation", text, "Use an engine built with seccomp.")
    try:
        chosen = choose(wanted, facts.runtimes, results)
    except UnavailableError as error:
        fix = "Mend what the posture lines above name; until then workers take no jobs."
        return Line(Level.FAIL, "isolation", error.detail.splitlines()[0], fix)
    if not results:
        fix = "Build the images, so that containers can be looked at from inside."
        return Line(Level.WARN, "isolation", "not known yet", fix)
    return _offered(facts, chosen[Profile.CANDIDATE])


def _offered(facts: EngineFacts, runtime: str) -> Line:
    if runtime == GVISOR:
        text = "strong: hardened containers, and gVisor to answer batch code's system calls"
        return Line(Level.OK, "isolation", text)
    if "userns" in facts.security_options or "rootless" in facts.security_options:
        return Line(Level.OK, "isolation", "good: hardened containers whose root is nobody on this machine")
    text = "fair: hardened containers (no network, no rights, filtered calls) on a shared kernel"
    fix = "For code of strangers use a machine of its own, and register gVisor's runsc with the engine."
    return Line(Level.WARN, "isolation", text, fix)


def _python() -> Line:
    version = platform.python_version()
    return Line(Level.OK, "python", f"{version} at {sys.executable}")


def _clock() -> Line:
    year = time.gmtime().tm_year
    if year < _CLOCK_FLOOR_YEAR:
        fix = "Set it: sign-in links, certificates and deadlines depend on it."
        return Line(Level.FAIL, "clock", f"the machine believes it is {year}", fix)
    return Line(Level.OK, "clock", f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC")


def _engine(settings: Settings, lines: list[Line]) -> EngineFacts | None:
    try:
        address = find_engine(settings)
        client = connect(address, timeout_seconds=10)
        facts = engine_facts(client)
        client.close()
    except UnavailableError as error:
        fix = (
            error.next_step or "Run  ./audition images build  as root on Debian: it installs and starts one."
        )
        lines.append(Line(Level.FAIL, "engine", error.detail, fix))
        return None
    lines.append(Line(Level.OK, "engine", f"Docker {facts.version} (API {facts.api_version}) at {address}"))
    return facts


def _engine_version(facts: EngineFacts) -> Line:
    floor = floors.engine_floor(facts.version)
    if not floor:
        return Line(Level.OK, "engine version", f"{facts.version}, with every fix known to matter here")
    text = f"{facts.version} is older than {floor}, the first with every fix known to matter here"
    fix = (
        "Audition avoids what those faults need (the archive API), and distributions carry fixes back without"
        " changing the number. For code of strangers, upgrade the engine."
    )
    return Line(Level.WARN, "engine version", text, fix)


def _runc_version(facts: EngineFacts) -> Line:
    if not facts.runc_version:
        return Line(Level.WARN, "runc version", "the engine does not say", "Check it by hand: runc --version")
    floor = floors.runc_floor(facts.runc_version)
    if not floor:
        return Line(Level.OK, "runc version", facts.runc_version)
    text = f"{facts.runc_version} is older than {floor}, which closed container escapes"
    fix = "Upgrade runc or containerd, or check that your distribution patched it."
    return Line(Level.WARN, "runc version", text, fix)


def old_versions(facts: EngineFacts, settings: Settings) -> Line:
    """Say whether workers here take jobs, as far as versions go."""
    old = ", ".join(floors.old_versions(facts.version, facts.runc_version))
    if not old:
        return Line(Level.OK, "version floor", "reached")
    fix = "Upgrade, or, if your distribution has carried the fixes back, set AUDITION_OLD_VERSIONS=warn."
    if settings.refuses_old_versions:
        return Line(Level.FAIL, "version floor", f"workers refuse this host: {old}", fix)
    return Line(Level.WARN, "version floor", f"workers take jobs all the same: {old}", "")


def _cgroup(facts: EngineFacts) -> Line:
    return Line(Level.OK, "control groups", f"version {facts.cgroup_version}: limits and measuring work")


def _seccomp(facts: EngineFacts) -> Line:
    if "seccomp" in facts.security_options:
        return Line(
            Level.OK,
            "seccomp",
            "the engine filters system calls; runs get a stricter filter of ours",
        )
    return Line(
        Level.FAIL,
        "seccomp",
        "the engine filters no system calls",
        "Use an engine and a kernel with seccomp.",
    )


def _builds(settings: Settings) -> Line:
    """What keeps a step of a candidate's build in, as seen from inside one."""
    topic = "builds"
    try:
        images = {state.name: state for state in image_states(settings)}
        client = connect(find_engine(settings), timeout_seconds=30)
        base = images[BASE_OF_BUILDS]
        if base.size_bytes is None:
            return Line(
                Level.WARN, topic, f"not known yet: {base.name} is not built", "./audition images build"
            )
        walls = look_at_a_step(client, base.reference)
        client.close()
    except AuditionError as error:
        return Line(Level.WARN, topic, error.detail, error.next_step)
    return builds(walls)


def builds(walls: StepWalls) -> Line:
    """Say how well the steps of builds are kept in."""
    if walls.is_ours and walls.has_no_new_privileges:
        return Line(Level.OK, "builds", f"steps have {walls}")
    level = Level.WARN if walls.is_filtered else Level.FAIL
    fix = (
        "An engine that Audition starts is stricter. Or set seccomp-profile and no-new-privileges in its daemon.json:"
        ' see "Building candidates\' images" in docs/security.md.'
    )
    return Line(level, "builds", f"steps have {walls}", fix)


def _apparmor(facts: EngineFacts) -> Line:
    if "apparmor" in facts.security_options or "selinux" in facts.security_options:
        return Line(Level.OK, "mandatory access", "AppArmor or SELinux confines containers")
    return Line(
        Level.WARN,
        "mandatory access",
        "neither AppArmor nor SELinux confines containers",
        "Enable one if the kernel has it.",
    )


def _user_namespaces(facts: EngineFacts) -> Line:
    if "userns" in facts.security_options or "rootless" in facts.security_options:
        return Line(Level.OK, "user namespaces", "root inside a container is nobody outside")
    has_kernel = _NAMESPACES.exists() and _NAMESPACES.read_text().strip() != "0"
    fix = (
        'Set "userns-remap": "default" in /etc/docker/daemon.json (images are then built anew).'
        if has_kernel
        else ""
    )
    return Line(
        Level.WARN,
        "user namespaces",
        "not used by the engine; runs never have uid 0 all the same",
        fix,
    )


def gvisor(facts: EngineFacts, runsc: Path | None) -> Line:
    """Say whether the engine has gVisor, and how to get it."""
    path = runsc or Path(facts.gvisor_command[0] if facts.gvisor_command else "/usr/local/bin/runsc")
    lines = json.dumps({"runtimes": {GVISOR: {"path": str(path), "runtimeArgs": list(ARGUMENTS)}}})
    register = f"put  {lines}  into /etc/docker/daemon.json and reload the engine: kill -HUP $(pidof dockerd)"
    if GVISOR in facts.runtimes:
        missing = set(ARGUMENTS) - set(facts.gvisor_command)
        if not missing:
            return Line(Level.OK, "gVisor", f"registered: {' '.join(facts.gvisor_command)}")
        text = f"registered without {' '.join(sorted(missing))}"
        return Line(Level.WARN, "gVisor", text, f"{register[0].upper()}{register[1:]}.")
    text = f"not registered; runtimes: {', '.join(facts.runtimes)}"
    if runsc is None:
        return Line(
            Level.WARN, "gVisor", text, f"./audition gvisor  fetches it (root on Debian). Then {register}."
        )
    return Line(Level.WARN, "gVisor", text, f"{runsc} is there: {register}.")


def postures(results: Sequence[Result]) -> Iterator[Line]:
    """One line for each kind of container that was looked at from inside."""
    for result in results:
        if not result.troubles:
            yield Line(Level.OK, "posture", f"{result.subject}: as they must be")
            continue
        # Code of strangers can run under the other runtime.
        level = Level.WARN if result.subject.runtime == GVISOR else Level.FAIL
        text = f"{result.subject}: " + "; ".join(result.troubles)
        fix = 'See "Isolation offered by a host" in docs/security.md; what the rule\'s name guards is listed there.'
        yield Line(level, "posture", text, fix)


def _results(settings: Settings) -> Sequence[Result]:
    try:
        references = {state.name: state.reference for state in image_states(settings)}
        return look(settings, references, is_fresh=True)[0]
    except AuditionError:
        return ()  # The line about images says why.


def _storage(facts: EngineFacts) -> Line:
    if facts.storage_driver == "vfs":
        return Line(
            Level.WARN,
            "storage",
            "vfs copies whole images: slow and large",
            "Put the engine's folder on ext4 or xfs.",
        )
    return Line(Level.OK, "storage", f"{facts.storage_driver} in {facts.root_dir}")


def _images(settings: Settings) -> Line:
    try:
        states = [state for state in image_states(settings) if not state.is_on_demand]
        missing = [state.name for state in states if state.size_bytes is None]
    except AuditionError as error:
        return Line(Level.FAIL, "images", error.detail, error.next_step)
    if missing:
        return Line(Level.WARN, "images", f"not built yet: {', '.join(missing)}", "./audition images build")
    return Line(Level.OK, "images", "all built")


def _left_over(settings: Settings) -> Line:
    """Whether anything of ours outlives its deadline, as it does where every worker was killed."""
    try:
        client = connect(find_engine(settings), timeout_seconds=10)
        count = count_late(client, SystemClock().now().timestamp())
        client.close()
    except AuditionError as error:
        return Line(Level.WARN, "left over", error.detail, error.next_step)
    if count:
        fix = "Start a worker (./audition up): any of them removes what is past its deadline."
        return Line(Level.WARN, "left over", f"{count} containers of ours are past their deadline", fix)
    return Line(Level.OK, "left over", "nothing of ours is past its deadline")


def _disk(settings: Settings, facts: EngineFacts | None) -> Iterator[Line]:
    places = {"data": settings.data_dir}
    if facts is not None:
        places["engine"] = Path(facts.root_dir)
    for name, path in places.items():
        there = _nearest_existing(path)
        free = shutil.disk_usage(there).free
        text = f"{free / 1e9:.0f} GB free for {name} at {path}"
        level = Level.FAIL if free < _DISK_FAIL_BYTES else Level.WARN if free < _DISK_WARN_BYTES else Level.OK
        fix = "" if level is Level.OK else "Images take about 2 GB, and each submission is kept: make room."
        yield Line(level, f"disk ({name})", text, fix)


def _redis(settings: Settings) -> Line:
    if settings.redis_url:
        if answers(settings.redis_url):
            return Line(Level.OK, "redis", "the configured one answers")
        return Line(
            Level.FAIL,
            "redis",
            "the configured one does not answer",
            "Start it or correct AUDITION_REDIS_URL.",
        )
    if answers(f"unix://{socket_path(settings.data_dir)}"):
        return Line(Level.OK, "redis", "our own is running")
    program = find_server()
    if program is None:
        return Line(
            Level.FAIL,
            "redis",
            "no server to start",
            "apt-get install redis-server, or set AUDITION_REDIS_URL.",
        )
    return Line(Level.OK, "redis", f"{program} will be started when needed")


def _nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def render(lines: list[Line], paint: Callable[[Level], str] = lambda level: f"{level.value:4}") -> str:
    """Return the lines as text, each fix below what it fixes."""
    width = max(len(line.topic) for line in lines)
    shown: list[str] = []
    for line in lines:
        shown.append(f"{paint(line.level)}  {line.topic:{width}}  {line.text}")
        if line.fix and line.level is not Level.OK:
            shown.append(f"{'':4}  {'':{width}}  → {line.fix}")
    return "\n".join(shown)
