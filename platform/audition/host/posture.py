"""Whether this host keeps candidates in: look from inside real containers, and choose the runtimes by the result.

Theory of operation. Before a worker takes its first job, a probe runs in containers of the images, users, limits and
runtimes that jobs will have (`adapters/docker/examine.py`). Trusted containers run under runc; code of candidates
and authors runs under gVisor where that is registered and passes, else under runc. A host whose containers are not
as they must be takes no jobs and says why. What passed is remembered for a day, by everything that it depends on;
what failed is looked at again each time.
"""

import fcntl
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import docker

from audition.adapters.docker import posture, probe, translate
from audition.adapters.docker.engine_client import EngineFacts, connect, engine_facts, usual_addresses
from audition.adapters.docker.examine import LIMITS, Subject, examine
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.translate import GVISOR, RUNC
from audition.domain.errors import UnavailableError
from audition.domain.execution import Profile
from audition.host.recipes import read_recipes
from audition.settings import Settings

#: Code of strangers, which gVisor is for.
UNTRUSTED = (Profile.CANDIDATE, Profile.AUTHOR)
UNFIT = "unfit-host"
"""Code of the error that a host raises on which nothing may run."""
#: A runtime that has not started a container in this time hangs.
ENGINE_SECONDS = 30
_REMEMBERED_SECONDS = 86_400.0
_AT_ONCE = 3
_GRADER_IMAGE = "grader"
_NOT_FOR_STRANGERS = frozenset({"base", _GRADER_IMAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one kind of container was found."""

    subject: Subject
    troubles: tuple[str, ...]
    """Empty when everything is as it must be."""
    is_remembered: bool = False


def subjects(registered: Sequence[str], images: Mapping[str, str], wanted: str) -> tuple[Subject, ...]:
    """Which kinds of container to look at.

    Args:
        registered: Runtimes of the engine.
        images: Name to reference, of the images that runs use.
        wanted: AUDITION_RUNTIME.
    """
    strangers = [] if wanted == GVISOR else [RUNC]
    if wanted != RUNC and GVISOR in registered:
        strangers.append(GVISOR)
    found = [
        Subject(profile=Profile.CANDIDATE, image=image, runtime=runtime)
        for runtime in strangers
        for name, image in images.items()
        if name not in _NOT_FOR_STRANGERS
    ]
    return (Subject(profile=Profile.GRADER, image=images[_GRADER_IMAGE], runtime=RUNC), *found)


def choose(wanted: str, registered: Sequence[str], results: Sequence[Result]) -> dict[Profile, str]:
    """Which profile runs under which runtime.

    Args:
        wanted: AUDITION_RUNTIME.
        registered: Runtimes of the engine.
        results: Of what `subjects` asked for.

    Raises:
        UnavailableError: Nothing may run here; `code` is UNFIT.
    """
    failed = {result.subject.runtime for result in results if result.troubles}
    is_trusted_well = not any(r.troubles for r in results if r.subject.profile == Profile.GRADER)
    problems = [f"{r.subject}: {trouble}" for r in results for trouble in r.troubles]
    if wanted == GVISOR and GVISOR not in registered:
        problems.append(f"AUDITION_RUNTIME asks for {GVISOR}, which the engine does not have")
    candidates = {GVISOR: [GVISOR], RUNC: [RUNC]}.get(wanted, [GVISOR, RUNC])
    untrusted = next((r for r in candidates if r not in failed and (r == RUNC or r in registered)), None)
    if untrusted is None or not is_trusted_well:
        msg = "This host does not keep candidates in, so it takes no jobs:\n  " + "\n  ".join(problems)
        fix = "`audition doctor` shows the same list and how to mend each; then start the worker again."
        raise UnavailableError(msg, transient=False, code=UNFIT, next_step=fix)
    return {**dict.fromkeys(Profile, RUNC), **dict.fromkeys(UNTRUSTED, untrusted)}


def runtimes(
    settings: Settings, images: Mapping[str, str], note: Callable[[str], None] = lambda _: None
) -> dict[Profile, str]:
    """Look at this host, or remember having done so, and choose.

    Args:
        settings: The operator's choices.
        images: Name to reference, of all images that runs use.
        note: Told about what fails without making the host unfit.

    Raises:
        UnavailableError: The engine does not answer, or the host is unfit (`code` is UNFIT).
    """
    results, registered = look(settings, images)
    chosen = choose(settings.runtime, registered, results)
    for result in results:
        for trouble in result.troubles:
            note(f"not used: {result.subject}: {trouble}")
    return chosen


def look(
    settings: Settings, images: Mapping[str, str], *, is_fresh: bool = False
) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """What was found, and the engine's runtimes.

    Args:
        settings: The operator's choices.
        images: Name to reference, of all images that runs use.
        is_fresh: Whether to look even at what is remembered.

    Raises:
        UnavailableError: The engine does not answer, or an image is missing.
    """
    address = settings.docker_host or usual_addresses()[0]
    client = connect(address, timeout_seconds=ENGINE_SECONDS)
    try:
        facts = engine_facts(client)
        looker = _Looker(client, facts, settings.instance, settings.data_dir / "posture")
        recipes = read_recipes(settings.images_dir)
        used = {name: image for name, image in images.items() if "runs" in recipes[name].used_by}
        wanted = subjects(facts.runtimes, used, settings.runtime)
        return looker.look(wanted, is_fresh=is_fresh), facts.runtimes
    finally:
        client.close()


class _Looker:
    """Looks at several kinds of container at once, and remembers what passed."""

    def __init__(self, client: docker.APIClient, facts: EngineFacts, instance: str, folder: Path) -> None:
        self._client = client
        self._facts = facts
        self._instance = instance
        self._folder = folder
        self._memory = folder / "passed.json"

    def look(self, wanted: Sequence[Subject], *, is_fresh: bool) -> tuple[Result, ...]:
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
                host_kernel=self._facts.kernel,
            )
        except UnavailableError as error:
            return (f"start: {error.detail}",)

    def _key(self, subject: Subject) -> str:
        """Everything that the result depends on."""
        with engine_errors("looking up the images"):
            image = self._client.inspect_image(subject.image)["Id"]  # type: ignore[no-untyped-call]
        facts = self._facts
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
