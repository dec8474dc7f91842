"""Probe a candidate's service: start it as often as the prober asks, and answer what only a runner can know.

Theory of operation. A prober (a trusted container) leads; the worker does as it is asked and has no opinion. Each
line of the prober is a question, answered from the engine's records, or the evidence, which is the last. Nothing
that a service says is looked at here: its output goes to the prober as text, its state is the engine's record.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from audition import codec
from audition.domain.contract import Contract
from audition.domain.errors import UnavailableError
from audition.domain.execution import FileMount, Limits, Ownership
from audition.domain.exercise import OtherModel
from audition.domain.probe_plan import Answer, Ask, AskVerb, Line, ProbeTask, Start
from audition.domain.run import Stage
from audition.domain.service import MAX_PLACES, ServiceSpec
from audition.ports import Prober, Service
from audition.services.build_image import Built
from audition.services.claim import Claimed
from audition.services.lease import Lease
from audition.services.runner import Runner

#: Of a question; and of the evidence, which the prober keeps far smaller.
MAX_LINE = 8 << 20
_MAX_LOGS = 256 << 10
_MAX_PROGRESS = 200
_MAX_TROUBLE = 300
_TICK_SECONDS = 0.5
_POLL_SECONDS = 0.05
#: The least that an engine takes. Source: docker run, --cpus.
_LEAST_CPUS = 0.01
#: Beyond a service's own grace, before EXIT is answered with "it did not".
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a prober's services are started from."""

    spec: ServiceSpec
    """Everything but the restriction and what is hidden."""
    models: tuple[str, ...]
    """Where the image may have its model."""
    grace_seconds: float
    """How long the service may take to end after SIGTERM."""
    others: Mapping[OtherModel, tuple[FileMount, ...]] = field(default_factory=dict)
    """Other models, each at every place where the image has its own."""
    pod: ServiceSpec | None = None
    """How the submission's manifests would start it; None when they do not say."""


def wanted_service(runner: Runner, claimed: Claimed, contract: Contract, built: Built) -> Wanted:
    """What the services of a run are started from, in every stage that starts them."""
    limits = claimed.version.manifest.limits_of(Stage.SERVE)
    spec = service_spec(runner, claimed.owner, contract, limits, built.stage.image_id)
    grace_seconds = contract.serving.grace_seconds
    return Wanted(spec=spec, models=_models(contract, built), grace_seconds=grace_seconds)


def service_spec(
    runner: Runner, owner: Ownership, contract: Contract, limits: Limits, image: str
) -> ServiceSpec:
    """A service as its contract wants it, from an image."""
    serving = contract.serving
    return ServiceSpec(
        image=image,
        ownership=owner,
        arguments=serving.arguments or None,
        environment=serving.environment,
        limits=limits,
        writable=serving.writable,
        slot=runner.slot,
    )


def _models(contract: Contract, built: Built) -> tuple[str, ...]:
    """Where the model was seen in the image's layers, then where it may be."""
    image, config = built.evidence.image, built.evidence.config
    seen = [model.path for model in image.models] if image else []
    places = model_places(contract, config.working_dir if config else "")
    return tuple(dict.fromkeys([*seen, *places]))[:MAX_PLACES]


def traffic_seed(claimed: Claimed) -> int:
    """The same for the same bytes, so that a service meets the same traffic when it is looked at again."""
    return int(claimed.submission.archive_digest[:8], 16)


def model_places(contract: Contract, working_dir: str) -> tuple[str, ...]:
    """Where an image may have the model that its contract names, most likely first; absolute paths.

    Args:
        contract: Of the submission; names a path in the submission.
        working_dir: Of the image, empty for the root.
    """
    if not contract.model.path:
        return ()
    path = PurePosixPath(contract.model.path)
    roots = (PurePosixPath(working_dir or "/"), PurePosixPath("/app"), PurePosixPath("/opt/ml"))
    places = [str(root / part) for root in roots for part in (path, PurePosixPath(path.name))]
    return tuple(dict.fromkeys(places))[:MAX_PLACES]


def converse(  # noqa: PLR0913  a conversation and all that it is about
    prober: Prober,
    task: ProbeTask,
    wanted: Wanted,
    lease: Lease | None,
    seconds: float,
    on_progress: Callable[[str], None] = lambda _: None,
    on_printed: Callable[[str], None] = lambda _: None,
) -> Line:
    """Do as the prober asks until it gives its evidence.

    Args:
        prober: A started prober.
        task: What it is told first.
        wanted: What services are started from.
        lease: When it is lost the prober is ended; None where nobody else could take the work.
        seconds: How long all of it may take.
        on_progress: Told what the prober says of how far it is.
        on_printed: Told at the end what the service has printed since its last start.

    Returns:
        The last line, with the evidence.

    Raises:
        UnavailableError: The prober failed, or took too long; that is our fault.
    """
    runner = _Errands(prober, wanted)
    until = time.monotonic() + seconds
    with _ended_with(lease, prober) if lease is not None else nullcontext():
        prober.write_line(codec.to_json(task))
        while True:
            data = prober.read_line(MAX_LINE, max(0.1, until - time.monotonic()))
            line = codec.from_json(Line, data, what="what a prober said", max_bytes=MAX_LINE)
            if line.evidence is not None or line.drift is not None:
                on_printed(runner.printed())
                return line
            if line.progress:
                on_progress(line.progress[:_MAX_PROGRESS])
            if line.ask is not None:
                prober.write_line(codec.to_json(runner.answer(line.ask)))


