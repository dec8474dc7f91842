"""Bays: the containers of one run, started ahead, waiting for what they will work on.

Theory of operation. Starting a container costs a hundred milliseconds and more, importing a scientific stack up to
seconds; neither depends on the submission. So a *bay* holds one container for each stage of a challenge's runs,
hardened like any other, with its volumes, its user id and its limits, but with empty folders where files will be
and the boot of `boot.py` for a command. When a run asks for a container of the same shape, its files are linked
into the folders, one line on stdin says what to run, and the run has its container in a millisecond. Every
container is used once and never again.

A bay is a folder: `free/<key>-<bay>` while it waits, `held/<run>.<fence>.<bay>` from the moment a run took it, and
`done/…` when the run needs it no more and somebody else is to take it away. Each step is one rename, so exactly one
process wins, and anybody who finds the folder knows whose it is. The answers of
a challenge are linked into the score container's folder when that container is asked for, which is after the
candidate's has ended; until then they are nowhere in a bay. A bay that nobody wants any more ends by itself and is
removed by any worker of the same data folder; `bay_lease.py` says how that is known.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from uuid import uuid4

import docker

from audition.adapters.docker import bay_lease
from audition.adapters.docker.boot import boot_command
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.sweep import GRACE_SECONDS, Sweeper
from audition.adapters.docker.translate import Translator
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, FileMount, Ownership, Profile, VolumeMount

#: A bay that nobody took in this time is replaced: whatever changed on the host meanwhile, it has not seen.
FREE_SECONDS = 1800.0
#: No fewer than this between a take and the next refill, so that making a bay does not slow the run it is for.
REFILL_PAUSE_SECONDS = 0.4
#: So many used bays may wait to be taken away; beyond that, who is done with one removes it.
MOST_RETIRED = 4
_RECORD = "bay.json"
_PREFIX = "bay_"


def folders_of(spec: ContainerSpec) -> tuple[str, ...]:
    """The top-level folders into which a container gets files."""
    targets = {PurePosixPath(m.target).parts[1] for m in spec.mounts if isinstance(m, FileMount)}
    return tuple(sorted(targets))


def shape_of(spec: ContainerSpec) -> str:
    """What two containers must have in common for one to stand in for the other, as a short digest.

    Everything but the command, the files, the owner, and what it imports while it waits.
    """
    volumes = [m for m in spec.mounts if isinstance(m, VolumeMount)]
    parts = (
        spec.stage,
        spec.image,
        spec.profile,
        spec.limits,
        sorted(spec.environment.items()),
        spec.slot,
        spec.working_dir,
        folders_of(spec),
        volumes,
    )
    return sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass
class Bay:
    """One bay that a run holds."""

    folder: Path
    owner: Ownership
    """Under which its containers and volumes are labelled and named."""
    shapes: dict[str, str]
    containers: dict[str, Future[str]] = field(default_factory=dict)

    def take(self, spec: ContainerSpec) -> str | None:
        """The container for a spec, filled with its files; None when there is none of its shape.

        Raises:
            UnavailableError: It was being made and could not be.
        """
        if self.shapes.get(spec.stage) != shape_of(spec) or spec.stage not in self.containers:
            return None
        container = self.containers.pop(spec.stage).result()
        for mount in spec.mounts:
            if isinstance(mount, FileMount):
                _link(Path(mount.source), self.folder / spec.stage / mount.target.lstrip("/"))
        return container


class Bays:
    """Makes bays, hands them out, and takes them away. One for each worker process."""

    def __init__(
        self,
        client: docker.APIClient,
        *,
        folder: Path,
        translator: Translator,
    ) -> None:
        """`folder` must have the same path on the engine's host, on the blobs' file system."""
        self._client = client
        self._free = folder / "free"
        self._held = folder / "held"
        self._done = folder / "done"
        self._translator = translator
        self._sweeper = Sweeper(client, translator.instance)
        self._mine: dict[tuple[str, int], Bay] = {}
        self._makers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="bay")

    def expect(self, specs: Sequence[ContainerSpec]) -> None:
        """Get a bay for the run that owns these specs: one that waits, or one that is made while it starts."""
        owner = specs[0].ownership
        bay = self._take_free(self._key(specs), owner) or self._make(self._held, specs, owner)
        self._mine[owner.run_id, owner.fence] = bay

    def of(self, owner: Ownership) -> Bay | None:
        """The bay a run holds."""
        return self._mine.get((owner.run_id, owner.fence))

    def stock(self, specs: Sequence[ContainerSpec], count: int) -> bool:
        """Make one bay if fewer than `count` of this kind wait; true when one was made.

        Raises:
            UnavailableError: The engine failed.
        """
        key = self._key(specs)
        waiting = [path for path in _folders(self._free) if path.name.startswith(f"{key}-")]
        if len(waiting) >= count or self._was_taken_just_now():
            return False
        deadline = int(time.time() + 2 * FREE_SECONDS)
        owner = Ownership(run_id=_new_id(), fence=0, deadline_epoch=deadline)
        made = [replace(spec, ownership=owner) for spec in specs]
        bay = self._make(self._free.parent / "making", made, owner)
        try:
            ids = {stage: future.result() for stage, future in bay.containers.items()}
        except UnavailableError:
            self._remove(owner.run_id, 0, bay.folder)
            raise
        record = {"owner": owner.run_id, "deadline": owner.deadline_epoch, "shapes": bay.shapes, "ids": ids}
        (bay.folder / _RECORD).write_text(json.dumps(record))
        bay_lease.sign(bay.folder)
        self._free.mkdir(parents=True, exist_ok=True)
        bay.folder.rename(self._free / f"{key}-{owner.run_id}")
        return True

    def discard(self, run_id: str, fence: int) -> None:
        """Remove the bay of a run, if it had one."""
        self._mine.pop((run_id, fence), None)
        for folder in _folders(self._held):
            if folder.name.startswith(f"{run_id}.{fence}."):
                self._remove(folder.name.split(".")[2], 0, folder)

    def retire(self, run_id: str, fence: int) -> bool:
        """Leave the bay of a run to `tidy`, which another process calls.

        Returns:
            False when it had none, or when so many are left already that nobody seems to come for them.
        """
        if len(list(_folders(self._done))) >= MOST_RETIRED:
            return False
        self._mine.pop((run_id, fence), None)
        mine = [folder for folder in _folders(self._held) if folder.name.startswith(f"{run_id}.{fence}.")]
        self._done.mkdir(parents=True, exist_ok=True)
        for folder in mine:
            folder.rename(self._done / folder.name)
        return bool(mine)

    def tidy(self) -> int:
        """Remove the bays that were retired; return how many."""
        return self._tidy_slot(self._done.parent)

    def _tidy_slot(self, slot: Path) -> int:
        retired = list(_folders(slot / "done"))
        for folder in retired:
            run_id, fence, bay_id = folder.name.split(".")
            # One that was made for its run has the run's own name and fence.
            self._remove(bay_id, int(fence) if bay_id == run_id else 0, folder)
        return len(retired)

    def sweep(self, is_over: Callable[[str, int], bool], now: float) -> int:
        """Renew what waits here; remove, of every slot, what is over, too old or wanted by nobody; return how many."""
        for folder in _folders(self._free):
            with suppress(FileNotFoundError):
                bay_lease.sign(folder)
        return sum(self._sweep_slot(slot, is_over, now) for slot in bay_lease.slots(self._free.parent))

    def is_lost(self, run_id: str) -> bool:
        """Whether an owner is a bay without a folder in any slot: nobody can ever take it."""
        slots = bay_lease.slots(self._free.parent)
        return run_id.startswith(_PREFIX) and not any(run_id in bay_lease.bays_in(slot) for slot in slots)

    def _sweep_slot(self, slot: Path, is_over: Callable[[str, int], bool], now: float) -> int:
        removed = self._tidy_slot(slot)
        for folder in _folders(slot / "held"):
            run_id, fence, bay_id = folder.name.split(".")
            if is_over(run_id, int(fence)):
                self._remove(bay_id, 0, folder)
                removed += 1
        for folder in (*_folders(slot / "making"), *_folders(slot / "free")):
            with suppress(FileNotFoundError):
                is_old = now - folder.stat().st_mtime > FREE_SECONDS + GRACE_SECONDS
                if is_old or bay_lease.age(folder, now) > bay_lease.LEASE_SECONDS + GRACE_SECONDS:
                    removed += self._withdraw(folder)
        return removed

    def clear(self) -> None:
        """Remove every bay that waits: the worker ends."""
        self.tidy()
        for folder in (*_folders(self._free), *_folders(self._free.parent / "making")):
            self._withdraw(folder)

    def _withdraw(self, folder: Path) -> int:
        """Remove a free bay, unless a run takes it first."""
        gone = folder.with_name(f"{folder.name}.gone")
        with suppress(FileNotFoundError):
            folder.rename(gone)
            self._remove(bay_lease.bay_id(folder), 0, gone)
            return 1
        return 0

    def _was_taken_just_now(self) -> bool:
        """Whether a run has taken a bay so recently that making the next would slow it."""
        with suppress(FileNotFoundError):
            return time.time() - self._held.stat().st_mtime < REFILL_PAUSE_SECONDS
        return False

    def _take_free(self, key: str, owner: Ownership) -> Bay | None:
        self._held.mkdir(parents=True, exist_ok=True)
        for folder in _folders(self._free):
            if not folder.name.startswith(f"{key}-") or folder.name.endswith(".gone"):
                continue
            target = self._held / f"{owner.run_id}.{owner.fence}.{bay_lease.bay_id(folder)}"
            with suppress(FileNotFoundError):
                if bay_lease.age(folder, time.time()) > bay_lease.FRESH_SECONDS:
                    continue
                folder.rename(target)
                bay_lease.sign(target, owner.deadline_epoch)
                return _opened(target)
        return None

    def _make(self, place: Path, specs: Sequence[ContainerSpec], owner: Ownership) -> Bay:
        """Begin to make a bay in a folder of `place`; its containers come as futures."""
        is_held = place == self._held
        name = f"{owner.run_id}.{owner.fence}.{owner.run_id}" if is_held else owner.run_id
        folder = place / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        bay = Bay(folder=folder, owner=owner, shapes={s.stage: shape_of(s) for s in specs})
        for spec in specs:
            for inside in folders_of(spec):
                (folder / spec.stage / inside).mkdir(parents=True, exist_ok=True)
        bay_lease.sign(folder, owner.deadline_epoch if is_held else None)
        for spec in specs:
            bay.containers[spec.stage] = self._makers.submit(self._start, spec, folder)
        return bay

    def _start(self, spec: ContainerSpec, folder: Path) -> str:
        """Create and start one waiting container.

        Raises:
            UnavailableError: The engine failed.
        """
        mounts = [m for m in spec.mounts if isinstance(m, VolumeMount)]
        empty = [
            FileMount(source=str(folder / spec.stage / name), target=f"/{name}") for name in folders_of(spec)
        ]
        is_ahead = folder.parent != self._held
        # Made for a run that is under way, a candidate's container has no time to import what may not be needed.
        imports = (spec.warm_imports or ()) if is_ahead or spec.profile != Profile.CANDIDATE else ()
        sign = empty[0].target if empty else ""
        waiting = replace(spec, argv=boot_command(imports, sign), mounts=(*empty, *mounts))
        request = self._translator.request(waiting, reads_stdin=True)
        with engine_errors(f"starting a waiting {spec.stage} container"):
            container = str(self._client.create_container_from_config(request)["Id"])  # type: ignore[no-untyped-call]
            self._client.start(container)
        if is_ahead:
            bay_lease.sign(folder)
        return container

    def _key(self, specs: Sequence[ContainerSpec]) -> str:
        """What bays have in common that can stand in for each other."""
        # With the runtimes, so that a bay is not found by a worker that has been told of others.
        parts = [(shape_of(spec), self._translator.runtimes.get(spec.profile)) for spec in specs]
        return sha256(repr(parts).encode()).hexdigest()[:16]

    def _remove(self, owner: str, fence: int, folder: Path) -> None:
        with engine_errors("removing a bay"):
            self._sweeper.remove_running(owner, fence)
        shutil.rmtree(folder, ignore_errors=True)


def _new_id() -> str:
    return f"{_PREFIX}{uuid4().hex[:20]}"


def _folders(place: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from sorted(place.iterdir())


def _opened(folder: Path) -> Bay:
    """A bay that was free, as its record describes it."""
    record = json.loads((folder / _RECORD).read_text())
    owner = Ownership(run_id=record["owner"], fence=0, deadline_epoch=record["deadline"])
    bay = Bay(folder=folder, owner=owner, shapes=record["shapes"])
    for stage, container in record["ids"].items():
        ready: Future[str] = Future()
        ready.set_result(container)
        bay.containers[stage] = ready
    return bay


def _link(source: Path, target: Path) -> None:
    """Put a file where a waiting container sees it: a link where that is possible, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o444)
