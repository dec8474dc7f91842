"""The package mirror beside a build: a container of ours whose loopback the build's steps share."""

import contextlib
import json
from types import TracebackType
from typing import Self

import docker
from docker.errors import APIError
from requests.exceptions import RequestException

from audition.adapters.docker.attach import attach
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.streams import Conversation
from audition.adapters.docker.translate import mirror_request, seccomp_profile
from audition.domain.build import BuildSpec
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, Limits, Profile

_STAGE = "mirror"
_START_SECONDS = 30.0
_MAX_LINE = 200
_MAX_NAMES = 20
_LIMITS = Limits(memory_bytes=256 << 20, cpus=1.0, pids=64, scratch_bytes=1 << 20)


class Mirror:
    """Serves wheels as long as its context lasts."""

    def __init__(self, client: docker.APIClient, spec: BuildSpec, instance: str) -> None:
        """Nothing is started yet."""
        self._client = client
        self._request = mirror_request(
            ContainerSpec(
                stage=_STAGE,
                image=spec.mirror,
                argv=("python3", "-I", "/srv/serve.py"),
                profile=Profile.GRADER,
                ownership=spec.ownership,
                limits=_LIMITS,
                slot=spec.slot,
            ),
            instance=instance,
            seccomp=seccomp_profile(),
        )
        self._told: dict[str, list[str]] = {"asked": [], "fetched": [], "missing": []}
        self.container = ""

    def __enter__(self) -> Self:
        """Start it and wait until it listens."""
        with engine_errors("starting the package mirror"):
            self.container = self._client.create_container_from_config(self._request)["Id"]  # type: ignore[no-untyped-call]
            reader, _ = attach(self._client, self.container, stdin=False)
            self._talk = Conversation(reader, what=_STAGE, stderr_cap=4096)
            self._client.start(self.container)
        try:
            self._talk.read_line(_MAX_LINE, _START_SECONDS)
        except UnavailableError:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._end()

    def _end(self) -> None:
        self._talk.close()
        with contextlib.suppress(APIError, RequestException):  # The sweeper finds it by its labels.
            self._client.remove_container(self.container, v=True, force=True)

    def unmet(self) -> tuple[str, ...]:
        """Projects that a step asked for and did not get: not on the mirror, or not in the wanted version."""
        self._hear()
        asked, fetched = self._told["asked"], self._told["fetched"]
        unmet = [*self._told["missing"], *(name for name in asked if name not in fetched)]
        return tuple(dict.fromkeys(unmet))[:_MAX_NAMES]

    def _hear(self) -> None:
        """Read what it has printed so far."""
        with contextlib.suppress(UnavailableError):  # Nothing more to hear.
            while True:
                for what, name in json.loads(self._talk.read_line(_MAX_LINE, 0.2)).items():
                    self._told[what].append(str(name))
