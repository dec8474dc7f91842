"""Bring everything up on one machine, as child processes, and take it down again."""

import socket
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import click
import httpx

from audition import bootstrap
from audition.host.engine import ensure_engine
from audition.host.images import ensure_images, image_names, images_of_challenge
from audition.host.posture import UNFIT_EXIT
from audition.host.processes import Processes
from audition.host.recipes import read_recipes
from audition.host.redis_server import ensure_redis
from audition.host.steps import HostError, Steps
from audition.settings import Settings

_READY_SECONDS = 60.0
#: A host that does not keep candidates in does not heal within seconds, and looking costs it some.
_UNFIT_PAUSE_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine that is ready: engine, images and queue are there, the database is migrated."""

    settings: Settings
    """With the addresses of what was found or started."""
    images: dict[str, str]


@contextmanager
def prepared_host(steps: Steps, settings: Settings, more_images: Collection[str] = ()) -> Iterator[Host]:
    """Find or start what Audition needs; what was started here is stopped at the end.

    Args:
        steps: The narrator.
        settings: The operator's choices.
        more_images: To build besides those that every host needs and those that published challenges name.

    Raises:
        HostError: Something is missing and cannot be set up; says what to do.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with ensure_engine(steps, settings) as engine:
        settings = replace(settings, docker_host=engine.address)
        wanted = [*image_names(settings, "runs"), *more_images]
        images = ensure_images(steps, settings, wanted)
        with ensure_redis(steps, settings) as redis_url:
            settings = replace(settings, redis_url=redis_url)
            with steps.step("database"):
                bootstrap.migrate(settings)
            if named := _published_images(settings) - set(images):
                images |= ensure_images(steps, settings, named)
            yield Host(settings=settings, images=images)


def _published_images(settings: Settings) -> set[str]:
    """The images that published challenges name, as far as there is a recipe for them today."""
    with bootstrap.control_plane(settings).unit_of_work() as uow:
        versions = uow.challenges.all()
    named = set[str]().union(*(images_of_challenge(version.manifest.image) for version in versions))
    return named & set(read_recipes(settings.images_dir))


@contextmanager
def running_stack(steps: Steps, settings: Settings) -> Iterator[tuple[Host, Processes]]:
    """Everything: a prepared host with web, clock and workers running on it.

    Raises:
        HostError: Something could not be set up or started.
    """
    check_port(settings)
    with (
        prepared_host(steps, settings) as host,
        Processes(
            host.settings.data_dir / "logs", on_crash=_report_crash, pauses={UNFIT_EXIT: _UNFIT_PAUSE_SECONDS}
        ) as processes,
    ):
        start_processes(steps, host, processes)
        yield host, processes


def start_processes(steps: Steps, host: Host, processes: Processes) -> None:
    """Start web, clock and workers, and wait until the site answers."""
    environment = host.settings.environment()

    def start(name: str, *argv: str) -> None:
        processes.start(name, [sys.executable, "-P", "-m", "audition", *argv], environment)

    with steps.step(f"web on {host.settings.public_url}, {host.settings.workers} worker(s), clock"):
        start("web", "serve")
        start("clock", "clock")
        for slot in range(host.settings.workers):
            start(f"worker-{slot}", "worker", "--slot", str(slot))
        wait_for_site(host.settings, processes)


def wait_for_site(settings: Settings, processes: Processes) -> None:
    """Wait until the process "web" answers.

    Raises:
        HostError: It ended, or was not ready in time.
    """
    address = f"http://{settings.host}:{settings.port}/readyz"
    processes.wait_ready("web", lambda: _answers(address), seconds=_READY_SECONDS)


def check_port(settings: Settings) -> None:
    """Refuse early when the port is taken: web would only crash later.

    Raises:
        HostError: Somebody listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise HostError(
                f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}.",
                fix="Stop what listens there, or choose another port: AUDITION_PORT=8010 ./audition …",
            ) from None


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(address, timeout=2.0).is_success
    return False


def _report_crash(name: str, code: int) -> None:
    if code == UNFIT_EXIT:
        text = f"{name} takes no jobs: this host does not keep candidates in. ./audition doctor says why."
        click.secho(text, err=True, fg="red")
        return
    click.secho(f"{name} ended with {code} and is started again; see its log.", err=True, fg="yellow")
