"""The composition root: the only module that knows every adapter. Imported by web, worker and cli, lazily."""

import os
import socket
from hashlib import sha256

from audition.adapters.blobs import FolderBlobs
from audition.adapters.clock import SystemClock
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.mail import OutboxMailer
from audition.adapters.passwords import Argon2Passwords
from audition.adapters.rq_queue import RqQueue
from audition.adapters.sql.engine import make_engine
from audition.adapters.sql.migrations import upgrade
from audition.adapters.sql.unit_of_work import sql_storage
from audition.adapters.tokens import RandomTokens
from audition.domain.errors import InvalidError
from audition.host.images import image_states
from audition.host.recipes import read_recipes
from audition.host.redis_server import own_url, socket_path
from audition.ports import Ports, Sandbox
from audition.services.runner import Runner
from audition.settings import Settings


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


def instance(settings: Settings) -> str:
    """Which Audition this is, for labels on containers: those that share a database are one."""
    return sha256(settings.database_url.encode()).hexdigest()[:12]


def sandbox(settings: Settings, slot: int = 0) -> Sandbox:
    """The container engine of this host, as one worker on it uses it.

    Raises:
        UnavailableError: It does not answer.
    """
    address = settings.docker_host or usual_addresses()[0]
    return DockerSandbox(
        connect(address, pool_size=32),
        instance=instance(settings),
        bays_folder=settings.data_dir / "bays" / str(slot),
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


def runner(
    settings: Settings, images: dict[str, str], slot: int = 0, facts: dict[str, str] | None = None
) -> Runner:
    """A worker's equipment.

    Args:
        settings: The operator's choices.
        images: From `image_references`, looked up once a process.
        slot: Number of the worker on this host, in [0, 999].
        facts: Of the engine, where they are known already.
    """
    box = sandbox(settings, slot)
    return Runner(
        ports=control_plane(settings),
        sandbox=box,
        images=images,
        warm_imports=warm_imports(settings),
        worker=f"{socket.gethostname()}/{slot}/{os.getpid()}",
        slot=slot,
        lease_seconds=settings.lease_seconds,
        lease_renew_seconds=settings.lease_renew_seconds,
        max_losses=settings.max_losses,
        deadline_seconds=settings.run_deadline_seconds,
        facts=box.facts() if facts is None else facts,
    )
