"""Build a candidate's image so that nothing gets out and everything is bounded.

Theory of operation. The classic builder runs each step in a container. It takes no labels, no limit of processes
and no security options for them, so: the base images get a run's labels first, which every container and image
that comes of them inherits; the engine's events tell of each step, which then gets its limits; and all steps
share the loopback of a package mirror, a container of ours that has no other network. What a step prints is its
log and never decides anything: causes come from the engine's own error record, its events, and the mirror.
"""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import docker
from docker.errors import APIError, DockerException, NotFound
from requests import Response
from requests.exceptions import RequestException

from audition.adapters.docker.build_log import BuildLog, StepCount, plain
from audition.adapters.docker.build_watch import BuildWatch
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.image_config import read_config
from audition.adapters.docker.mirror import Mirror
from audition.adapters.docker.step_look import build_lines, look_at_a_step
from audition.adapters.docker.sweep import Sweeper
from audition.adapters.docker.translate import build_labels
from audition.domain.build import (
    BuildCause,
    BuildKind,
    BuildLimits,
    BuildResult,
    BuildSpec,
    base_argument,
)
from audition.domain.errors import UnavailableError

_TICK_SECONDS = 0.2
_LOOK_SECONDS = 1.0
_END_SECONDS = 30.0
_MAX_DETAIL = 400
_PROCESSOR_PERIOD = 100_000
_MAX_LAYERS = 100
_BAD_REQUEST, _SERVER_ERROR = 400, 500
#: How the engine's own troubles end; a candidate's words never stand at the end of these.
_OWN_TROUBLES = ("no space left on device", "of a non running container", "input/output error")
_RUNTIME = "OCI runtime create failed"
#: Programs that fetch from where no step can reach.
_FETCHING = re.compile(r"\b(?:apt|apt-get|apk|dnf|yum|curl|wget|git|conda|npm)\b")


class Builder:
    """Builds candidates' images for one instance on one engine."""

    def __init__(self, client: docker.APIClient, instance: str) -> None:
        """Nothing is started yet."""
        self._client = client
        self._instance = instance

    def build(
        self, spec: BuildSpec, context: BinaryIO, should_stop: Callable[[], bool] | None
    ) -> BuildResult:
        """See `ports.Sandbox.build`."""
        labels = build_labels(spec.ownership, self._instance)
        name = f"audition-candidate/{self._instance}-{spec.ownership.run_id}-{spec.ownership.fence}"
        bases = {base: f"{name}:base-{base}" for base in spec.bases}
        with engine_errors("building a candidate's image"), self._cleaned(spec, labels, bases):
            for base, reference in bases.items():
                self._label_base(spec.bases[base], reference, labels)
            walls = ""
            if spec.kind == BuildKind.FIRST:
                walls = str(look_at_a_step(self._client, next(iter(spec.bases.values()), spec.mirror)))
            with Mirror(self._client, spec, self._instance) as mirror:
                attempt = _Attempt(self._client, spec, labels, f"{name}:{spec.kind}", mirror)
                return replace(attempt.run(context, bases, should_stop), walls=walls)

    def _label_base(self, image: str, reference: str, labels: Mapping[str, str]) -> None:
        # By its id: the builder would ask a registry for a name that it does not know.
        known = str(self._client.inspect_image(image)["Id"])  # type: ignore[no-untyped-call]
        lines = [f"FROM {known}", *(f'LABEL "{key}"="{value}"' for key, value in labels.items())]
        for event in build_lines(self._client, lines, tag=reference):
            if "error" in event:
                msg = f"A base image of candidates, {image}, cannot be labelled: {event['error']}"
                raise UnavailableError(msg, code="image-missing", transient=False)

    @contextmanager
    def _cleaned(
        self, spec: BuildSpec, labels: Mapping[str, str], bases: Mapping[str, str]
    ) -> Iterator[None]:
        """Remove what is only of use during the build: containers, names of bases, images of earlier stages."""
        try:
            yield
        finally:
            sweeper = Sweeper(self._client, self._instance)
            with contextlib.suppress(
                APIError, RequestException
            ):  # The sweeper finds what is left by its labels.
                sweeper.remove_steps(labels)
            for reference in bases.values():
                with contextlib.suppress(APIError, RequestException):
                    self._client.remove_image(reference)
            with contextlib.suppress(APIError, RequestException):
                if not spec.keeps_steps:
                    sweeper.remove_dangling(labels)


