"""Look at the containers of a host, a few at a time, and remember for a day what passed."""

import fcntl
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Self

from audition.adapters.docker import posture, probe, translate
from audition.adapters.docker.engine_client import connect, engine_facts
from audition.adapters.docker.examine import LIMITS, Result, Subject, examine
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.image_builder import image_id
from audition.domain.errors import UnavailableError

#: A runtime that has not started a container in this time hangs.
ENGINE_SECONDS = 30
_REMEMBERED_SECONDS = 86_400.0
_AT_ONCE = 3


class Examiner:
    """Looks at several kinds of container at once, and remembers what passed; a context manager."""

    def __init__(self, address: str, *, instance: str, folder: Path) -> None:
        """Connect to the engine.

        Args:
            address: Of the engine.
            instance: For labels, so that a sweeper finds what a crash leaves.
            folder: Of the host, with the same path for the engine; memory and files to mount are kept there.

        Raises:
            UnavailableError: It does not answer.
        """
        self._client = connect(address, timeout_seconds=ENGINE_SECONDS)
        self.facts = engine_facts(self._client)
        self._instance = instance
        self._folder = folder
        self._memory = folder / "passed.json"

    def __enter__(self) -> Self:
        """Stay connected."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self._client.close()

    def has(self, image: str) -> bool:
        """Whether the engine has an image.

        Raises:
            UnavailableError: It does not answer.
        """
        with engine_errors("looking up an image"):
            return image_id(self._client, image) is not None

    def results(self, wanted: Sequence[Subject], *, is_fresh: bool = False) -> tuple[Result, ...]:
        """Look at each kind of container, or remember having done so.

        Raises:
            UnavailableError: An image is missing.
        """
        keys = {subject: self._key(subject) for subject in wanted}
        with self._alone():
            known = {} if is_fresh else self._remembered()
            unknown = [subject for subject in wanted if keys[subject] not in known]
            with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
                found = dict(zip(unknown, pool.map(self._examine, unknown), strict=True))
            passed = {keys[subject]: time.time() for subject, troubles in found.items() if not troubles}
            if passed:
                self._memory.write_text(json.dumps({**self._remembered(), **passed}))
        return tuple(
            Result(subject=s, troubles=found.get(s, ()), is_remembered=s not in found) for s in wanted
        )

    def _examine(self, subject: Subject) -> tuple[str, ...]:
        try:
            return examine(
                self._client,
                subject,
                instance=self._instance,
                folder=self._folder,
                host_kernel=self.facts.kernel,
            )
        except UnavailableError as error:
            return (f"start: {error.detail}",)

    def _key(self, subject: Subject) -> str:
        """Everything that the result depends on."""
        with engine_errors("looking up the images"):
            image = self._client.inspect_image(subject.image)["Id"]  # type: ignore[no-untyped-call]
        facts = self.facts
        host = (facts.version, facts.runc_version, facts.kernel, facts.security_options, facts.cgroup_version)
        ours = [
            Path(str(module.__file__)).read_text(encoding="utf-8") for module in (probe, posture, translate)
        ]
        profile = translate.seccomp_profile(subject.runtime)
        parts = (subject.profile, subject.runtime, image, host, facts.gvisor_command, LIMITS, profile, ours)
        return sha256(repr(parts).encode()).hexdigest()

    def _remembered(self) -> dict[str, float]:
        """When each that passed in the last day did."""
        with suppress(FileNotFoundError, ValueError):
            at = json.loads(self._memory.read_text())
            return {key: when for key, when in at.items() if time.time() - when < _REMEMBERED_SECONDS}
        return {}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process looks; the others wait, and then remember."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o755)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
