"""The composition root: the only module that knows every adapter. Imported by web, worker and cli, lazily."""

import logging
import os
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_network
from pathlib import Path

from audition.adapters.blobs import FolderBlobs
from audition.adapters.clock import SystemClock
from audition.adapters.courier import HttpCourier
from audition.adapters.docker.engine_client import (
    check_answers,
    connect,
    engine_facts,
    usual_addresses,
)
from audition.adapters.docker.examiner import ENGINE_SECONDS
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.mail import OutboxMailer
from audition.adapters.memory import MemoryQueue
from audition.adapters.passwords import Argon2Passwords
from audition.adapters.rq_queue import RqQueue
from audition.adapters.sql.engine import make_engine
from audition.adapters.sql.migrations import upgrade
from audition.adapters.sql.unit_of_work import sql_storage
from audition.adapters.tokens import RandomTokens
from audition.domain.errors import InvalidError
from audition.domain.execution import Limits, Profile
from audition.domain.fleet import WorkerReport, held_by
from audition.host import floors, posture
from audition.host.images import image_states, missing_images
from audition.host.readiness import Readiness
from audition.host.recipes import read_bases, read_recipes
from audition.host.redis_server import own_url, socket_path
from audition.ports import Courier, Ports, Sandbox
from audition.services.prove import Bench
from audition.services.runner import Runner
from audition.settings import Settings, kept_secret

_log = logging.getLogger(__name__)
_SIGN_OF_LIFE_SECONDS = 10
_VARIANT_KEY_FILE = "variant.key"


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema; safe when several processes do it at once."""
    upgrade(make_engine(settings.database_url))


def redis_url(settings: Settings) -> str:
    """The queue's address.

    Raises:
        InvalidError: None is configured, and none was started for this data folder.
    """
    if settings.redis_url is None and not socket_path(settings.data_dir).exists():
        msg = "No queue server is configured (AUDITION_REDIS_URL), and none runs for this data folder."
        raise InvalidError(
            msg,
            code="no-queue",
            next_step="Use `audition up`, which starts one, or set AUDITION_REDIS_URL.",
        )
    return settings.redis_url or own_url(settings.data_dir)


def control_plane(settings: Settings) -> Ports:
    """What web and clock may use: no container engine among it."""
    clock = SystemClock()
    # Not asked until there is something to say, so verbs that only touch the database work while nothing runs.
    queue = RqQueue(settings.redis_url or own_url(settings.data_dir), settings.run_deadline_seconds)
    return Ports(
        unit_of_work=sql_storage(make_engine(settings.database_url), queue),
        blobs=FolderBlobs(settings.data_dir / "blobs"),
        queue=queue,
        clock=clock,
        tokens=RandomTokens(),
        passwords=Argon2Passwords(),
        mailer=OutboxMailer(settings.data_dir / "outbox", clock),
    )


def courier(settings: Settings) -> Courier:
    """What carries messages to webhooks."""
    networks = (part.strip() for part in settings.webhook_networks.split(",") if part.strip())
    return HttpCourier([ip_network(part) for part in networks])


def instance(settings: Settings) -> str:
    """Which Audition this is, for labels on containers: those that share a database are one."""
    return settings.instance


def runtimes(settings: Settings, images: Mapping[str, str]) -> dict[Profile, str]:
    """Whose code runs under which runtime, by what a look from inside has shown; remembered for a day.

    Raises:
        UnavailableError: The engine does not answer, or nothing may run on this host.
    """
    return posture.runtimes(settings, images, _log.warning)


def sandbox(
    settings: Settings,
    slot: int = 0,
    runtimes: Mapping[Profile, str] | None = None,
    *,
    is_attended: bool = False,
) -> Sandbox:
    """The container engine of this host, as one worker on it uses it.

    Args:
        settings: The operator's choices.
        slot: Number of the worker on this host, in [0, 999].
        runtimes: From `runtimes`. Without them it is for cleaning up, and whatever runs does so under the
            engine's default.
        is_attended: Whether a worker's attendant takes away what is discarded.

    Raises:
        UnavailableError: It does not answer.
    """
    address = settings.docker_host or usual_addresses()[0]
    return DockerSandbox(
        # A runtime that hangs must not hang the worker: no call takes longer, and the run is then tried again.
        connect(address, timeout_seconds=ENGINE_SECONDS, pool_size=32),
        instance=instance(settings),
        runtimes=runtimes,
        bays_folder=settings.data_dir / "bays" / str(slot),
        is_attended=is_attended,
    )


def image_references(settings: Settings) -> dict[str, str]:
    """Sandbox image name to reference.

    Raises:
        InvalidError: images.toml cannot be read.
        UnavailableError: The engine does not answer.
    """
    if settings.image_tag is not None:
        names = read_recipes(settings.images_dir)
        return {name: f"audition/{name}:{settings.image_tag}" for name in names}
    return {state.name: state.reference for state in image_states(settings)}


def warm_imports(settings: Settings) -> dict[str, tuple[str, ...]]:
    """What candidates' containers import while they wait, by image name."""
    recipes = read_recipes(settings.images_dir)
    return {name: recipe.warm for name, recipe in recipes.items() if recipe.warm is not None}