class _Attempt:
    """One request to the builder, watched until it is over."""

    def __init__(
        self,
        client: docker.APIClient,
        spec: BuildSpec,
        labels: Mapping[str, str],
        reference: str,
        mirror: Mirror,
    ) -> None:
        self._client = client
        self._spec = spec
        self._labels = labels
        self._reference = reference
        self._mirror = mirror
        self._log = BuildLog(spec.limits.log_bytes)
        self._steps = StepCount()
        self._error: Mapping[str, Any] = {}
        self._bases: list[Mapping[str, Any]] = []
        self._written_before = 0
        self._is_cut = False

    def run(
        self, context: BinaryIO, bases: Mapping[str, str], should_stop: Callable[[], bool] | None
    ) -> BuildResult:
        self._bases = [self._inspect(base) for base in bases.values()]
        sizes = {facts["Id"]: int(facts["Size"]) for facts in self._bases}
        watch = BuildWatch(self._client, self._labels, self._spec.limits.pids)
        # What builds before this one wrote is there still.
        self._written_before = watch.written_bytes(sizes)
        began = time.monotonic()
        try:
            response = self._post(context, bases)
            reader = threading.Thread(target=self._read, args=(response,), daemon=True, name="build")
            reader.start()
            stopped = self._watch(reader, watch, sizes, should_stop)
            reader.join(_END_SECONDS)
            if reader.is_alive():
                msg = "The builder did not end after its last step was killed."
                raise UnavailableError(msg, code="engine-silent")
            cause, detail = stopped or self._cause(watch)
            seconds = time.monotonic() - began
            steps, step_seconds = watch.steps_run()
        finally:
            watch.close()
        return replace(self._result(cause, detail, seconds), run_steps=steps, run_seconds=step_seconds)

    def _post(self, context: BinaryIO, bases: Mapping[str, str]) -> Response:
        limits = self._spec.limits
        params: dict[str, str | int] = {
            "t": self._reference,
            "dockerfile": self._spec.file,
            "buildargs": json.dumps({base_argument(base): image for base, image in bases.items()}),
            "networkmode": f"container:{self._mirror.container}",
            "memory": limits.memory_bytes,
            "memswap": limits.memory_bytes,
            "cpuperiod": _PROCESSOR_PERIOD,
            "cpuquota": round(limits.cpus * _PROCESSOR_PERIOD),
            "ulimits": json.dumps(_ulimits(limits)),
            # What can be found there comes of this run's own bases, so of this candidate's earlier builds only.
            "nocache": int(self._spec.kind != BuildKind.TOUCHED),
            "rm": 1,
            "forcerm": 1,
        }
        # docker-py's own `build` has no words for processors and file sizes.
        return self._client.post(
            f"{self._client.base_url}/v{self._client.api_version}/build",
            params=params,
            data=context,
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=limits.time_seconds + 2 * _END_SECONDS,
        )

    def _read(self, response: Response) -> None:
        try:
            if response.status_code >= _BAD_REQUEST:
                code = response.status_code
                self._error = {"status": code, "message": str(response.json().get("message", ""))}
                return
            for line in response.iter_lines():
                event = json.loads(line) if line else {}
                text = str(event.get("stream", ""))
                self._steps.add(text)
                self._log.add(text)
                self._error = event.get("errorDetail") or self._error
        except (RequestException, DockerException, OSError, ValueError, AttributeError):
            self._is_cut = True
        finally:
            response.close()

    def _watch(
        self,
        reader: threading.Thread,
        watch: BuildWatch,
        sizes: Mapping[str, int],
        should_stop: Callable[[], bool] | None,
    ) -> tuple[BuildCause, str] | None:
        """Wait for the end; why it was ended when it did not end by itself."""
        began = looked = time.monotonic()
        stopped: tuple[BuildCause, str] | None = None
        while reader.is_alive():
            reader.join(_TICK_SECONDS)
            now = time.monotonic()
            if stopped is None and now - looked > _LOOK_SECONDS:
                looked = now
                written = watch.written_bytes(sizes) - self._written_before
                stopped = self._trouble(now - began, written, should_stop)
            if stopped is not None:
                watch.kill()
                if now - looked > _END_SECONDS:
                    break
        return stopped

    def _trouble(
        self, seconds: float, written: int, should_stop: Callable[[], bool] | None
    ) -> tuple[BuildCause, str] | None:
        limits = self._spec.limits
        if seconds > limits.time_seconds:
            return BuildCause.TIME_LIMIT, f"The build took more than {limits.time_seconds:.0f} s."
        if written > limits.written_bytes:
            return BuildCause.TOO_LARGE, f"Its steps wrote more than {limits.written_bytes >> 20} MiB."
        if self._log.total > limits.flood_bytes:
            return BuildCause.TOO_LARGE, f"Its steps printed more than {limits.flood_bytes >> 20} MiB."
        if should_stop is not None and should_stop():
            return BuildCause.STOPPED, "It was asked to stop."
        return None

    def _cause(self, watch: BuildWatch) -> tuple[BuildCause, str]:
        """What the engine's records say about a build that ended by itself."""
        message = str(self._error.get("message", ""))
        # A program that is not in the image is the Dockerfile's mistake; any other refusal of the runtime is not.
        is_own = message.rstrip().endswith(_OWN_TROUBLES) or (_RUNTIME in message and "exec: " not in message)
        is_own = is_own and "code" not in self._error
        if self._is_cut or is_own or int(self._error.get("status", 0)) >= _SERVER_ERROR:
            msg = f"The builder failed: {plain(message) or 'its answer broke off'}"
            raise UnavailableError(msg, code="engine-failed")
        if not self._error:
            return BuildCause.OK, ""
        detail = plain(" ".join(message.split()))[:_MAX_DETAIL]
        if "code" in self._error and watch.ran_out_of_memory():
            return BuildCause.MEMORY_LIMIT, detail
        if "code" in self._error and (self._mirror.unmet() or _FETCHING.search(message)):
            return BuildCause.NETWORK, detail
        return BuildCause.STEP_FAILED, detail

    def _result(self, cause: BuildCause, detail: str, seconds: float) -> BuildResult:
        facts: Mapping[str, Any] = {}
        if cause == BuildCause.OK:
            # Builders have been seen to end without a word and without an image.
            facts = self._inspect(self._reference)
            cause, detail = self._judge_image(facts)
        if cause != BuildCause.OK or self._spec.kind == BuildKind.TOUCHED:
            facts = {}
            with contextlib.suppress(NotFound):
                self._client.remove_image(self._reference, force=True)
        return BuildResult(
            cause=cause,
            detail=detail,
            reference=self._reference if facts else "",
            image_id=str(facts.get("Id", "")),
            size_bytes=int(facts.get("Size", 0)),
            layers=len(facts["RootFS"]["Layers"]) if facts else 0,
            seconds=seconds,
            log=self._log.text(),
            is_log_truncated=self._log.is_truncated,
            refused_packages=() if cause == BuildCause.OK else self._mirror.unmet(),
            base_layers=self._base_layers(facts["RootFS"]["Layers"]) if facts else 0,
            failed_step=0 if cause == BuildCause.OK else self._steps.number,
            config=read_config(facts["Config"]) if facts else None,
        )

    def _base_layers(self, layers: Sequence[str]) -> int:
        """How many of an image's layers are those of the base that it ends on."""
        roots = [list(facts["RootFS"]["Layers"]) for facts in self._bases]
        return max((len(root) for root in roots if layers[: len(root)] == root), default=0)

    def _judge_image(self, facts: Mapping[str, Any]) -> tuple[BuildCause, str]:
        limits, labels = self._spec.limits, facts["Config"].get("Labels") or {}
        if any(labels.get(key) != value for key, value in self._labels.items()):
            return BuildCause.POLICY, "The image has changed labels that are reserved."
        if int(facts["Size"]) > limits.image_bytes:
            size = int(facts["Size"]) >> 20
            return BuildCause.TOO_LARGE, f"The image has {size} MiB; {limits.image_bytes >> 20} are allowed."
        if len(facts["RootFS"]["Layers"]) > _MAX_LAYERS:
            return BuildCause.TOO_LARGE, f"The image has more than {_MAX_LAYERS} layers."
        return BuildCause.OK, ""

    def _inspect(self, reference: str) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = self._client.inspect_image(reference)  # type: ignore[no-untyped-call]
        return facts


def _ulimits(limits: BuildLimits) -> list[dict[str, str | int]]:
    return [
        {"Name": "core", "Soft": 0, "Hard": 0},
        {"Name": "nofile", "Soft": 4096, "Hard": 4096},
        {"Name": "fsize", "Soft": limits.image_bytes, "Hard": limits.image_bytes},
    ]
