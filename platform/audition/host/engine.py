"""Find a Docker engine, and where there is none install and start one for as long as we run.

An engine that answers is used as it is and never touched. One that we start is a child of ours with its
log and its configuration in the data folder, knows gVisor where that can be had, gives our filter of system calls to
all containers that do not ask for another, the steps of builds among them, and is stopped again at the end.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audition.adapters.docker.engine_client import SYSTEM_SOCKET, connect, find, usual_addresses
from audition.adapters.docker.translate import engine_profile
from audition.domain.errors import UnavailableError
from audition.host.children import spawn, stop, tail
from audition.host.commands import apt_install, can_install_debian_packages, is_root, run
from audition.host.gvisor import engine_config, ensure_runsc
from audition.host.steps import HostError, Step, Steps
from audition.settings import Settings

_START_SECONDS = 60
_STOP_SECONDS = 30
_SERVICE_MANAGER = Path("/run/systemd/system")
_CONFIGURATION = Path("/etc/docker/daemon.json")
_APPARMOR = Path("/sys/module/apparmor/parameters/enabled")


@dataclass(frozen=True)
class Engine:
    """An engine that answers.

    Attributes:
        address: For docker-py and for DOCKER_HOST.
        is_ours: Whether we started it, so that it ends with us.
    """

    address: str
    is_ours: bool


@contextmanager
def ensure_engine(steps: Steps, settings: Settings) -> Iterator[Engine]:
    """Find an engine or start one; stop it again at the end if it was started here.

    Raises:
        HostError: None answers and none can be started.
    """
    child: subprocess.Popen[bytes] | None = None
    try:
        with steps.step("Docker engine") as step:
            try:
                address = find_engine(settings)
            except UnavailableError as error:
                child, address = _start(step, error, settings)
            else:
                step.skip(f"answers at {address}")
        yield Engine(address, is_ours=child is not None)
    finally:
        if child is not None:
            with steps.step("stopping the Docker engine started here"):
                stop(child, patience_seconds=_STOP_SECONDS)


def find_engine(settings: Settings) -> str:
    """Return the address of an engine that answers now.

    Raises:
        UnavailableError: None does; see `engine_client.connect` for the codes.
    """
    return find([settings.docker_host] if settings.docker_host else usual_addresses())


def _start(
    step: Step, found: UnavailableError, settings: Settings
) -> tuple[subprocess.Popen[bytes] | None, str]:
    if settings.docker_host:
        raise HostError(
            found.detail, fix="DOCKER_HOST names that engine: start it, or unset DOCKER_HOST."
        ) from found
    if not is_root():
        fix = (
            found.next_step
            if found.code == "engine-denied"
            else (
                "Start the Docker engine, or run this as root once: it can then install and start one itself."
            )
        )
        raise HostError(found.detail, fix=fix) from found
    if shutil.which("dockerd") is None:
        _install(step)
    if _SERVICE_MANAGER.exists():
        step.note("systemctl start docker")
        run(["systemctl", "start", "docker"], what="The Docker engine could not be started")
        _await(SYSTEM_SOCKET, None, settings)
        return None, SYSTEM_SOCKET
    step.note("starting dockerd")
    child = spawn(["dockerd", "--host", SYSTEM_SOCKET, *_configuration(step, settings)], _log(settings))
    try:
        _await(SYSTEM_SOCKET, child, settings)
    except BaseException:
        stop(child, patience_seconds=_STOP_SECONDS)
        raise
    return child, SYSTEM_SOCKET


def _configuration(step: Step, settings: Settings) -> list[str]:
    """Options with a configuration file of our own: the system's, with gVisor registered and our filter for all."""
    runsc = ensure_runsc(step, settings)
    existing = _CONFIGURATION.read_text(encoding="utf-8") if _CONFIGURATION.exists() else ""
    return ["--config-file", str(write_configuration(settings.data_dir, existing, runsc))]


def write_configuration(folder: Path, existing: str, runsc: Path | None) -> Path:
    """Write the configuration of an engine that we start; return its path.

    The steps of builds take no security options, so what candidates' containers are asked to have is the default of
    the whole engine: our filter of system calls, and no new privileges.

    Args:
        folder: Where to.
        existing: Text of the system's own configuration; what it says comes first. Empty when there is none.
        runsc: gVisor's program; None where it cannot be had.

    Raises:
        HostError: The system's configuration is not a JSON object.
    """
    folder.mkdir(parents=True, exist_ok=True)
    filter_ = folder / "engine-seccomp.json"
    filter_.write_text(engine_profile(), encoding="utf-8")
    path = folder / "engine.json"
    defaults = {"seccomp-profile": str(filter_), "no-new-privileges": True}
    path.write_text(engine_config(existing, runsc, defaults), encoding="utf-8")
    return path


def _install(step: Step) -> None:
    if not can_install_debian_packages():
        what = "There is no Docker engine here, and without apt-get it cannot be installed for you"
        raise HostError(
            what,
            fix="Install Docker Engine as its documentation says for this system, then run this again.",
        )
    packages = ["docker.io"]
    # With AppArmor on and its parser missing, the engine starts and each container fails.
    if (
        _APPARMOR.exists()
        and _APPARMOR.read_text().strip() == "Y"
        and shutil.which("apparmor_parser") is None
    ):
        packages.append("apparmor")
    apt_install(step, *packages)


def _await(address: str, child: subprocess.Popen[bytes] | None, settings: Settings) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while True:
        try:
            connect(address, timeout_seconds=5).close()
        except UnavailableError as error:
            if child is not None and child.poll() is not None:
                raise _did_not_start(f"dockerd ended with exit code {child.returncode}", settings) from error
            if time.monotonic() > ends_at:
                raise _did_not_start(f"dockerd does not answer after {_START_SECONDS} s", settings) from error
            time.sleep(0.2)
        else:
            return


def _did_not_start(what: str, settings: Settings) -> HostError:
    said = tail(_log(settings), 6)
    fix = f"The whole log is in {_log(settings)}."
    if "evices cgroup" in said or "cgroup mountpoint" in said:
        fix = "Control groups are not mounted: run  mount -t cgroup2 none /sys/fs/cgroup  and try again."
    elif "pid file found" in said:
        fix = "Another dockerd is running or left its pid file behind: end it, or remove /var/run/docker.pid."
    elif "iptables" in said:
        fix = "The kernel refuses iptables: load its modules, or start dockerd with --iptables=false."
    return HostError(f"{what}. Its last words:\n{said}", fix=fix)


def _log(settings: Settings) -> Path:
    return settings.data_dir / "logs" / "dockerd.log"