def image_limits(settings: Settings) -> dict[str, Limits]:
    """What predicting on an image gets where a challenge does not say, by image name."""
    recipes = read_recipes(settings.images_dir)
    return {name: recipe.limits for name, recipe in recipes.items() if recipe.limits is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What every worker of this host needs and no job changes; looked up once a process."""

    images: Mapping[str, str]
    runtimes: Mapping[Profile, str]
    facts: Mapping[str, str]


def equipment(settings: Settings, images: Mapping[str, str] | None = None) -> Equipment:
    """Look at the engine and at what its containers are like.

    Raises:
        UnavailableError: The engine does not answer, or nothing may run on this host.
        InvalidError: images.toml cannot be read.
    """
    images = image_references(settings) if images is None else images
    chosen = runtimes(settings, images)
    with closing(connect(settings.docker_host or usual_addresses()[0])) as client:
        facts = DockerSandbox(client, instance=instance(settings), runtimes=chosen).facts()
    if old := ", ".join(floors.check_versions(settings, facts["engine"], facts["runc"])):
        _log.warning("older than the fixes that matter: %s", old)
    return Equipment(
        images=images,
        runtimes=chosen,
        facts={**facts, "host": socket.gethostname(), "old_versions": old or "none"},
    )


def readiness(settings: Settings) -> Readiness:
    """What tells whether this host may take a job.

    Raises:
        UnavailableError: The engine does not answer.
    """
    client = connect(settings.docker_host or usual_addresses()[0], timeout_seconds=_SIGN_OF_LIFE_SECONDS)
    places = (settings.data_dir, Path(engine_facts(client).root_dir))
    return Readiness(partial(check_answers, client), places, settings.min_free_bytes)


def worker_report(settings: Settings, runner: Runner, readiness: Readiness) -> WorkerReport:
    """How a worker and its host are now.

    Raises:
        UnavailableError: The engine does not answer, and says so itself where that is all.
    """
    trouble = readiness.trouble()
    return WorkerReport(
        name=held_by(runner.worker),
        told_at=runner.ports.clock.now(),
        trouble=trouble,
        places=readiness.places(),
        # An engine that is away has every image that it had.
        missing_images=() if trouble else missing_images(settings, runner.images),
        facts=dict(runner.facts),
    )


def bench(settings: Settings, equipment: Equipment, slot: int) -> Bench:
    """A worker that proves a challenge: its storage is that of the settings, its queue its own memory.

    Args:
        settings: With a data folder and a database for this proof alone.
        equipment: Of this host.
        slot: Number of the worker on this host, in [0, 999].
    """
    queue = MemoryQueue()
    storage = sql_storage(make_engine(settings.database_url), queue)
    ports = replace(control_plane(settings), unit_of_work=storage, queue=queue)
    return Bench(runner=runner(settings, equipment, slot, ports=ports), hints=queue)


def worker_name(slot: int) -> str:
    """Who this process is, for people who look for it: host, slot and process id."""
    return f"{socket.gethostname()}/{slot}/{os.getpid()}"


def variant_key(settings: Settings) -> bytes:
    """The key that seals and copies of this installation's versions are made with; made once, kept in a file."""
    return (settings.variant_key or kept_secret(settings.data_dir, _VARIANT_KEY_FILE)).encode()


def runner(
    settings: Settings,
    equipment: Equipment,
    slot: int = 0,
    *,
    is_attended: bool = False,
    ports: Ports | None = None,
) -> Runner:
    """A worker's equipment.

    Args:
        settings: The operator's choices.
        equipment: Of this host.
        slot: Number of the worker on this host, in [0, 999].
        is_attended: Whether a worker's attendant takes away what is discarded.
        ports: In place of the control plane.
    """
    return Runner(
        ports=ports or control_plane(settings),
        sandbox=sandbox(settings, slot, equipment.runtimes, is_attended=is_attended),
        images=equipment.images,
        warm_imports=warm_imports(settings),
        image_limits=image_limits(settings),
        bases=read_bases(settings.images_dir),
        variant_key=variant_key(settings),
        worker=worker_name(slot),
        slot=slot,
        lease_seconds=settings.lease_seconds,
        lease_renew_seconds=settings.lease_renew_seconds,
        max_losses=settings.max_losses,
        deadline_seconds=settings.run_deadline_seconds,
        facts=equipment.facts,
    )