@contextmanager
def _ended_with(lease: Lease, prober: Prober) -> Iterator[None]:
    """End the prober, and so every wait for its word, when the work must not go on."""
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(_TICK_SECONDS):
            if lease.should_stop():
                prober.stop()
                return

    watcher = threading.Thread(target=watch, daemon=True, name="probe-watch")
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


class _Errands:
    """Runs a prober's errands."""

    def __init__(self, prober: Prober, wanted: Wanted) -> None:
        self._prober = prober
        self._wanted = wanted
        self._service: Service | None = None
        self._asked_to_stop_at: float | None = None

    def answer(self, ask: Ask) -> Answer:
        """Do what is asked; what cannot be done is said in the answer, for the prober to note."""
        if ask.verb == AskVerb.START and (trouble := self._start(ask.start or Start())):
            return Answer(number=ask.number, trouble=trouble)
        if self._service is None:
            return Answer(number=ask.number, trouble="No service was started.")
        if ask.verb == AskVerb.LOGS:
            return replace(self._state(ask.number, self._service), logs=self._logs(self._service))
        if ask.verb in {AskVerb.SLOW, AskVerb.FAST}:
            return self._throttled(ask, self._service)
        if ask.verb == AskVerb.TERMINATE:
            self._asked_to_stop_at = time.monotonic()
            self._service.signal("SIGTERM")
        if ask.verb == AskVerb.KILL:
            self._service.end()
        if ask.verb == AskVerb.EXIT:
            return self._await_exit(ask.number, self._service)
        return self._state(ask.number, self._service)

    def printed(self) -> str:
        """What the service has printed since its last start."""
        return self._logs(self._service) if self._service is not None else ""

    def _throttled(self, ask: Ask, service: Service) -> Answer:
        """Of an engine that cannot, the prober is told; it ends nothing."""
        cpus = _LEAST_CPUS if ask.verb == AskVerb.SLOW else self._wanted.spec.limits.cpus
        try:
            service.throttle(cpus)
        except UnavailableError as error:
            return Answer(number=ask.number, trouble=error.detail)
        return self._state(ask.number, service)

    def _start(self, start: Start) -> str:
        """Start a service, ending the one before; why it could not be, or nothing."""
        if self._service is not None:
            self._service.end()
        self._service, self._asked_to_stop_at = None, None
        if start.is_as_manifest:
            return self._start_pod()
        hidden = self._wanted.models if start.is_without_model else ()
        files = self._wanted.others.get(start.model, ()) if start.model else ()
        self._service = self._prober.start(
            replace(self._wanted.spec, restriction=start.restriction, hidden=hidden, files=files)
        )
        return ""

    def _start_pod(self) -> str:
        if self._wanted.pod is None:
            return "No manifest describes the service."
        try:
            self._service = self._prober.start(self._wanted.pod)
        except UnavailableError as error:
            # The engine may refuse what a manifest says (a folder over a file): no reason to lose all that was seen.
            return f"The engine did not start it. {error.detail}"[:_MAX_TROUBLE]
        return ""

    def _await_exit(self, number: int, service: Service) -> Answer:
        """The state at the end, or when it has not come in time."""
        began = self._asked_to_stop_at or time.monotonic()
        until = began + self._wanted.grace_seconds + _PATIENCE_SECONDS
        while service.state().is_running and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
        answer = self._state(number, service)
        if answer.is_running:
            return answer
        return replace(answer, exit_seconds=time.monotonic() - began)

    @staticmethod
    def _state(number: int, service: Service) -> Answer:
        state = service.state()
        try:
            usage = service.usage() if state.is_running else None
        except UnavailableError:
            usage = None  # It ended between the two questions.
        return Answer(
            number=number,
            is_running=state.is_running,
            exit_code=state.exit_code,
            cpu_seconds=usage.cpu_seconds if usage else None,
            memory_bytes=usage.memory_bytes if usage else None,
            peak_memory_bytes=usage.peak_memory_bytes if usage else None,
            is_out_of_memory=state.is_out_of_memory,
            is_flooding=state.is_flooding,
            is_over_disk=state.is_over_disk,
            user=state.user,
        )

    @staticmethod
    def _logs(service: Service) -> str:
        output = service.output()
        text = (output.stdout + b"\n" + output.stderr).decode("utf-8", "replace")
        return text[:_MAX_LOGS]
