"""Settings: read once from the environment, typed, loud on bad values.

Every setting is documented in `docs/settings.md`; a test keeps the two equal.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

from audition.domain.errors import InvalidError

T = TypeVar("T")

#: The folder that holds `challenges/` and `sandbox_images/` in a checkout.
REPO_DIR = Path(__file__).resolve().parents[2]
_MAX_PORT = 65535
#: Characters; a shorter HMAC key can be searched for off line.
_MIN_SECRET = 32
_KEY_FILE = "secret.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can choose."""

    data_dir: Path
    """Database, blobs, logs, caches. Must have the same path on the runner's host."""
    repo_dir: Path = REPO_DIR
    challenges_dir: Path = REPO_DIR / "challenges"
    images_dir: Path = REPO_DIR / "sandbox_images"
    database_url: str = ""
    redis_url: str | None = None
    """None: a server of our own is started on a unix socket in `data_dir`."""
    docker_host: str | None = None
    runtime: str = "auto"
    """Under which runtime code of candidates and authors runs: "runsc" (gVisor), "runc", or "auto", the strongest
    that this host has and that passes its self-test."""
    old_versions: str = "auto"
    """What a worker does on a host whose engine or runc lacks known fixes: "warn", "refuse", or "auto", which refuses
    where the database is one that several machines share."""
    image_tag: str | None = None
    """Tag of the sandbox images to use. None: those that belong to the recipes in `images_dir`."""
    secret_key: str | None = None
    """Signs cookies. None: made once and kept in `data_dir`, readable by the owner only."""
    variant_key: str | None = None
    """Decides who gets which copy of training data, and traces a leaked one. None: made once and kept in `data_dir`."""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    """How people reach the site; decides whether cookies are marked Secure."""
    web_processes: int = 2
    web_threads: int = 64
    workers: int = 1
    warm_bays: int = 1
    """Sets of containers that each worker keeps waiting for runs to come; 0 starts none ahead."""
    upload_max_bytes: int = 256 << 20
    lease_seconds: float = 15.0
    lease_renew_seconds: float = 5.0
    reconcile_seconds: float = 3.0
    min_free_bytes: int = 1 << 30
    max_losses: int = 3
    run_deadline_seconds: float = 3600.0
    sign_in_rate: str = "10 per minute"
    upload_rate: str = "30 per hour"
    api_rate: str = "600 per minute"
    """Requests to the API by one account; without a token by one address."""
    metrics_token: str | None = None
    """Who has it may read `/metrics`. None: this machine may, where the site is for this machine alone."""
    webhook_networks: str = ""
    """Private networks that webhooks may be in, e.g. "10.1.0.0/16, 127.0.0.0/8"; all others get nothing."""
    log_format: str = "auto"
    """One of "json", "console" and "auto", which is console on a terminal."""

    @property
    def cookies_are_secure(self) -> bool:
        """Whether the site is reached over TLS."""
        return self.public_url.startswith("https://")

    @property
    def instance(self) -> str:
        """Which Audition this is, for labels on containers: those that share a database are one."""
        return sha256(self.database_url.encode()).hexdigest()[:12]

    @property
    def refuses_old_versions(self) -> bool:
        """Whether a host below the version floor takes no jobs."""
        is_shared = bool(self.database_url) and not self.database_url.startswith("sqlite")
        return self.old_versions == "refuse" or (self.old_versions == "auto" and is_shared)

    def environment(self) -> dict[str, str]:
        """Our own environment, changed so that a child process reads the same settings."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "repo_dir"}
        chosen = {_variable(name): "" if value is None else str(value) for name, value in values.items()}
        return {**os.environ, **chosen}

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read settings from environment variables.

        Raises:
            InvalidError: Some values cannot be used; `problems` lists all of them.
        """
        reader = _Reader(os.environ if env is None else env)
        data_dir = reader.take("AUDITION_DATA_DIR", Path, REPO_DIR / ".audition").absolute()
        host = reader.take("AUDITION_HOST", str, "127.0.0.1")
        port = reader.take("AUDITION_PORT", _port, 8000)
        settings = cls(
            data_dir=data_dir,
            challenges_dir=reader.take("AUDITION_CHALLENGES_DIR", Path, REPO_DIR / "challenges"),
            images_dir=reader.take("AUDITION_IMAGES_DIR", Path, REPO_DIR / "sandbox_images"),
            database_url=reader.take("AUDITION_DATABASE_URL", str, f"sqlite:///{data_dir / 'audition.db'}"),
            redis_url=reader.take("AUDITION_REDIS_URL", str, "") or None,
            docker_host=reader.take("DOCKER_HOST", str, "") or None,
            runtime=reader.take("AUDITION_RUNTIME", _runtime, "auto"),
            old_versions=reader.take("AUDITION_OLD_VERSIONS", _old_versions, "auto"),
            image_tag=reader.take("AUDITION_IMAGE_TAG", str, "") or None,
            secret_key=reader.take("AUDITION_SECRET_KEY", _secret, "") or None,
            variant_key=reader.take("AUDITION_VARIANT_KEY", _secret, "") or None,
            host=host,
            port=port,
            public_url=reader.take("AUDITION_PUBLIC_URL", _url, f"http://{host}:{port}"),
            web_processes=reader.take("AUDITION_WEB_PROCESSES", _positive_int, 2),
            web_threads=reader.take("AUDITION_WEB_THREADS", _positive_int, 64),
            workers=reader.take("AUDITION_WORKERS", _positive_int, max(1, (os.cpu_count() or 2) // 2)),
            warm_bays=reader.take("AUDITION_WARM_BAYS", _natural, 1),
            upload_max_bytes=reader.take("AUDITION_UPLOAD_MAX_BYTES", _positive_int, 256 << 20),
            min_free_bytes=reader.take("AUDITION_MIN_FREE_BYTES", _natural, 1 << 30),
            lease_seconds=reader.take("AUDITION_LEASE_SECONDS", _positive, 15.0),
            lease_renew_seconds=reader.take("AUDITION_LEASE_RENEW_SECONDS", _positive, 5.0),
            reconcile_seconds=reader.take("AUDITION_RECONCILE_SECONDS", _positive, 3.0),
            max_losses=reader.take("AUDITION_MAX_LOSSES", _positive_int, 3),
            run_deadline_seconds=reader.take("AUDITION_RUN_DEADLINE_SECONDS", _positive, 3600.0),
            sign_in_rate=reader.take("AUDITION_SIGN_IN_RATE", str, "10 per minute"),
            upload_rate=reader.take("AUDITION_UPLOAD_RATE", str, "30 per hour"),
            api_rate=reader.take("AUDITION_API_RATE", str, "600 per minute"),
            metrics_token=reader.take("AUDITION_METRICS_TOKEN", _secret, "") or None,
            webhook_networks=reader.take("AUDITION_WEBHOOK_NETWORKS", _networks, ""),
            log_format=reader.take("AUDITION_LOG_FORMAT", _log_format, "auto"),
        )
        if settings.lease_renew_seconds * 2 > settings.lease_seconds:
            reader.problems.append(
                "AUDITION_LEASE_RENEW_SECONDS must be at most half of AUDITION_LEASE_SECONDS, "
                "or one slow renewal loses the lease."
            )
        reader.check()
        return settings


def signing_key(settings: Settings) -> str:
    """The signing key of this site, made at the first start; every process gets the same one."""
    return settings.secret_key or kept_secret(settings.data_dir, _KEY_FILE)


def kept_secret(data_dir: Path, name: str) -> str:
    """A secret of this installation, made when it is first asked for; every process gets the same one.

    It is written aside and linked into place: of two processes that start together one link wins, and both
    read the winner.

    Args:
        data_dir: Where it is kept, readable by the owner only.
        name: Of its file.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / name
    if not path.exists():
        draft = data_dir / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().strip()


def _variable(name: str) -> str:
    """The environment variable of a setting; the engine's address has the name that every Docker tool reads."""
    return "DOCKER_HOST" if name == "docker_host" else f"AUDITION_{name.upper()}"


class _Reader:
    """Collects every bad value, so that all are shown at once."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def take(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self.env.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"{name}={text!r}: {error}")
            return default

    def check(self) -> None:
        if self.problems:
            msg = "The settings in the environment cannot be used."
            raise InvalidError(
                msg,
                code="bad-settings",
                problems=self.problems,
                next_step="Correct or unset the variables named; docs/settings.md lists them all.",
            )


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        msg = "must be a number above 0"
        raise ValueError(msg)
    return number


def _positive_int(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = "must be a whole number above 0"
        raise ValueError(msg)
    return int(text)


def _natural(text: str) -> int:
    if not text.isdecimal():
        msg = "must be a whole number, 0 or more"
        raise ValueError(msg)
    return int(text)


def _port(text: str) -> int:
    number = _positive_int(text)
    if number > _MAX_PORT:
        msg = f"must be a port, 1 to {_MAX_PORT}"
        raise ValueError(msg)
    return number


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        msg = "must start with http:// or https://"
        raise ValueError(msg)
    return text.rstrip("/")


def _secret(text: str) -> str:
    if len(text) < _MIN_SECRET:
        msg = f"must have at least {_MIN_SECRET} characters"
        raise ValueError(msg)
    return text


def _runtime(text: str) -> str:
    if text not in {"auto", "runsc", "runc"}:
        msg = "must be auto, runsc or runc"
        raise ValueError(msg)
    return text


def _old_versions(text: str) -> str:
    if text not in {"auto", "warn", "refuse"}:
        msg = "must be auto, warn or refuse"
        raise ValueError(msg)
    return text


def _networks(text: str) -> str:
    for part in text.split(","):
        ip_network(part.strip())
    return text


def _log_format(text: str) -> str:
    if text not in {"auto", "json", "console"}:
        msg = "must be auto, json or console"
        raise ValueError(msg)
    return text
